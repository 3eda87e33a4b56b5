"""What the carrier calls: signed forms only, answered with an empty <Response/>."""

from fastapi import APIRouter

from service.web.webhooks.inbound import router as inbound
from service.web.webhooks.signed import answer_error
from service.web.webhooks.status import router as status

router = APIRouter(prefix="/webhooks/twilio", include_in_schema=False)
router.include_router(inbound)
router.include_router(status)

__all__ = ["answer_error", "router"]
