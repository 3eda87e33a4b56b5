"""The JSON API: programs with a bearer token, each an organizer's own."""

from fastapi import APIRouter, Depends

from service.web.api import (
    actions,
    answers,
    blasts,
    chapter,
    checkins,
    docs,
    families,
    inbox,
    rallies,
    safety,
    volunteers,
)  # fmt: skip
from service.web.api.auth import authenticate, json_only
from service.web.api.problems import answer_error

closed = APIRouter(
    dependencies=[Depends(authenticate), Depends(json_only)], responses=docs.FAILURES
)
for resource in (
    chapter, checkins, safety, rallies, actions, answers, blasts, volunteers, families, inbox,
):  # fmt: skip
    closed.include_router(resource.router)

router = APIRouter(prefix=docs.PREFIX)
router.include_router(closed)
router.include_router(docs.router)

__all__ = ["answer_error", "router"]
