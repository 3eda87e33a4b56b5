"""Pages without sign-in: families, and what carriers and machines ask to see."""

from fastapi import APIRouter, Depends

from service.web.origin import same_origin
from service.web.pages import remember_typed
from service.web.public import (
    calendar,
    checkin,
    join,
    mine,
    mine_door,
    mine_ride,
    open_pages,
    sheet,
)

router = APIRouter(
    include_in_schema=False, dependencies=[Depends(same_origin), Depends(remember_typed)]
)
router.include_router(checkin.router)
router.include_router(calendar.router)
router.include_router(join.router)
router.include_router(mine_door.router)
router.include_router(mine.router)
router.include_router(mine_ride.router)
router.include_router(open_pages.router)
router.include_router(sheet.router)

__all__ = ["router"]
