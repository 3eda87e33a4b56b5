"""Compose a rally call: what, where, when, and its words in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.compose import MISSING
from service.blasts.drafts import open_draft_about
from service.blasts.tables import BlastKind
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.chapters.voice import voice_of
from service.db import new_id
from service.errors import WrongState
from service.messages import dates
from service.messages.catalog import Catalog
from service.rallies.draft import LONGEST_PLACE, LONGEST_TITLE, Draft, problems_of, save_draft
from service.rallies.find import get_rally
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rallies.words import first_call
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.writing import (
    SAVE,
    WRITE_FOR_ME,
    changed,
    is_change_only,
    keep_unfinished,
    plain_values,
    texts_of,
)
from service.web.forms import Answers, Form, Sent, read_clock, read_day
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

FIELDS = (
    "kind", "title", "place", "day", "clock", "until", "people_limit", "text_en", "text_es",
)  # fmt: skip


@router.get("/rallies/new")
def new_rally(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show an empty form, with the id that its draft will have."""
    return _form(session, desk, {"id": str(new_id()), "kind": RallyKind.RALLY.value})


@router.post("/rallies/new")
def save_new(session: Write, desk: AtDesk, form: Form) -> Response:
    """Save a new draft and go on to the confirm page; a second click saves the same one."""
    return _save(session, desk, form, Answers(form).id("id") or new_id())


@router.get("/rallies/{rally_id}/edit")
def edit(session: Read, desk: AtDesk, rally_id: UUID, kept: str = "") -> HTMLResponse:
    """Show a draft, whole or as it was left."""
    call = open_draft_about(
        session, f"rally:{rally_id.hex}", BlastKind.CALL, chapter_id=desk.chapter_id
    )
    if call is not None and call.typed.get("unfinished"):
        return _form(session, desk, dict(call.typed) | {"id": str(rally_id)}, is_kept=bool(kept))
    rally = get_rally(session, desk.chapter_id, rally_id)
    _must_be_draft(rally)
    zone = get_chapter(session, desk.chapter_id).time_zone
    return _form(session, desk, _typed(rally, zone))


@router.post("/rallies/{rally_id}/edit")
def save_changes(session: Write, desk: AtDesk, rally_id: UUID, form: Form) -> Response:
    """Save a draft that was changed."""
    return _save(session, desk, form, rally_id)


def _save(session: Session, desk: Desk, form: Sent, rally_id: UUID) -> Response:
    chapter = get_chapter(session, desk.chapter_id)
    if form["action"] == WRITE_FOR_ME:
        speaking = voice_of(session, desk.wiring.catalog, chapter)
        return _form(session, desk, first_texts(speaking, chapter, form))
    if is_change_only(form):
        return _form(session, desk, changed(form))
    if form["action"] == SAVE:
        _keep_unfinished(session, desk, form, rally_id)
        return go_to(f"/rallies/{rally_id}/edit?kept=yes")

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _form(session, desk, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        draft = _read(form, chapter, rally_id, desk.now)
        rally = save_draft(
            session, chapter, draft, by=desk.organizer.name, by_id=desk.organizer.id, now=desk.now
        )
    call = open_draft_about(session, rally.subject, BlastKind.CALL, chapter_id=desk.chapter_id)
    return go_to("/" if call is None else f"/drafts/{call.id}/people")


def _keep_unfinished(session: Session, desk: Desk, form: Sent, rally_id: UUID) -> None:
    """Keep the form as it is: what is missing can come later."""
    rally = session.get(Rally, rally_id)
    if rally is not None:
        get_rally(session, desk.chapter_id, rally_id)
        _must_be_draft(rally)
    keep_unfinished(
        session, desk, form, kind=BlastKind.CALL, subject=f"rally:{rally_id.hex}", fields=FIELDS
    )


def _must_be_draft(rally: Rally) -> None:
    if rally.state is not RallyState.DRAFT:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")


def _read(form: Sent, chapter: Chapter, rally_id: UUID, now: datetime) -> Draft:
    """Read the form. Raises InvalidForm with every field that is wrong, ours and the room's."""
    answers = Answers(form)
    starts_at = answers.moment("day", "clock", chapter.time_zone)
    ends_at = None
    if form["until"] and starts_at is not None:
        ends_at = answers.moment("day", "until", chapter.time_zone)
        if ends_at is not None and ends_at <= starts_at:
            ends_at += timedelta(days=1)  # until after midnight
    kind = form["kind"]
    draft = Draft(
        id=rally_id,
        kind=RallyKind(kind) if kind in list(RallyKind) else RallyKind.RALLY,
        title=form["title"],
        place=form["place"],
        starts_at=starts_at or now + timedelta(days=1),
        ends_at=ends_at,
        people_limit=answers.number("people_limit", None),
        text_en=form["text_en"],
        text_es=form["text_es"],
    )
    for problem in problems_of(draft, now):
        answers.wrong(problem)
    answers.done()
    return draft


def first_texts(catalog: Catalog, chapter: Chapter, form: Sent) -> dict[str, str]:
    """Return the form with a first text in each language, made from what was filled in so far.

    catalog: as the chapter speaks it.

    What is still missing is left as "...": the organizer sees where it goes.
    """
    typed = dict(form.typed)
    kind = form["kind"] if form["kind"] in list(RallyKind) else RallyKind.RALLY.value
    for language, values in _values(catalog, chapter, typed).items():
        typed[f"text_{language}"] = first_call(
            catalog,
            RallyKind(kind),
            language,
            network=chapter.network_name,
            **{name: values[name] for name in ("day", "time", "place")},
        )
    return typed


def _values(
    catalog: Catalog, chapter: Chapter, typed: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return what the form's own fields say, in each language, for what stands in braces."""
    day, clock = read_day(typed.get("day", "")), read_clock(typed.get("clock", ""))
    zone = ZoneInfo(chapter.time_zone)
    kind = typed.get("kind", "")
    kind = kind if kind in list(RallyKind) else RallyKind.RALLY.value
    noon = datetime.combine(day, time(12), zone) if day else None
    at = datetime.combine(day or date(2026, 1, 1), clock, zone) if clock else None
    return {
        language: always
        | {
            "event": catalog.word("event", kind, language),
            "weekday": dates.weekday(noon, zone, language) if noon else MISSING,
            "day": dates.day(noon, zone, language) if noon else MISSING,
            "time": dates.time(at, zone) if at else MISSING,
            "place": typed.get("place", "").strip() or MISSING,
        }
        for language, always in plain_values(chapter).items()
    }


def _typed(rally: Rally, zone: str) -> dict[str, str]:
    """Return a draft as its form would have been filled in."""
    starts, ends = (at.astimezone(ZoneInfo(zone)) for at in (rally.starts_at, rally.ends_at))
    return {
        "id": str(rally.id),
        "kind": rally.kind.value,
        "title": rally.title,
        "place": rally.place,
        "day": starts.date().isoformat(),
        "clock": f"{starts:%H:%M}",
        "until": f"{ends:%H:%M}",
        "people_limit": "" if rally.people_limit is None else str(rally.people_limit),
        "text_en": rally.text_en,
        "text_es": rally.text_es,
    }


def _form(
    session: Session, desk: Desk, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None, is_kept: bool = False,
) -> HTMLResponse:  # fmt: skip
    shown = dict(problems or {})
    if "starts_at" in shown:
        shown.setdefault("day", shown.pop("starts_at"))
    if "ends_at" in shown:
        shown.setdefault("until", shown.pop("ends_at"))
    chapter = get_chapter(session, desk.chapter_id)
    values = _values(desk.wiring.catalog, chapter, typed)
    return desk.page(
        "rally_form.html", status=status, typed=typed, problems=shown, kinds=list(RallyKind),
        texts=texts_of(desk, chapter, typed, values), is_kept=is_kept,
        longest_title=LONGEST_TITLE, longest_place=LONGEST_PLACE,
        today=desk.now.astimezone(ZoneInfo(chapter.time_zone)).date(),
    )  # fmt: skip
