"""The inbox: who wrote and waits, longest first; one thread as a conversation, and a reply to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.accounts.organizers import list_organizers
from service.chapters.find import get_chapter
from service.chapters.own_texts import Canned
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.inbox.answer import LONGEST_ANSWER, answer, was_answered_since, was_sent
from service.inbox.find import Kind, Row, Shown, count_threads, find_threads, kind_of
from service.inbox.tables import Thread
from service.inbox.threads import get_thread
from service.messages.segments import EmptyText
from service.people.tables import Consent, Person
from service.privacy.policy import Field as Personal
from service.privacy.policy import Sight, sight
from service.privacy.scrub import scrub
from service.web.console.canned import replies_at_hand
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import Bubble, bubbles
from service.web.console.talk import talk
from service.web.forms import Answers, Form, Sent
from service.web.pages import FormRejected
from service.web.session import Read, Write

router = APIRouter()

A_PAGE = 25
LOOK = "look"  # the button that shows the text as it will arrive


@dataclass(frozen=True)
class ThreadCard:
    """One thread of the list, masked. `body`: what they wrote last, "" where it is not shown."""

    row: Row
    alias: str
    phone: str
    body: str
    has_it: str  # the name of whoever sees to it


@router.get("/inbox")
def inbox(
    session: Read, desk: AtDesk, show: Shown = Shown.WAITING, after: UUID | None = None
) -> HTMLResponse:
    """List threads, a page at a time."""
    me = desk.organizer.id
    rows = find_threads(session, desk.chapter_id, show, me=me, after=after, limit=A_PAGE + 1)
    page = rows[:A_PAGE]
    return desk.page(
        "inbox.html",
        cards=_cards(session, desk, page),
        show=show,
        views=list(Shown),
        counts=count_threads(session, desk.chapter_id, me=me),
        zone=get_chapter(session, desk.chapter_id).time_zone,
        is_first=after is None,
        next_after=page[-1].thread.id if len(rows) > A_PAGE else None,
    )


@router.get("/inbox/{thread_id}")
def thread(
    session: Read, desk: AtDesk, thread_id: UUID, before: UUID | None = None
) -> HTMLResponse:
    """Show one thread."""
    found, person = get_thread(session, desk.chapter_id, thread_id)
    return thread_page(session, desk, found, person, {"id": str(new_id())}, before=before)


@router.post("/inbox/{thread_id}/reply")
def reply(session: Write, desk: AtDesk, thread_id: UUID, form: Form) -> Response:
    """Send a reply, once; or fill in one that is at hand, or show how it will arrive.

    Where somebody has answered meanwhile the page comes back, once, with what was typed: then the
    organizer chooses.
    """
    found, person = get_thread(session, desk.chapter_id, thread_id)
    if form["canned"]:
        return thread_page(session, desk, found, person, _filled_in(session, desk, form))
    words = form["words"].replace("\r\n", "\n")
    problems = _problems(words)
    if problems or form["action"] == LOOK:
        status = 422 if problems else 200
        return thread_page(
            session, desk, found, person, form.typed, problems=desk.tell(problems), status=status,
            preview=not problems,
        )  # fmt: skip
    answer_id = Answers(form).id("id") or new_id()
    if was_sent(session, found, answer_id):
        return go_to(f"/inbox/{thread_id}#newest")
    if was_answered_since(session, found, _seen(form)):
        return thread_page(session, desk, found, person, form.typed, status=409, overtaken=True)
    _send(session, desk, found, person, form, answer_id)
    return go_to(f"/inbox/{thread_id}#newest")


def thread_page(
    session: Session, desk: Desk, found: Thread, person: Person, typed: Mapping[str, str], *,
    status: int = 200, before: UUID | None = None, preview: bool = False, told: str = "",
    **context: Any,
) -> HTMLResponse:  # fmt: skip
    """Return a thread's page. preview: show what was typed as it will arrive; told: what went wrong."""
    reader, chapter = desk.reader(), get_chapter(session, desk.chapter_id)
    organizers = [one for one in list_organizers(session, desk.chapter_id) if one.is_active]
    lines, older = talk(session, desk, person, before=before)
    opening = f"{chapter.network_name}: "
    shown: dict[str, Any] = {"problems": {}, "overtaken": False}
    return desk.page(
        "thread.html", status=status, thread=found, person=person, typed=typed, lines=lines,
        older=older, is_newest=before is None, told=told, opening=opening,
        alias=reader.show(person.sealed_alias()), phone_shown=reader.show(person.sealed_phone()),
        kind=kind_of(session, person.id, desk.chapter_id), kinds=Kind, organizers=organizers,
        has_it=_name_of(organizers, found.assigned_to), zone=chapter.time_zone,
        replies=_in_their_language(replies_at_hand(session, desk), person.language),
        other_replies=_in_their_language(replies_at_hand(session, desk), _other(person.language)),
        their_language=person.language, their_other_language=_other(person.language),
        bubble=_bubble(opening, typed, person.language) if preview else None,
        seen=found.answered_at.isoformat() if found.answered_at else "",
        longest=LONGEST_ANSWER, can_reply=_can_reply(person), is_hidden=_is_hidden(desk),
        **(shown | context),
    )  # fmt: skip


def _send(
    session: Session, desk: Desk, found: Thread, person: Person, form: Sent, answer_id: UUID
) -> None:
    """Write the reply. Raises FormRejected, with what was typed, where it can't be sent."""
    words = form["words"].replace("\r\n", "\n")
    try:
        answer(
            session, desk.outbox, found, words, answer_id=answer_id, by=desk.viewer, now=desk.now
        )
    except (WrongState, InvalidValue) as error:
        told = desk.error(error.code)
        page = thread_page(session, desk, found, person, form.typed, status=409, told=told)
        raise FormRejected([], page) from error


def _problems(words: str) -> list[InvalidValue]:
    if not words.strip():
        return [EmptyText("words")]
    if len(words) > LONGEST_ANSWER:
        return [InvalidValue("words", "too_long", limit=LONGEST_ANSWER)]
    if scrub(words) != words:
        return [InvalidValue("words", "never_kept")]
    return []


def _filled_in(session: Session, desk: Desk, form: Sent) -> dict[str, str]:
    """Return the form with a reply at hand in it, "key language": put behind what was typed."""
    key, _, language = form["canned"].partition(" ")
    for one in replies_at_hand(session, desk):
        if one.key == key and one.says.get(language):
            return {
                **form.typed,
                "words": " ".join(filter(None, (form["words"], one.says[language]))),
            }
    return dict(form.typed)


def _seen(form: Sent) -> datetime | None:
    try:
        return datetime.fromisoformat(form["seen"])
    except ValueError:
        return None


def _cards(session: Session, desk: Desk, rows: list[Row]) -> list[ThreadCard]:
    organizers = list_organizers(session, desk.chapter_id)
    reader = desk.reader()
    reader.fetch_keys([row.person.sealed_phone() for row in rows])
    return [
        ThreadCard(
            row,
            reader.show(row.person.sealed_alias()),
            reader.show(row.person.sealed_phone()),
            reader.show(row.newest.sealed_text(desk.chapter_id)) if row.newest else "",
            _name_of(organizers, row.thread.assigned_to),
        )
        for row in rows
    ]


def _name_of(organizers: Any, organizer_id: UUID | None) -> str:
    return next((one.name for one in organizers if one.id == organizer_id), "")


def _in_their_language(replies: list[Canned], language: str) -> list[tuple[str, str]]:
    return [
        (f"{one.key} {language}", one.says[language]) for one in replies if one.says.get(language)
    ]


def _other(language: str) -> str:
    return "es" if language == "en" else "en"


def _bubble(opening: str, typed: Mapping[str, str], language: str) -> Bubble:
    return bubbles({language: opening + typed.get("words", "").strip()})[0]


def _can_reply(person: Person) -> str:
    """Return why nobody can reply by text, or ""."""
    if person.consent in (Consent.OPTED_OUT, Consent.ERASED):
        return person.consent.value
    return "unreachable" if person.is_unreachable else ""


def _is_hidden(desk: Desk) -> bool:
    return sight(desk.viewer, Personal.MESSAGE, desk.chapter_id) is Sight.HIDDEN
