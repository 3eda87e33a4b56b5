"""Texts from people: written down before the carrier hears 200, then acted upon."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from sqlmodel import Session

from service.errors import Unavailable
from service.replies.receive import Reception, act_on, take_in
from service.sms.inbound import NotAWebhook, read_inbound
from service.web.session import Now, Parts, write_in_turn
from service.web.webhooks.signed import SignedForm, nothing_to_say

log = structlog.get_logger()
router = APIRouter()


@router.post("/inbound")
async def inbound(request: Request, form: SignedForm, wiring: Parts, now: Now) -> Response:
    """Write the text down with any opt-out, commit; then do the rest, commit; then answer.

    If the first can't be committed: 503, and the carrier's list still has it. If the second
    can't: 200, since the text is safe, and the clock tries again.
    """
    try:
        text = read_inbound(form)
    except NotAWebhook as error:
        raise HTTPException(422, str(error)) from error
    reception = Reception(wiring.outbox, wiring.settings.countries)

    inbound_id = await write_in_turn(
        request.app, lambda session: take_in(session, reception, text, now=now)
    )

    def act(session: Session) -> None:
        if inbound_id is not None:
            act_on(session, reception, inbound_id, now=now)

    try:
        await write_in_turn(request.app, act)
    except Unavailable:
        log.warning("inbound.later", inbound=str(inbound_id))
    except Exception:
        log.exception("inbound.effects_failed", inbound=str(inbound_id))
    return nothing_to_say()
