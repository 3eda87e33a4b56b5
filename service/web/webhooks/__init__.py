"""What the carrier calls: signed forms only, answered with an empty <Response/>."""

from fastapi import APIRouter

from service.web.webhooks import inbound, status, voice
from service.web.webhooks.signed import answer_error

router = APIRouter(prefix="/webhooks/twilio", include_in_schema=False)
router.include_router(inbound.router)
router.include_router(status.router)
router.include_router(voice.router)

__all__ = ["answer_error", "router"]
