"""Whom a message is for: chosen on one page, counted as it is chosen, with who is left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Request
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.blasts.drafts import OPEN, aim, audience_of, get_draft
from service.blasts.tables import MessageDraft
from service.chapters.find import get_chapter
from service.errors import InvalidForm, InvalidValue, WrongState
from service.people.area import distance_miles
from service.people.audience import Audience, Count, areas_of
from service.people.register import LANGUAGES, ROLES
from service.rallies.find import lately
from service.rallies.letter import letter_of, rally_of
from service.rallies.tables import Rally, RallyKind
from service.rsvps.choose import Answered, count_people, read_answered
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.writing import COUNT
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

MOST_MILES = 500
USUAL_MILES = 25
DID = (Answered.SAID_YES, Answered.SAID_MAYBE, Answered.SILENT, Answered.ASKED)


@router.get("/drafts/{draft_id}/people")
def people(session: Read, desk: AtDesk, draft_id: UUID) -> HTMLResponse:
    """Show whom the message is for, how many that are, and who does not get it and why."""
    draft = _open(session, desk, draft_id)
    return _page(session, desk, draft, _typed(audience_of(draft)))


@router.get("/drafts/{draft_id}/count")
def count(request: Request, session: Read, desk: AtDesk, draft_id: UUID) -> HTMLResponse:
    """Count along while somebody chooses; nothing is saved."""
    draft = _open(session, desk, draft_id)
    return _page(session, desk, draft, dict(request.query_params))


@router.post("/drafts/{draft_id}/people")
def choose(session: Write, desk: AtDesk, draft_id: UUID, form: Form) -> Response:
    """Save whom the message is for, and go on to the last look."""
    draft = _open(session, desk, draft_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, draft, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        audience = read_audience(desk.chapter_id, form)
    if form["action"] == COUNT:
        return _page(session, desk, draft, form.typed)
    aim(session, draft, audience, by=desk.author, now=desk.now)
    return go_to(f"/drafts/{draft.id}/send")


def read_audience(chapter_id: UUID, form: Sent) -> Audience:
    """Return the audience that the form describes. Raises InvalidForm."""
    answers = Answers(form)
    miles = answers.number("within_miles", USUAL_MILES) or 0
    if form["near"] and not 1 <= miles <= MOST_MILES:
        answers.wrong(InvalidValue("within_miles", "bad_miles"))
    if form["near"] and not _is_known(form["near"]):
        answers.wrong(InvalidValue("near", "area_not_known"))
    answers.done()
    told = [f"{form['did']} {form['did_about']}" if form["did_about"] else ""]
    told.append(f"{Answered.CAME} {form['came_to']}" if form["came_to"] else "")
    vetting = form["min_vetting"]
    return Audience(
        chapter_id,
        min_vetting=int(vetting) if vetting in ("1", "2", "3") else 0,
        languages=tuple(each for each in LANGUAGES if form.is_ticked(f"reads_{each}")),
        areas=(form["area"],) if form["area"] else (),
        near=form["near"],
        within_miles=miles if form["near"] else 0,
        roles=tuple(role for role in ROLES if form.is_ticked(f"role_{role}")),
        speaks=tuple(each for each in LANGUAGES if form.is_ticked(f"speaks_{each}")),
        answers=tuple(each for each in told if read_answered(each) is not None),
    )


def describe(desk: Desk, audience: Audience, titles: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the choices as (which words of `chosen` tell it, what fills them in); empty for all."""
    catalog, told = desk.wiring.catalog, []
    if audience.min_vetting:
        told.append(("vetting", str(audience.min_vetting)))
    for name, group in (("languages", "language"), ("roles", "role"), ("speaks", "language")):
        if chosen := getattr(audience, name):
            words = [catalog.word(group, each, desk.language) for each in chosen]
            told.append((name, ", ".join(words)))
    if audience.areas:
        told.append(("areas", ", ".join(audience.areas)))
    if audience.near:
        told.append(("near", f"{audience.near}: {audience.within_miles}"))
    for each in audience.answers:
        if (read := read_answered(each)) is not None:
            told.append((read[0].value, titles.get(read[1], "?")))
    return told


def titles_of(session: Session, audience: Audience) -> dict[str, str]:
    """Return the titles of the events that an audience names, by subject."""
    read = filter(None, map(read_answered, audience.answers))
    found = {subject: rally_of(session, subject) for _, subject in read}
    return {subject: rally.title for subject, rally in found.items() if rally is not None}


def _is_known(place: str) -> bool:
    """Whether anybody can tell how far that is from anywhere: measured to the middle of the country."""
    return distance_miles(place, "665") is not None


def _typed(audience: Audience) -> dict[str, str]:
    """Return an audience as its form would have been filled in."""
    typed = {
        "min_vetting": str(audience.min_vetting),
        "area": audience.areas[0] if audience.areas else "",
        "near": audience.near,
        "within_miles": str(audience.within_miles or USUAL_MILES),
    }
    for prefix, chosen in (("reads", "languages"), ("role", "roles"), ("speaks", "speaks")):
        typed |= {f"{prefix}_{each}": "yes" for each in getattr(audience, chosen)}
    for each in audience.answers:
        if (read := read_answered(each)) is not None:
            is_training = read[0] is Answered.CAME
            typed |= {"came_to": read[1]} if is_training else {"did": read[0], "did_about": read[1]}
    return typed


def _open(session: Session, desk: Desk, draft_id: UUID) -> MessageDraft:
    draft = get_draft(session, desk.chapter_id, draft_id)
    if draft.state not in OPEN:
        raise WrongState("draft_is_gone", f"draft {draft.id} is {draft.state}")
    return draft


def _page(
    session: Session, desk: Desk, draft: MessageDraft, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    chapter = get_chapter(session, desk.chapter_id)
    letter = letter_of(session, desk.wiring.catalog, draft, now=desk.now)
    counted: Count | None = None
    try:
        audience = read_audience(desk.chapter_id, Sent(typed))
        counted = count_people(session, audience, calls_to=letter.calls_to, now=desk.now)
    except InvalidForm as error:
        problems = desk.tell(error.problems)
    events: list[Rally] = list(lately(session, desk.chapter_id, now=desk.now))
    return desk.page(
        "audience.html", status=status, typed=typed, problems=problems or {}, draft=draft,
        counted=counted, chapter=chapter, areas=areas_of(session, desk.chapter_id),
        languages=LANGUAGES, roles=ROLES, did=DID, zone=chapter.time_zone,
        events=[rally for rally in events if rally.id.hex not in draft.subject or not letter.is_call],
        trainings=[rally for rally in events if rally.kind is RallyKind.TRAINING],
    )  # fmt: skip
