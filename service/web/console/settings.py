"""Settings, for admins: the chapter's words and numbers, its offices, how fast its numbers send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.change import (
    LONGEST,
    LONGEST_ADDRESS,
    OfficeCard,
    change_chapter,
    change_price,
    change_sender,
    get_sender,
    list_senders,
    save_office,
)
from service.chapters.find import get_chapter, get_office, list_offices
from service.chapters.tables import Chapter, Office, OfficeKind, Sender
from service.errors import InvalidValue, NotFound
from service.people.phone import as_printed, read_phone
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

PHONES = ("contact_phone", "hotline")
WORDS = ("network_name", "caller_name", "lead_sign_en", "lead_sign_es")
QUIET = ("quiet_from_minute", "quiet_until_minute")


@router.get("/settings")
def settings(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show the chapter, its offices and its senders."""
    chapter = get_chapter(session, desk.chapter_id)
    return _chapter(session, desk, chapter, _as_typed(chapter))


@router.post("/settings")
def save_chapter(session: Write, desk: AtDesk, form: Form) -> Response:
    """Change the chapter."""
    chapter = get_chapter(session, desk.chapter_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _chapter(session, desk, chapter, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        answers = Answers(form)
        told: dict[str, object] = {name: answers.needed(name) for name in WORDS}
        for name in PHONES:
            told[name] = _phone(answers, desk, name)
        for name in QUIET:
            clock = answers.clock(name)
            told[name] = clock.hour * 60 + clock.minute if clock else 0
        answers.done()
        change_chapter(session, chapter, told, by=desk.viewer, now=desk.now)
    return go_to("/settings")


@router.get("/settings/offices/new")
def new_office(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show the form for one more office."""
    zone = get_chapter(session, desk.chapter_id).time_zone
    return _office(desk, None, {"time_zone": zone, "usual_wait_minutes": "240"})


@router.post("/settings/offices/new")
def add_office(session: Write, desk: AtDesk, form: Form) -> Response:
    """Add an office."""
    return _save_office(session, desk, None, form)


@router.get("/settings/offices/{office_id}")
def edit_office(session: Read, desk: AtDesk, office_id: UUID) -> HTMLResponse:
    """Show an office to change it."""
    office = _own_office(session, desk, office_id)
    typed = {
        name: str(getattr(office, name))
        for name in OfficeCard.__annotations__
        if name != "is_verified"
    }
    return _office(desk, office, typed | {"kind": office.kind.value})


@router.post("/settings/offices/{office_id}")
def change_office(session: Write, desk: AtDesk, office_id: UUID, form: Form) -> Response:
    """Change an office; a tick says that all of it has just been seen to be right."""
    return _save_office(session, desk, _own_office(session, desk, office_id), form)


@router.get("/settings/senders/{sender_id}")
def edit_sender(session: Read, desk: AtDesk, sender_id: UUID) -> HTMLResponse:
    """Show how fast and how much a number may send."""
    sender = get_sender(session, desk.chapter_id, sender_id)
    cap = sender.daily_cap_segments
    typed = {"segments_per_second": f"{sender.segments_per_second:g}", "daily_cap": str(cap or "")}
    cents = get_chapter(session, desk.chapter_id).cents_per_part
    return _sender(desk, sender, typed | {"cents_per_part": f"{cents:g}"})


@router.post("/settings/senders/{sender_id}")
def save_sender(session: Write, desk: AtDesk, sender_id: UUID, form: Form) -> Response:
    """Change how fast and how much a number may send."""
    sender = get_sender(session, desk.chapter_id, sender_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _sender(desk, sender, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        answers = Answers(form)
        cap = answers.number("daily_cap", None)
        rate = _decimal(form["segments_per_second"], 0.0)
        cents = _decimal(form["cents_per_part"], -1.0)
        answers.done()
        change_sender(
            session, sender, segments_per_second=rate, daily_cap=cap, by=desk.viewer, now=desk.now
        )
        chapter = get_chapter(session, desk.chapter_id)
        change_price(session, chapter, cents, by=desk.viewer, now=desk.now)
    return go_to("/settings")


def _decimal(typed: str, otherwise: float) -> float:
    """Return a number like 3, 3.75 or 3,75; `otherwise` what is none."""
    written = typed.replace(",", ".")
    is_number = re.fullmatch(r"\d{1,3}(\.\d{1,3})?", written, re.ASCII)
    return float(written) if is_number else otherwise


def _save_office(session: Session, desk: Desk, office: Office | None, form: Sent) -> Response:
    def again(problems: Mapping[str, str], status: int) -> Response:
        return _office(desk, office, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        minutes = Answers(form).number("usual_wait_minutes", 0) or 0
        card = OfficeCard(
            name=form["name"], kind=form["kind"], area=form["area"], address=form["address"],
            meeting_point=form["meeting_point"], time_zone=form["time_zone"],
            usual_wait_minutes=minutes, is_verified=form.is_ticked("is_verified"),
        )  # fmt: skip
        chapter = get_chapter(session, desk.chapter_id)
        save_office(session, chapter, office, card, by=desk.viewer, now=desk.now)
    return go_to("/settings")


def _phone(answers: Answers, desk: Desk, name: str) -> str:
    typed = answers.needed(name)
    if not typed:
        return ""
    countries = desk.wiring.settings.countries
    return answers.read(lambda: as_printed(read_phone(typed, countries, field=name)), "")


def _own_office(session: Session, desk: Desk, office_id: UUID) -> Office:
    try:
        return get_office(session, desk.chapter_id, office_id)
    except InvalidValue:
        raise NotFound(None, f"no office {office_id}") from None


def _as_typed(chapter: Chapter) -> dict[str, str]:
    typed = {name: getattr(chapter, name) for name in (*WORDS, *PHONES)}
    for name in QUIET:
        hours, minutes = divmod(getattr(chapter, name) % (24 * 60), 60)
        typed[name] = f"{hours:02}:{minutes:02}"
    return typed


def _chapter(
    session: Session, desk: Desk, chapter: Chapter, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "settings.html", status=status, typed=typed, problems=problems or {}, chapter=chapter,
        offices=list_offices(session, chapter.id), senders=list_senders(session, chapter.id),
        longest=LONGEST,
    )  # fmt: skip


def _office(
    desk: Desk, office: Office | None, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "settings_office.html", status=status, typed=typed, problems=problems or {}, office=office,
        kinds=list(OfficeKind), longest=LONGEST, longest_address=LONGEST_ADDRESS,
    )  # fmt: skip


def _sender(
    desk: Desk, sender: Sender, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "settings_sender.html", status=status, typed=typed, problems=problems or {}, sender=sender
    )
