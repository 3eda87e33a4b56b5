"""Take a chapter's volunteers out: encrypted to a key or with a passphrase, or, said plainly, plain."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anyio.to_thread
from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.errors import InvalidValue
from service.people.export import volunteers_as_csv
from service.privacy import audit
from service.privacy.age import SHORTEST_PASSPHRASE, encrypt_to, encrypt_with
from service.web.console.desk import AtDesk, Desk
from service.web.console.who import Confirmed
from service.web.forms import Form, Sent
from service.web.pages import form_again
from service.web.session import read_apart, write_in_turn

router = APIRouter()

WAYS = ("key", "passphrase", "plain")


@router.get("/people/export")
def choose(desk: AtDesk, _now: Confirmed) -> HTMLResponse:
    """Ask how the file is to be protected."""
    return _form(desk, {})


@router.post("/people/export")
async def export(desk: AtDesk, _now: Confirmed, form: Form) -> Response:
    """Return the file. Who took it, how many are in it and how it is protected is written down.

    Encrypting takes seconds: nothing is held meanwhile, and no line is written before it is done.
    """

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        protect = _protection(form)
        data, many = await read_apart(
            desk.request.app,
            lambda session: volunteers_as_csv(session, desk.wiring.keyring, desk.chapter_id),
        )
        sealed = await anyio.to_thread.run_sync(protect, data)

    def note(session: Session) -> None:
        audit.record(
            session, actor=desk.viewer, action="export.volunteers",
            subject=f"chapter:{desk.chapter_id.hex}", now=desk.now,
            detail=f"{many} people, {form['way']}",
        )  # fmt: skip

    await write_in_turn(desk.request.app, note)
    name = "volunteers.csv" if form["way"] == "plain" else "volunteers.csv.age"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(sealed, media_type="application/octet-stream", headers=headers)


def _protection(form: Sent) -> Callable[[bytes], bytes]:
    """Return what is done to the bytes. Raises InvalidValue on the field that is missing."""
    if form["way"] == "key":
        return lambda data: encrypt_to(data, form["recipient"])
    if form["way"] == "passphrase":
        return lambda data: encrypt_with(data, form["passphrase"])
    if form["way"] == "plain" and form.is_ticked("understood"):
        return lambda data: data
    raise InvalidValue("understood" if form["way"] == "plain" else "way", "missing")


def _form(
    desk: Desk, typed: Mapping[str, str], *, problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "export.html", status=status, typed=typed, problems=problems or {}, ways=WAYS,
        shortest=SHORTEST_PASSPHRASE,
    )  # fmt: skip
