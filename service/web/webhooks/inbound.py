"""Texts from people: written down before the carrier hears 200, then acted upon."""

from __future__ import annotations

from uuid import UUID

import anyio
import structlog
from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from sqlmodel import Session

from service.clock import monotonic_seconds
from service.errors import Unavailable
from service.outbox.quiesce import WRITING_TAKES, let_claims_end, still_being_written
from service.replies.receive import Reception, act_on, take_in, who_left
from service.sms.inbound import NotAWebhook, read_inbound
from service.web.session import Now, Parts, read_apart, write_in_turn
from service.web.webhooks.signed import SignedForm, nothing_to_say
from service.wiring import Wiring

log = structlog.get_logger()
router = APIRouter()

LOOK_AGAIN_SECONDS = 0.05


@router.post("/inbound")
async def inbound(request: Request, form: SignedForm, wiring: Parts, now: Now) -> Response:
    """Write the text down with any opt-out, commit; then do the rest, commit; then answer.

    If the first can't be committed: 503, and the carrier's list still has it. If the second
    can't: 200, since the text is safe, and the clock tries again. An opt-out is answered only
    once nothing that was claimed before it can still leave.
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
    await _until_nothing_leaves(request.app, wiring, text.message_sid)
    return nothing_to_say()


async def _until_nothing_leaves(app: FastAPI, wiring: Wiring, message_sid: str) -> None:
    """Hold an opt-out's answer back until no text to them is being written. Holds no transaction.

    If the database can't be asked, it waits as long as any such text could take.
    """
    longest = WRITING_TAKES * wiring.timing.post_within.total_seconds()
    try:
        person_id = await read_apart(app, lambda session: who_left(session, message_sid))
        if person_id is None:
            return
        await read_apart(app, let_claims_end)
        deadline = monotonic_seconds() + longest
        while monotonic_seconds() < deadline and await _is_written_to(app, person_id):
            await anyio.sleep(LOOK_AGAIN_SECONDS)
    except Unavailable:
        await anyio.sleep(longest)


async def _is_written_to(app: FastAPI, person_id: UUID) -> bool:
    return await read_apart(app, lambda session: still_being_written(session, person_id))
