"""What an organizer does with a thread: take it, give it on, end it, put a misreading right."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.errors import InvalidValue, NotFound, WrongState
from service.inbox.find import threads_of
from service.inbox.history import Said
from service.inbox.leave import opt_out_by_hand
from service.inbox.tables import Inbound
from service.inbox.threads import assign, finish, get_thread, reopen, thread_for
from service.inbox.waiting import get_text
from service.people.tables import Consent, Person
from service.replies.correct import ANSWERS, Correction, Meant, correct, possible_subjects
from service.web.console.about import abouts
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.inbox import thread_page
from service.web.console.talk import line_of
from service.web.forms import Answers, Form, Sent
from service.web.pages import FormRejected, form_again
from service.web.session import Read, Write

router = APIRouter()

MOST_IN_A_PARTY = 50


@router.post("/inbox/{thread_id}/assign")
def assign_it(session: Write, desk: AtDesk, thread_id: UUID, form: Form) -> Response:
    """Give it to somebody, to oneself where nobody is named; "nobody" puts it back."""
    found, person = get_thread(session, desk.chapter_id, thread_id)
    try:
        if form["organizer_id"] == "nobody":
            reopen(session, found, by=desk.viewer, now=desk.now)
        else:
            chosen = Answers(form).id("organizer_id") or desk.organizer.id
            assign(session, found, chosen, by=desk.viewer, now=desk.now)
    except (WrongState, InvalidValue) as error:
        told = desk.error(error.code)
        page = thread_page(session, desk, found, person, form.typed, status=409, told=told)
        raise FormRejected([], page) from error
    return go_to(f"/inbox/{thread_id}#newest")


@router.post("/inbox/{thread_id}/done")
def finish_it(session: Write, desk: AtDesk, thread_id: UUID) -> Response:
    """Say that it is seen to, and go back to what waits."""
    found, _ = get_thread(session, desk.chapter_id, thread_id)
    finish(session, found, by=desk.viewer, now=desk.now)
    return go_to("/inbox")


@router.post("/inbox/{thread_id}/reopen")
def reopen_it(session: Write, desk: AtDesk, thread_id: UUID) -> Response:
    """Say that it is to be seen to after all."""
    found, _ = get_thread(session, desk.chapter_id, thread_id)
    reopen(session, found, by=desk.viewer, now=desk.now)
    return go_to(f"/inbox/{thread_id}#newest")


@router.get("/inbox/texts/{text_id}/correct")
def confirm_correction(session: Read, desk: AtDesk, text_id: UUID) -> HTMLResponse:
    """Say what will count, what is undone and who is told, before it happens."""
    text = get_text(session, desk.chapter_id, text_id)
    return _correction(session, desk, text, Sent(dict(desk.request.query_params)))


@router.post("/inbox/texts/{text_id}/correct")
def correct_it(session: Write, desk: AtDesk, text_id: UUID, form: Form) -> Response:
    """Let a text count as what was meant."""
    text = get_text(session, desk.chapter_id, text_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _correction(session, desk, text, form, problems=problems, status=status)

    with form_again(again, desk.tell):
        answers = Answers(form)
        party = answers.number("party", None)
        if party is not None and not 1 <= party <= MOST_IN_A_PARTY:
            answers.wrong(InvalidValue("party", "bad_number"))
        answers.done()
        told = Correction(_meant(form), form["about"] or None, party)
        refused = _try(session, desk, text, told)
    if refused is not None:
        page = _correction(session, desk, text, form, told=desk.error(refused.code), status=409)
        raise FormRejected([], page) from refused
    person = session.get_one(Person, text.person_id)
    thread_id = thread_for(session, person, desk.chapter_id, by=desk.viewer, now=desk.now)
    return go_to(f"/inbox/{thread_id}#t-{text.id}")


@router.post("/people/{person_id}/conversation")
def open_conversation(session: Write, desk: AtDesk, person_id: UUID) -> Response:
    """Go to somebody's conversation, which begins here if there is none."""
    person = _person(session, desk, person_id)
    thread_id = thread_for(session, person, desk.chapter_id, by=desk.viewer, now=desk.now)
    return go_to(f"/inbox/{thread_id}#newest")


@router.get("/people/{person_id}/opt-out")
def confirm_opt_out(session: Read, desk: AtDesk, person_id: UUID) -> HTMLResponse:
    """Say what stops, and that only they can come back."""
    return _opt_out(session, desk, _person(session, desk, person_id))


@router.post("/people/{person_id}/opt-out")
def opt_out(session: Write, desk: AtDesk, person_id: UUID, form: Form) -> Response:
    """End somebody's texts, because they said so to one of us."""
    person = _person(session, desk, person_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _opt_out(session, desk, person, problems=problems, status=status)

    with form_again(again, desk.tell):
        if not form.is_ticked("said_so"):
            raise InvalidValue("said_so", "missing")
    opt_out_by_hand(session, desk.outbox, person, by=desk.viewer, now=desk.now)
    thread_id = thread_for(session, person, desk.chapter_id, by=desk.viewer, now=desk.now)
    return go_to(f"/inbox/{thread_id}#newest")


def _meant(sent: Sent) -> Meant:
    if sent["meant"] not in list(Meant):
        raise InvalidValue("meant", "missing")
    return Meant(sent["meant"])


def _person(session: Session, desk: Desk, person_id: UUID) -> Person:
    person = session.get(Person, person_id)
    if (
        person is None
        or not person.is_known_to(desk.chapter_id)
        or person.consent is Consent.ERASED
    ):
        raise NotFound(None, f"no person {person_id}")
    return person


def _try(session: Session, desk: Desk, text: Inbound, told: Correction) -> WrongState | None:
    """Correct it; return why that can't be, or None. InvalidValue goes on to the form."""
    try:
        correct(session, desk.outbox, text, told, by=desk.viewer, now=desk.now)
    except WrongState as error:
        return error
    return None


def _correction(
    session: Session, desk: Desk, text: Inbound, sent: Sent, *, status: int = 200, told: str = "",
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    reader = desk.reader()
    person = session.get_one(Person, text.person_id)
    subjects = possible_subjects(session, text, now=desk.now)
    about = abouts(session, desk, [*subjects, *(one["subject"] for one in text.effects)])
    body = reader.show(text.sealed_text(desk.chapter_id))
    meant = Meant(sent["meant"]) if sent["meant"] in list(Meant) else None
    thread_id = threads_of(session, desk.chapter_id, [person.id]).get(person.id)
    return desk.page(
        "correct.html", status=status, told=told, problems=problems or {},
        typed={**sent.typed, "about": sent["about"] or (subjects[0] if len(subjects) == 1 else "")},
        line=line_of(Said(text.id, text.received_at, body, inbound=text), about, desk.language),
        meant=meant, every=list(Meant), is_answer=meant in ANSWERS,
        events=[(subject, about[subject]) for subject in subjects if subject in about],
        alias=reader.show(person.sealed_alias()), phone_shown=reader.show(person.sealed_phone()),
        back=f"/inbox/{thread_id}" if thread_id else "/inbox",
    )  # fmt: skip


def _opt_out(
    session: Session, desk: Desk, person: Person, *, problems: Mapping[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    reader = desk.reader()
    thread_id = threads_of(session, desk.chapter_id, [person.id]).get(person.id)
    return desk.page(
        "opt_out.html", status=status, problems=problems or {}, typed={}, person=person,
        alias=reader.show(person.sealed_alias()), phone_shown=reader.show(person.sealed_phone()),
        back=f"/inbox/{thread_id}" if thread_id else "/people",
    )  # fmt: skip
