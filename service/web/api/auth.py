"""Who calls: a bearer token, each an organizer's own, and never more than that organizer may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.accounts.sign_in import viewer_of
from service.accounts.tables import Organizer
from service.accounts.tokens import organizer_of
from service.errors import SignInNeeded
from service.privacy.policy import Viewer
from service.privacy.read import Reader
from service.web.access import require_role
from service.web.session import Parts

bearer = HTTPBearer(
    auto_error=False, scheme_name="token", description="A token of an organizer's own."
)


@dataclass(frozen=True)
class Caller:
    """The organizer behind the token, and what they may read."""

    organizer: Organizer
    viewer: Viewer
    reader: Reader

    @property
    def chapter_id(self) -> UUID:
        """The chapter that they see. There is no other, whatever an id says."""
        return self.organizer.chapter_id


def authenticate(
    request: Request,
    wiring: Parts,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Caller:
    """Return who calls. Looks in a session of its own: no writer waits for a stranger.

    Raises SignInNeeded, and NotAllowed where their role is too low (`service/web/access.py`).
    """
    if credentials is None:
        raise SignInNeeded("no_token")
    with wiring.database.read() as session:
        organizer = organizer_of(session, credentials.credentials)
    if organizer is None:
        raise SignInNeeded("unknown_token")
    request.state.language = organizer.language
    require_role(request, organizer.role)
    viewer = viewer_of(organizer)
    return Caller(organizer, viewer, Reader(wiring.keyring, viewer))


Who = Annotated[Caller, Depends(authenticate)]


def json_only(request: Request) -> None:
    """Refuse a body that says it is something else than JSON."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = (
        request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    )
    is_json = content_type == "application/json" or content_type.endswith("+json")
    if has_body and not is_json:
        raise HTTPException(415, "the API reads JSON")
