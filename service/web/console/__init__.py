"""The console: organizers, signed in."""

from fastapi import APIRouter, Depends

from service.web.console import live as streams
from service.web.console.live import end_streams, live
from service.web.console.who import signed_in_organizer
from service.web.origin import same_origin
from service.web.pages import remember_typed

desk = APIRouter(
    dependencies=[Depends(same_origin), Depends(remember_typed), Depends(signed_in_organizer)]
)
desk.include_router(streams.router)

router = APIRouter(include_in_schema=False)
router.include_router(desk)

__all__ = ["end_streams", "live", "router"]
