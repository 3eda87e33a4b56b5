"""Let in what the carrier signed: 415 for anything but a form, 403 for anything unsigned."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request, Response
from starlette.datastructures import FormData

from service.sms.signature import HEADER
from service.web.session import Parts

FORM = "application/x-www-form-urlencoded"
EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def signed_form(request: Request, wiring: Parts) -> FormData:
    """Return the form of a request that the carrier signed for exactly this address."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != FORM:
        raise HTTPException(415, "the carrier sends forms")
    form = await request.form()
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if not wiring.signatures.is_valid(path, form, request.headers.get(HEADER)):
        raise HTTPException(403, "not signed by the carrier")
    return form


SignedForm = Annotated[FormData, Depends(signed_form)]


def nothing_to_say() -> Response:
    """Return the answer that makes the carrier send nothing: our own answers leave by the outbox."""
    return Response(EMPTY, media_type="text/xml")


def answer_error(_request: Request, status: int, _error: Exception) -> Response:
    """Tell the carrier no, in one word; it reads only the status."""
    return Response("no", status_code=status, media_type="text/plain")
