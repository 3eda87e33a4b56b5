"""Who is at this browser: a cookie that names a session, kept from going idle while they work.

Use `Me` for the organizer, `Here` for their session, `Confirmed` where a passkey or a code must have
been given within the last minutes: reveal, export, a send to many.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import anyio.to_thread
from fastapi import Depends, Request, Response
from sqlmodel import Session

from service.accounts.sessions import LONGEST, SEEN_EVERY, find, is_fresh, note_seen
from service.accounts.tables import How, Organizer, SignedIn
from service.errors import ConfirmNeeded, SetUpNeeded, SignInNeeded, TooMany
from service.web.access import name_of, require_role
from service.web.session import Now, Parts, write_in_turn
from service.web.tries import Tries
from service.wiring import Wiring

MOST_TRIES = 30  # to sign in, from one address within a minute
# What somebody may do who came by an invitation and has no way to sign in yet.
BEFORE_SET_UP = ("console.set_up.", "console.sign_in.")


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
    """Return who is signed in and may do this.

    Raises SignInNeeded; SetUpNeeded for who came by an invitation and wants to do more than set up a
    way to sign in; NotAllowed where their role is too low (`service/web/access.py`).
    Runs before the route's own session opens. What a page fetches by itself does not count as
    being at work: a board left open goes idle.
    """
    secret = request.cookies.get(cookie_name(wiring))
    if not secret:
        raise SignInNeeded

    def look() -> tuple[SignedIn, Organizer] | None:
        with wiring.database.read() as session:
            return find(session, secret, now=now)

    found = await anyio.to_thread.run_sync(look)
    if found is None or (found[0].how is How.DEMO and not wiring.settings.demo):
        raise SignInNeeded
    here, organizer = found
    request.state.here = here
    request.state.language = organizer.language
    if here.how is How.INVITATION and not _is_before_set_up(request):
        raise SetUpNeeded
    require_role(request, organizer.role)
    if "hx-request" not in request.headers and here.seen_at < now - SEEN_EVERY:

        def note(session: Session) -> None:
            note_seen(session, secret, now=now)

        await write_in_turn(request.app, note)
    return organizer


Me = Annotated[Organizer, Depends(signed_in_organizer)]


def _here(request: Request, _me: Me) -> SignedIn:
    found: SignedIn = request.state.here
    return found


Here = Annotated[SignedIn, Depends(_here)]


def must_be_confirmed(here: SignedIn, *, now: datetime) -> None:
    """Raise ConfirmNeeded unless a passkey or a code was given within the last minutes.

    The page that answers asks for one, keeps what was typed and goes on from there.
    """
    if not is_fresh(here, now):
        raise ConfirmNeeded


def confirmed_lately(here: Here, now: Now) -> None:
    """Let only those in who have shown within the last minutes that they are still who signed in."""
    must_be_confirmed(here, now=now)


Confirmed = Annotated[None, Depends(confirmed_lately)]


def limit_tries(request: Request, now: Now) -> None:
    """Raise TooMany when this address has tried to sign in too often within a minute."""
    tries: Tries = request.app.state.tries
    address = request.client.host if request.client else ""
    if not tries.note(address, MOST_TRIES, now=now):
        raise TooMany


def _is_before_set_up(request: Request) -> bool:
    return name_of(request.scope.get("endpoint")).startswith(BEFORE_SET_UP)


def _is_https(wiring: Wiring) -> bool:
    return wiring.settings.public_url.startswith("https:")
