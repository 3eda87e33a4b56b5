"""One organizer at work: who they are, what they may see, in which language they read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse

from service.accounts.sign_in import viewer_of
from service.accounts.tables import Organizer
from service.blasts.drafts import Author
from service.chapters.halt import is_halted
from service.outbox.enqueue import Outbox
from service.privacy.policy import Viewer
from service.privacy.read import Reader
from service.web.console.who import Me
from service.web.pages import Tell, catalog_of, page, teller
from service.web.session import Now, Parts
from service.wiring import Wiring


@dataclass(frozen=True)
class Desk:
    """What every console route needs besides its session."""

    request: Request
    wiring: Wiring
    organizer: Organizer
    now: datetime

    @property
    def chapter_id(self) -> UUID:
        """Whose data this is: nothing of another chapter is ever shown."""
        return self.organizer.chapter_id

    @property
    def viewer(self) -> Viewer:
        """The organizer as the privacy policy and the audit see them."""
        return viewer_of(self.organizer)

    @property
    def author(self) -> Author:
        """The organizer as who writes a message."""
        return Author(self.organizer.name, self.organizer.id)

    @property
    def language(self) -> str:
        """The organizer's language."""
        return self.organizer.language

    @property
    def outbox(self) -> Outbox:
        """What it takes to write a text, as this chapter."""
        return self.wiring.outbox.of(self.chapter_id)

    @property
    def tell(self) -> Tell:
        """What puts problems with a form into words."""
        return teller(self.request, self.language)

    def reader(self) -> Reader:
        """Return what reads sealed fields on this organizer's behalf."""
        return Reader(self.wiring.keyring, self.viewer)

    def error(self, code: str, **values: str | int) -> str:
        """Return the words of an error."""
        return catalog_of(self.request).error(code, self.language, **values)

    def _are_texts_stopped(self) -> bool:
        """Every page says so: whoever opens one must not wait for what does not leave."""
        with self.wiring.database.read() as session:
            return is_halted(session, self.chapter_id)

    def page(self, name: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Return a console page."""
        return page(
            self.request, f"console/{name}", language=self.language, status=status,
            me=self.organizer, now=self.now, texts_are_stopped=self._are_texts_stopped(), **context,
        )  # fmt: skip


def _at_desk(request: Request, wiring: Parts, organizer: Me, now: Now) -> Desk:
    return Desk(request, wiring, organizer, now)


AtDesk = Annotated[Desk, Depends(_at_desk)]


def go_to(path: str) -> RedirectResponse:
    """Send the browser to another page after something was done, so that a reload repeats nothing."""
    return RedirectResponse(path, status_code=303)
