"""Who is at their own page: a cookie that names a visit, begun by a link to their phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.errors import LinkNeeded
from service.messages.catalog import LANGUAGES
from service.outbox.enqueue import Outbox
from service.people.tables import Family, Person, Volunteer
from service.people.visits import VISIT_LASTS, find_visitor
from service.web.pages import Tell, page, teller
from service.web.session import Now, Parts
from service.wiring import Wiring


@dataclass(frozen=True)
class Visiting:
    """What every route of somebody's own page needs besides its session."""

    request: Request
    wiring: Wiring
    now: datetime

    @property
    def outbox(self) -> Outbox:
        """What it takes to write a text."""
        return self.wiring.outbox

    def person(self, session: Session) -> Person:
        """Return whose page it is. Raises LinkNeeded when it is not open in this browser."""
        secret = self.request.cookies.get(cookie_name(self.wiring), "")
        person = find_visitor(session, secret, now=self.now) if secret else None
        if person is None:
            raise LinkNeeded
        return person

    def language(self, person: Person) -> str:
        """Return the language they chose on this page, or theirs."""
        chosen = self.request.query_params.get("lang")
        return chosen if chosen in LANGUAGES else person.language

    def tell(self, person: Person) -> Tell:
        """What puts problems with a form into words."""
        return teller(self.request, self.language(person))

    def page(
        self, session: Session, person: Person, name: str, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """Return a page of theirs."""
        chapter: Chapter = get_chapter(session, person.chapter_id)
        return page(
            self.request, f"public/{name}", language=self.language(person), status=status,
            chapter=chapter, person=person, family=session.get(Family, person.id),
            volunteer=session.get(Volunteer, person.id), now=self.now, **context,
        )  # fmt: skip


def _visiting(request: Request, wiring: Parts, now: Now) -> Visiting:
    return Visiting(request, wiring, now)


Here = Annotated[Visiting, Depends(_visiting)]


def cookie_name(wiring: Wiring) -> str:
    """Return the cookie's name. `__Host-` binds it to https and to this very host."""
    return "__Host-acompana-mine" if _is_https(wiring) else "acompana-mine"


def set_cookie(response: Response, wiring: Wiring, secret: str) -> None:
    """Open somebody's page in this browser."""
    response.set_cookie(
        cookie_name(wiring), secret, max_age=int(VISIT_LASTS.total_seconds()), path="/",
        secure=_is_https(wiring), httponly=True, samesite="lax",
    )  # fmt: skip


def clear_cookie(response: Response, wiring: Wiring) -> None:
    """Close it."""
    response.delete_cookie(
        cookie_name(wiring), path="/", secure=_is_https(wiring), httponly=True, samesite="lax"
    )


def go_to(path: str) -> RedirectResponse:
    """Send the browser to another page after something was done, so that a reload repeats nothing."""
    return RedirectResponse(path, status_code=303)


def _is_https(wiring: Wiring) -> bool:
    return wiring.settings.public_url.startswith("https:")
