"""Who is at this browser: a cookie that names a session, kept from going idle while they work."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import anyio.to_thread
from fastapi import Depends, Request, Response
from sqlmodel import Session

from service.accounts.sign_in import LONGEST, SEEN_EVERY, note_seen, seen_at, signed_in
from service.accounts.tables import Organizer
from service.errors import SignInNeeded
from service.web.session import Now, Parts, write_in_turn
from service.wiring import Wiring


def cookie_name(wiring: Wiring) -> str:
    """Return the cookie's name. `__Host-` binds it to https and to this very host."""
    return "__Host-acompana" if _is_https(wiring) else "acompana"


def set_cookie(response: Response, wiring: Wiring, secret: str) -> None:
    """Sign this browser in."""
    response.set_cookie(
        cookie_name(wiring), secret, max_age=int(LONGEST.total_seconds()), path="/",
        secure=_is_https(wiring), httponly=True, samesite="lax",
    )  # fmt: skip


def clear_cookie(response: Response, wiring: Wiring) -> None:
    """Sign this browser out."""
    response.delete_cookie(
        cookie_name(wiring), path="/", secure=_is_https(wiring), httponly=True, samesite="lax"
    )


async def signed_in_organizer(request: Request, wiring: Parts, now: Now) -> Organizer:
    """Return who is signed in. Raises SignInNeeded.

    Runs before the route's own session opens. What a page fetches by itself does not count as
    being at work: a board left open goes idle.
    """
    secret = request.cookies.get(cookie_name(wiring))
    if not secret:
        raise SignInNeeded

    def look() -> tuple[Organizer | None, datetime | None]:
        with wiring.database.read() as session:
            return signed_in(session, secret, now=now), seen_at(session, secret)

    organizer, seen = await anyio.to_thread.run_sync(look)
    if organizer is None or seen is None:
        raise SignInNeeded
    if "hx-request" not in request.headers and seen < now - SEEN_EVERY:

        def note(session: Session) -> None:
            note_seen(session, secret, now=now)

        await write_in_turn(request.app, note)
    request.state.language = organizer.language
    return organizer


Me = Annotated[Organizer, Depends(signed_in_organizer)]


def _is_https(wiring: Wiring) -> bool:
    return wiring.settings.public_url.startswith("https:")
