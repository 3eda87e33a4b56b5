"""Organizers, for admins: who they are, what they may do; invited, given a role, switched off."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.accounts import sessions, tokens
from service.accounts.organizers import (
    LONGEST_NAME,
    Badge,
    add_organizer,
    get_organizer,
    list_organizers,
    read_role,
    set_role,
    switch_off,
    switch_on,
    take_ways_away,
    ways_of_each,
)
from service.accounts.sign_in import INVITATION_LIFE, make_invitation, make_texted_invitation
from service.accounts.tables import Organizer
from service.chapters.find import get_chapter
from service.errors import WrongState
from service.messages.catalog import LANGUAGES
from service.outbox.invite_organizer import text_invitation
from service.people.phone import read_phone
from service.privacy import audit
from service.privacy.policy import LADDER
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.who import Confirmed
from service.web.forms import Answers, Form
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()


@router.get("/organizers")
def organizers(session: Read, desk: AtDesk) -> HTMLResponse:
    """List the chapter's organizers: role, ways to sign in, tokens."""
    found = list_organizers(session, desk.chapter_id)
    ways = ways_of_each(session, [each.id for each in found])
    return desk.page("organizers.html", organizers=found, ways=ways, roles=LADDER)


@router.get("/organizers/new")
def new_organizer(desk: AtDesk) -> HTMLResponse:
    """Show the form that invites an organizer."""
    return _form(desk, {"language": desk.language})


@router.post("/organizers/new")
def add(session: Write, desk: AtDesk, _now: Confirmed, form: Form) -> Response:
    """Add an organizer and show their invitation, this once."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        answers = Answers(form)
        name = answers.needed("name")
        role = answers.read(lambda: read_role(form["role"]), LADDER[0])
        phone = _phone(answers, desk)
        answers.done()
        badge = Badge(name, role, form["language"])
        organizer = add_organizer(session, desk.chapter_id, badge, by=desk.viewer, now=desk.now)
        if phone:
            return _texted(session, desk, organizer, phone)
    return _invited(session, desk, organizer)


@router.post("/organizers/{organizer_id}/invite")
def invite_again(
    session: Write, desk: AtDesk, _now: Confirmed, organizer_id: UUID, form: Form
) -> Response:
    """Make a new invitation: for who let the first run out, or lost their phone.

    A lost phone: every way that they had stops working first.
    """
    organizer = get_organizer(session, desk.chapter_id, organizer_id)
    if not organizer.is_active:
        raise WrongState("organizer_off")
    if form.is_ticked("lost"):
        sessions.end_all(session, organizer.id, now=desk.now)
        take_ways_away(session, organizer.id)
    return _invited(session, desk, organizer)


@router.post("/organizers/{organizer_id}/role")
def change_role(
    session: Write, desk: AtDesk, _now: Confirmed, organizer_id: UUID, form: Form
) -> Response:
    """Say what an organizer may do."""
    organizer = get_organizer(session, desk.chapter_id, organizer_id)
    set_role(session, organizer, read_role(form["role"]), by=desk.viewer, now=desk.now)
    return go_to("/organizers")


@router.post("/organizers/{organizer_id}/switch")
def switch(
    session: Write, desk: AtDesk, _now: Confirmed, organizer_id: UUID, form: Form
) -> Response:
    """Switch an account off, with all that it could sign in with; or on again."""
    organizer = get_organizer(session, desk.chapter_id, organizer_id)
    act = switch_on if form["to"] == "on" else switch_off
    act(session, organizer, by=desk.viewer, now=desk.now)
    return go_to("/organizers")


@router.post("/organizers/{organizer_id}/tokens/{token_id}/revoke")
def revoke_token(session: Write, desk: AtDesk, organizer_id: UUID, token_id: UUID) -> Response:
    """Take a token back. At once: nobody is asked for a passkey first."""
    organizer = get_organizer(session, desk.chapter_id, organizer_id)
    tokens.revoke(session, organizer, token_id, by=desk.viewer, now=desk.now)
    return go_to("/organizers")


def _phone(answers: Answers, desk: Desk) -> str:
    typed = answers.sent["phone"]
    countries = desk.wiring.settings.countries
    return answers.read(lambda: read_phone(typed, countries), "") if typed else ""


def _invited(session: Session, desk: Desk, organizer: Organizer) -> HTMLResponse:
    secret = make_invitation(session, organizer.id, now=desk.now)
    _record(session, desk, organizer, "shown")
    return desk.page(
        "organizer_invited.html", organizer=organizer, spoken="", link=_address(desk, secret),
        hours=int(INVITATION_LIFE.total_seconds() // 3600),
    )  # fmt: skip


def _texted(session: Session, desk: Desk, organizer: Organizer, phone: str) -> HTMLResponse:
    """Send the link by text, and show the digits to say aloud: a number alone lets nobody in."""
    secret, spoken = make_texted_invitation(session, organizer.id, now=desk.now)
    chapter = get_chapter(session, desk.chapter_id)
    text_invitation(
        session, desk.outbox, chapter, organizer, phone, _address(desk, secret), by=desk.viewer,
        now=desk.now,
    )  # fmt: skip
    _record(session, desk, organizer, "texted")
    return desk.page("organizer_invited.html", organizer=organizer, spoken=spoken)


def _address(desk: Desk, secret: str) -> str:
    return f"{desk.wiring.settings.public_url}/signin/{secret}"


def _record(session: Session, desk: Desk, organizer: Organizer, how: str) -> None:
    audit.record(
        session, actor=desk.viewer, action="organizer.invite",
        subject=f"organizer:{organizer.id.hex}", now=desk.now, detail=how,
    )  # fmt: skip


def _form(
    desk: Desk, typed: Mapping[str, str], *, problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "organizer_new.html", status=status, typed=typed, problems=problems or {}, roles=LADDER,
        languages=LANGUAGES, longest_name=LONGEST_NAME,
    )  # fmt: skip
