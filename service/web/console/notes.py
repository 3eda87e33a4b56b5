"""Write to people without calling them to anything: an announcement, a word to those who were asked."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.compose import check_places
from service.blasts.drafts import OPEN, Words, get_draft, new_draft, write
from service.blasts.tables import BlastKind, MessageDraft
from service.chapters.find import get_chapter
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.messages.segments import LONGEST_BODY
from service.people.audience import Audience
from service.people.register import LANGUAGES
from service.rallies.draft import LONGEST_TITLE
from service.rallies.find import shown_rally
from service.rallies.letter import places_of, rally_of
from service.rallies.tables import Rally, RallyState
from service.rallies.words import words
from service.rsvps.choose import Answered
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.writing import SAVE, changed, is_change_only, plain_values, texts_of
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()


@router.get("/messages/new")
def new_note(
    session: Read, desk: AtDesk, rally: UUID | None = None, to: Answered = Answered.ASKED
) -> HTMLResponse:
    """Show an empty form. rally, to: it is for those who did this about that rally."""
    typed = {"id": str(new_id())}
    about = None if rally is None else shown_rally(session, desk.chapter_id, rally)
    if about is not None:
        typed |= {"rally": str(about.id), "to": to.value, "title": about.title}
    return _form(session, desk, typed)


@router.post("/messages/new")
def save_new_note(session: Write, desk: AtDesk, form: Form) -> Response:
    """Save a new message and go on to whom it is for; a second click saves the same one."""
    answers = Answers(form)
    about_id = answers.id("rally")
    about = None if about_id is None else shown_rally(session, desk.chapter_id, about_id)
    draft_id = answers.id("id") or new_id()
    if is_change_only(form):
        return _form(session, desk, changed(form))
    subject = f"message:{draft_id.hex}" if about is None else about.subject
    audience = Audience(desk.chapter_id)
    if about is not None and form["to"] in list(Answered):
        audience = Audience(desk.chapter_id, answers=(f"{form['to']} {about.subject}",))
    draft = new_draft(
        session, desk.chapter_id, draft_id, BlastKind.NOTE, subject, audience=audience,
        by=desk.author, now=desk.now,
    )  # fmt: skip
    return _save(session, desk, form, draft)


@router.get("/drafts/{draft_id}/edit")
def edit_note(session: Read, desk: AtDesk, draft_id: UUID, kept: str = "") -> Response:
    """Show a message that is not sent, whole or as it was left."""
    draft = get_draft(session, desk.chapter_id, draft_id)
    if draft.kind is BlastKind.ACTION:
        return go_to(f"/actions/{UUID(draft.subject.partition(':')[2])}/edit")
    rally = rally_of(session, draft.subject) if draft.kind is BlastKind.CALL else None
    if draft.kind is BlastKind.CALL and (rally is None or rally.state is RallyState.DRAFT):
        return go_to(f"/rallies/{UUID(draft.subject.partition(':')[2])}/edit")
    _must_be_open(draft)
    return _form(session, desk, _typed(session, draft), is_kept=bool(kept))


@router.post("/drafts/{draft_id}/edit")
def save_note(session: Write, desk: AtDesk, draft_id: UUID, form: Form) -> Response:
    """Save a message that was changed."""
    draft = get_draft(session, desk.chapter_id, draft_id)
    _must_be_open(draft)
    if is_change_only(form):
        return _form(session, desk, _typed(session, draft) | changed(form))
    return _save(session, desk, form, draft)


def _save(session: Session, desk: Desk, form: Sent, draft: MessageDraft) -> Response:
    whole = Words(form["title"], form["text_en"], form["text_es"])
    if form["action"] == SAVE:
        unfinished = Words(whole.title, whole.text_en, whole.text_es, {"unfinished": "yes"})
        write(session, draft, unfinished, by=desk.author, now=desk.now)
        return go_to(f"/drafts/{draft.id}/edit?kept=yes")

    def again(problems: Mapping[str, str], status: int) -> Response:
        typed = _typed(session, draft) | dict(form.typed)
        return _form(session, desk, typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        answers = Answers(form)
        if len(answers.needed("title")) > LONGEST_TITLE:
            answers.wrong(InvalidValue("title", "too_long", limit=LONGEST_TITLE))
        for language in LANGUAGES:
            if problem := _problem(f"text_{language}", form, draft.subject):
                answers.wrong(problem)
        answers.done()
    write(session, draft, whole, by=desk.author, now=desk.now)
    return go_to(f"/drafts/{draft.id}/people")


def _problem(field: str, form: Sent, subject: str) -> InvalidValue | None:
    if not form[field]:
        return InvalidValue(field, "language_missing")
    if len(form[field]) > LONGEST_BODY:
        return InvalidValue(field, "too_long", limit=LONGEST_BODY)
    return check_places(field, form[field], places_of(subject))


def _typed(session: Session, draft: MessageDraft) -> dict[str, str]:
    rally = rally_of(session, draft.subject)
    about = {} if rally is None else {"rally": str(rally.id)}
    return about | {
        "id": str(draft.id),
        "title": draft.title,
        "text_en": draft.text_en,
        "text_es": draft.text_es,
    }


def _must_be_open(draft: MessageDraft) -> None:
    if draft.state not in OPEN:
        raise WrongState("draft_is_gone", f"draft {draft.id} is {draft.state}")


def _form(
    session: Session, desk: Desk, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None, is_kept: bool = False,
) -> HTMLResponse:  # fmt: skip
    chapter = get_chapter(session, desk.chapter_id)
    rally = (
        shown_rally(session, desk.chapter_id, UUID(typed["rally"])) if typed.get("rally") else None
    )
    return desk.page(
        "note_form.html", status=status, typed=typed, problems=problems or {}, rally=rally,
        texts=texts_of(desk, chapter, typed, _values(session, desk, chapter, rally)), is_kept=is_kept,
        longest_title=LONGEST_TITLE,
    )  # fmt: skip


def _values(
    session: Session, desk: Desk, chapter: Chapter, rally: Rally | None
) -> dict[str, dict[str, str]]:
    values = plain_values(chapter)
    if rally is None:
        return values
    catalog, zone = desk.wiring.catalog, get_chapter(session, rally.chapter_id).time_zone
    return {
        language: always | vars(words(rally, zone, language, catalog))
        for language, always in values.items()
    }
