"""The console: organizers, signed in."""

from fastapi import APIRouter, Depends

from service.web.console import (
    account,
    actions,
    audience,
    board,
    calendar,
    canned,
    checkins,
    compose,
    confirm,
    drills,
    export,
    feeds,
    halt,
    inbox,
    inbox_do,
    lists,
    look,
    messages,
    move,
    notes,
    organizers,
    outcome,
    own_phone,
    people,
    person,
    person_do,
    posters,
    rally_life,
    ride,
    run_sheet,
    safety,
    send,
    set_up,
    settings,
    shifts,
    sign_in,
    there,
    waits,
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
    board,
    calendar,
    move,
    checkins,
    compose,
    send,
    rally_life,
    actions,
    drills,
    messages,
    people,
    safety,
    shifts,
    streams,
    sign_in,
    set_up,
    confirm,
    account,
    feeds,
    organizers,
    lists,
    export,
    halt,
    settings,
    inbox_do,
    inbox,
    canned,
    person_do,
    person,
    waits,
    posters,
    outcome,
    ride,
    run_sheet,
    there,
    notes,
    audience,
    look,
    own_phone,
):
    desk.include_router(room.router)

router = APIRouter(include_in_schema=False)
router.include_router(sign_in.door, dependencies=from_here)
router.include_router(desk)

__all__ = ["end_streams", "live", "router"]
