"""Receipts: what became of a text that the carrier took."""

from __future__ import annotations

import hmac
from uuid import UUID

from fastapi import APIRouter, HTTPException, Request, Response
from sqlmodel import Session

from service.outbox.events import At
from service.outbox.receipts import record_receipt
from service.sms.inbound import NotAWebhook, read_receipt
from service.web.session import Now, Parts, write_in_turn
from service.web.webhooks.signed import SignedForm, nothing_to_say

router = APIRouter()


@router.post("/status")
async def status(
    request: Request, form: SignedForm, wiring: Parts, now: Now, attempt: str = "", mac: str = ""
) -> Response:
    """Move the attempt's delivery forward. `mac` proves that the attempt id is one that we gave out."""
    try:
        attempt_id, receipt = UUID(hex=attempt), read_receipt(form)
    except (ValueError, NotAWebhook) as error:
        raise HTTPException(403, "not a receipt for a text of ours") from error
    expected = wiring.keyring.callback_mac(attempt_id)
    if not hmac.compare_digest(mac.encode(), expected.encode()):
        raise HTTPException(403, "not a receipt for a text of ours")

    def record(session: Session) -> None:
        record_receipt(session, attempt_id, receipt, At(now, timing=wiring.timing), wiring.rules)

    await write_in_turn(request.app, record)
    return nothing_to_say()
