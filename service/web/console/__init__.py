"""The console: organizers, signed in."""

from fastapi import APIRouter, Depends

from service.web.console import (
    account,
    audience,
    board,
    checkins,
    compose,
    confirm,
    export,
    halt,
    lists,
    look,
    messages,
    notes,
    organizers,
    own_phone,
    people,
    safety,
    send,
    set_up,
    settings,
    shifts,
    sign_in,
)
from service.web.console import (
    live as streams,
)
from service.web.console.live import end_streams, live
from service.web.console.who import signed_in_organizer
from service.web.origin import same_origin
from service.web.pages import remember_typed

from_here = [Depends(same_origin), Depends(remember_typed)]

desk = APIRouter(dependencies=[*from_here, Depends(signed_in_organizer)])
for room in (
    board, checkins, compose, notes, audience, look, own_phone, send, messages, people, safety,
    shifts, streams, sign_in, set_up, confirm, account, organizers, lists, export, halt, settings,
):  # fmt: skip
    desk.include_router(room.router)

router = APIRouter(include_in_schema=False)
router.include_router(sign_in.door, dependencies=from_here)
router.include_router(desk)

__all__ = ["end_streams", "live", "router"]
