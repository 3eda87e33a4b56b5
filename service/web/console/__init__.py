"""The console: organizers, signed in."""

from fastapi import APIRouter, Depends

from service.web.console import (
    account,
    action_drills,
    action_result,
    actions,
    appointment_drills,
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
    relays,
    ride,
    run_sheet,
    safety,
    send,
    set_up,
    settings,
    shifts,
    sign_in,
    texts,
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
for room in (  # what has a name comes before what has an id
    board,
    calendar,
    move,
    checkins,
    outcome,
    ride,
    run_sheet,
    relays,
    there,
    compose,
    notes,
    audience,
    look,
    own_phone,
    send,
    rally_life,
    actions,
    action_result,
    action_drills,
    appointment_drills,
    drills,
    messages,
    inbox_do,
    inbox,
    canned,
    people,
    lists,
    export,
    person_do,
    person,
    posters,
    safety,
    shifts,
    texts,
    waits,
    streams,
    sign_in,
    set_up,
    confirm,
    account,
    feeds,
    organizers,
    halt,
    settings,
):
    desk.include_router(room.router)

router = APIRouter(include_in_schema=False)
router.include_router(sign_in.door, dependencies=from_here)
router.include_router(desk)

__all__ = ["end_streams", "live", "router"]
