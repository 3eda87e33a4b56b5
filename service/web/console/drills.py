"""Drills on the console: who takes part, a call to practise, and what was learned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.chapters.voice import voice_of
from service.checkins.find import list_drills as list_practised
from service.db import new_id
from service.errors import InvalidValue
from service.messages import dates
from service.messages.catalog import Catalog
from service.messages.pages import load_pages
from service.outbox.drill import add_guest, guests_of, in_front, remove_guest
from service.people.find import people_by_id
from service.people.phone import read_phone
from service.people.register import LANGUAGES, find_person
from service.people.tables import Volunteer
from service.rallies.actions.drill import list_action_drills
from service.rallies.actions.tables import Action, ActionState
from service.rallies.draft import LONGEST_PLACE, USUAL_LENGTH, Draft, problems_of
from service.rallies.drill import (
    Learned,
    end_drill,
    get_drill,
    learned,
    list_drills,
    start_drill,
    usual_time,
)
from service.rallies.rules import TOLD
from service.rallies.tables import Rally, RallyKind
from service.rallies.words import first_call
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import bubbles
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

SEND = "send"  # the buttons of the check page
CHANGE = "change"
MOST_SHOWN = 20


@dataclass(frozen=True)
class Guest:
    """One guest, masked; in a drill with what they said, "" while silent, and in how many minutes."""

    person_id: UUID
    alias: str
    phone: str
    state: str = ""
    minutes: int | None = None


@dataclass(frozen=True)
class DrillLine:
    """One drill on the list of those so far."""

    link: str
    title: str
    created_at: datetime
    is_running: bool


@router.get("/drills")
def drills(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show the drill list, and the drills so far."""
    return _page(session, desk, {})


@router.post("/drills/guests")
def add_to_list(session: Write, desk: AtDesk, form: Form) -> Response:
    """Put a volunteer on the drill list who agreed to it."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        answers = Answers(form)
        typed = answers.needed("phone")
        countries = desk.wiring.settings.countries
        phone = answers.read(lambda: read_phone(typed, countries), "") if typed else ""
        if not form.is_ticked("agreed"):
            answers.wrong(InvalidValue("agreed", "missing"))
        answers.done()
        person = find_person(session, desk.wiring.keyring, phone)
        is_ours = person is not None and person.chapter_id == desk.chapter_id
        if person is None or not is_ours or session.get(Volunteer, person.id) is None:
            raise InvalidValue("phone", "not_on_list")
        add_guest(session, person, by=desk.viewer, now=desk.now)
    return go_to("/drills")


@router.post("/drills/guests/{person_id}/remove")
def take_off_list(session: Write, desk: AtDesk, person_id: UUID) -> Response:
    """Take somebody off the drill list."""
    remove_guest(session, desk.chapter_id, person_id, by=desk.viewer, now=desk.now)
    return go_to("/drills")


@router.get("/drills/new")
def new_drill(session: Read, desk: AtDesk) -> HTMLResponse:
    """Ask what to practise."""
    chapter = get_chapter(session, desk.chapter_id)
    tomorrow = (desk.now + timedelta(days=1)).astimezone(ZoneInfo(chapter.time_zone))
    typed = {
        "id": str(new_id()), "kind": RallyKind.RALLY.value, "clock": "17:00",
        "day": tomorrow.date().isoformat(),
    }  # fmt: skip
    return _form(session, desk, typed)


@router.post("/drills/new")
def start_new_drill(session: Write, desk: AtDesk, form: Form) -> Response:
    """Show what the guests will get; then start."""

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, form.typed, problems=problems, status=status)

    if form["action"] == CHANGE:
        return _form(session, desk, form.typed)
    with form_again(again, desk.tell):
        chapter = get_chapter(session, desk.chapter_id)
        draft = _read(session, desk, form, chapter)
        if form["action"] != SEND:
            return _check(session, desk, form, draft)
        drill = start_drill(session, chapter, draft, by=desk.viewer, now=desk.now)
    return go_to(f"/drills/{drill.id}")


@router.get("/drills/{drill_id}")
def show_drill(session: Read, desk: AtDesk, drill_id: UUID) -> HTMLResponse:
    """Show who answered, and how fast."""
    drill = get_drill(session, desk.chapter_id, drill_id)
    line = _line(desk, drill)
    return page_of_drill(session, desk, drill, learned(session, drill), line)


@router.post("/drills/{drill_id}/end")
def finish_drill(session: Write, desk: AtDesk, drill_id: UUID) -> Response:
    """End it and tell the guests."""
    drill = get_drill(session, desk.chapter_id, drill_id)
    end_drill(session, desk.outbox, drill, by=desk.viewer, now=desk.now)
    return go_to(f"/drills/{drill.id}")


def page_of_drill(
    session: Session, desk: Desk, drill: Rally | Action, lines: Sequence[Learned], line: DrillLine
) -> HTMLResponse:
    """Show who answered, and how fast."""
    half = usual_time(lines)
    told = [
        Guest(one.person_id, "", "", one.state, None if one.after is None else _minutes(one.after))
        for one in lines
    ]
    return desk.page(
        "drill.html", drill=drill, title=line.title, path=line.link, is_running=line.is_running,
        guests=_shown(session, desk, told), answered=sum(one.after is not None for one in lines),
        usual=None if half is None else _minutes(half),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )  # fmt: skip


def line_of_action(drill: Action) -> DrillLine:
    """Return the line of an action's drill."""
    is_running = drill.state is ActionState.ANNOUNCED
    return DrillLine(f"/drills/actions/{drill.id}", drill.title, drill.created_at, is_running)


def _line(desk: Desk, drill: Rally) -> DrillLine:
    title = f"{load_pages().say(f'kind.{drill.kind}', desk.language)}, {drill.place}"
    return DrillLine(f"/drills/{drill.id}", title, drill.created_at, drill.state in TOLD)


def _lines(session: Session, desk: Desk) -> list[DrillLine]:
    """Return the newest drills, of calls and of actions."""
    found = [
        *(_line(desk, one) for one in list_drills(session, desk.chapter_id, limit=MOST_SHOWN)),
        *map(line_of_action, list_action_drills(session, desk.chapter_id, limit=MOST_SHOWN)),
    ]
    return sorted(found, key=lambda one: one.created_at, reverse=True)[:MOST_SHOWN]


def _minutes(time: timedelta) -> int:
    return max(1, -(-int(time.total_seconds()) // 60))


def _read(session: Session, desk: Desk, form: Sent, chapter: Chapter) -> Draft:
    """Read the form; the texts are the first texts of its kind."""
    answers = Answers(form)
    starts_at = answers.moment("day", "clock", chapter.time_zone)
    kind = RallyKind(form["kind"]) if form["kind"] in list(RallyKind) else RallyKind.RALLY
    at = starts_at or desk.now + USUAL_LENGTH
    speaking = voice_of(session, desk.wiring.catalog, chapter)
    texts = {each: _text(speaking, chapter, kind, each, at, form["place"]) for each in LANGUAGES}
    draft = Draft(
        id=answers.id("id") or new_id(), title=form["place"] or "-", place=form["place"],
        starts_at=at, text_en=texts["en"], text_es=texts["es"], kind=kind,
    )  # fmt: skip
    for problem in problems_of(draft, desk.now):
        field = "day" if problem.field == "starts_at" else problem.field
        answers.wrong(InvalidValue(field, problem.code, **problem.values))
    answers.done()
    return draft


def _text(
    speaking: Catalog, chapter: Chapter, kind: RallyKind, language: str, at: datetime, place: str
) -> str:
    zone = ZoneInfo(chapter.time_zone)
    return first_call(
        speaking, kind, language, network=chapter.network_name,
        day=dates.day(at, zone, language), time=dates.time(at, zone), place=place,
    )  # fmt: skip


def _check(session: Session, desk: Desk, form: Sent, draft: Draft) -> HTMLResponse:
    catalog = desk.wiring.catalog
    texts = {"en": draft.text_en, "es": draft.text_es}
    shown = {each: in_front(catalog, "drill:", each, texts[each]) for each in LANGUAGES}
    return desk.page(
        "drill_check.html", typed=form.typed, bubbles=bubbles(shown),
        guests=len(guests_of(session, desk.chapter_id)),
    )  # fmt: skip


def _shown(session: Session, desk: Desk, guests: list[Guest]) -> list[Guest]:
    """Return guests with their masked names and numbers."""
    people = people_by_id(session, (one.person_id for one in guests))
    reader = desk.reader()
    reader.fetch_keys([person.sealed_phone() for person in people.values()])
    return [
        Guest(
            one.person_id,
            reader.show(people[one.person_id].sealed_alias()),
            reader.show(people[one.person_id].sealed_phone()),
            one.state,
            one.minutes,
        )
        for one in guests
    ]


def _page(
    session: Session, desk: Desk, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    guests = [Guest(person_id, "", "") for person_id in guests_of(session, desk.chapter_id)]
    return desk.page(
        "drills.html", status=status, typed=typed, problems=problems or {},
        guests=_shown(session, desk, guests), drills=_lines(session, desk),
        appointments=list_practised(session, desk.chapter_id),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )  # fmt: skip


def _form(
    session: Session, desk: Desk, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    zone = get_chapter(session, desk.chapter_id).time_zone
    return desk.page(
        "drill_form.html", status=status, typed=typed, problems=problems or {},
        kinds=list(RallyKind), longest_place=LONGEST_PLACE,
        today=desk.now.astimezone(ZoneInfo(zone)).date(),
    )  # fmt: skip
