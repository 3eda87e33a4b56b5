"""A rally after its call: another time or place, all clear, and who came."""

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
from service.db import new_id
from service.errors import InvalidForm, InvalidValue, WrongState
from service.people.find import people_by_id
from service.people.members import as_seen, standing_of, volunteers_in
from service.people.phone import read_phone
from service.people.register import find_person
from service.people.tables import VETTED_LEVEL
from service.people.vet import set_vetting
from service.rallies.cancel import stand_down
from service.rallies.close import close, who_came
from service.rallies.draft import LONGEST_PLACE
from service.rallies.find import get_rally, shown_rally
from service.rallies.more import draft_more
from service.rallies.move import Where, check_change, move, refuse_before_the_call
from service.rallies.rules import TOLD
from service.rallies.tables import Rally, RallyKind, RallyState
from service.rallies.tell import Whom, count_told, people_to_tell
from service.rallies.together import open_to_chapters
from service.rallies.words import bodies_after
from service.rsvps.ask import count_asked
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import RsvpState
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import bubbles
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

SEND = "send"  # the buttons of the check page
CHANGE = "change"
REFUSED = (RsvpState.NO, RsvpState.WITHDRAWN)


@dataclass(frozen=True)
class Seen:
    """Somebody who may have come, masked. `vetting` None: no volunteer any more."""

    person_id: UUID
    alias: str
    phone: str
    answer: str
    came: bool
    vetting: int | None


# --- more people ---------------------------------------------------------------------------------


@router.post("/rallies/{rally_id}/more")
def begin_more(session: Write, desk: AtDesk, rally_id: UUID) -> Response:
    """Open a further call, or the one that is open; whom it goes to and how it reads comes next.

    Another chapter's rally is joined by this: once the call is sent.
    """
    rally = shown_rally(session, desk.chapter_id, rally_id)
    draft = draft_more(session, rally, desk.chapter_id, by=desk.author, now=desk.now)
    return go_to(f"/drafts/{draft.id}/people")


@router.post("/rallies/{rally_id}/open")
def open_rally(session: Write, desk: AtDesk, rally_id: UUID, form: Form) -> Response:
    """Let other chapters join it with their own people, or no further one."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    open_to_chapters(
        session, rally, is_open=form.is_ticked("is_open"), by=desk.viewer, now=desk.now
    )
    return go_to(f"/rallies/{rally.id}")


# --- another time or place -------------------------------------------------------------------------


@router.get("/rallies/{rally_id}/move")
def edit_where(session: Read, desk: AtDesk, rally_id: UUID) -> HTMLResponse:
    """Show when and where it is, to be changed."""
    rally = _told(session, desk, rally_id)
    return _move_form(session, desk, rally, _typed(session, desk, rally))


@router.post("/rallies/{rally_id}/move")
def move_rally(session: Write, desk: AtDesk, rally_id: UUID, form: Form) -> Response:
    """Show what people will be told; then move it and tell them."""
    rally = get_rally(session, desk.chapter_id, rally_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _move_form(session, desk, rally, form.typed, problems=problems, status=status)

    if form["action"] == CHANGE:
        return _move_form(session, desk, rally, form.typed)
    with form_again(again, desk.tell):
        whom = Whom.COMING if form["whom"] == Whom.COMING else Whom.ASKED
        where = _read_where(form, rally, get_chapter(session, desk.chapter_id).time_zone)
        if form["action"] != SEND:
            return _check(session, desk, rally, where, whom, form)
        try:
            blast = move(
                session, desk.wiring.catalog, rally, where, whom=whom,
                blast_id=Answers(form).id("blast_id") or new_id(), by=desk.viewer, now=desk.now,
            )  # fmt: skip
        except InvalidForm as error:
            raise _beside_fields(error) from error
    return go_to(f"/rallies/{rally.id}" if blast is None else f"/messages/{blast.id}")


def _check(
    session: Session, desk: Desk, rally: Rally, where: Where, whom: Whom, form: Sent
) -> HTMLResponse:
    try:
        template = check_change(rally, where, now=desk.now)
    except InvalidForm as error:
        raise _beside_fields(error) from error
    refuse_before_the_call(session, rally)
    count = count_told(session, rally, people_to_tell(session, rally, whom), now=desk.now)
    told = bodies_after(session, desk.wiring.catalog, rally, template, where.starts_at, where.place)
    return desk.page(
        "rally_move_check.html", rally=rally, where=where, typed=form.typed, audience=count,
        bubbles=bubbles(told, count.by_language), blast_id=str(new_id()), whom=whom,
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )  # fmt: skip


def _told(session: Session, desk: Desk, rally_id: UUID) -> Rally:
    rally = get_rally(session, desk.chapter_id, rally_id)
    if rally.state not in TOLD:
        raise WrongState("rally_not_in_state", f"rally {rally.id} is {rally.state}")
    return rally


def _typed(session: Session, desk: Desk, rally: Rally) -> dict[str, str]:
    zone = ZoneInfo(get_chapter(session, desk.chapter_id).time_zone)
    starts, ends = (at.astimezone(zone) for at in (rally.starts_at, rally.ends_at))
    return {
        "place": rally.place, "day": starts.date().isoformat(), "clock": f"{starts:%H:%M}",
        "until": f"{ends:%H:%M}", "whom": Whom.ASKED.value,
    }  # fmt: skip


def _read_where(form: Sent, rally: Rally, zone: str) -> Where:
    answers = Answers(form)
    starts_at = answers.moment("day", "clock", zone)
    ends_at = answers.moment("day", "until", zone)
    answers.done()
    if starts_at is None or ends_at is None:
        raise InvalidValue("day", "missing")
    if ends_at <= starts_at:
        ends_at += timedelta(days=1)  # until after midnight
    begins = rally.starts_at if starts_at == _minute(rally.starts_at) else starts_at
    return Where(begins, ends_at, form["place"])


def _minute(at: datetime) -> datetime:
    """Return a moment as a form can say it."""
    return at.replace(second=0, microsecond=0)


def _beside_fields(error: InvalidForm) -> InvalidForm:
    """Return the same problems under the names that the form gives its fields."""
    names = {"starts_at": "day", "ends_at": "until"}
    return InvalidForm(
        [
            InvalidValue(names.get(one.field, one.field), one.code, **one.values)
            for one in error.problems
        ]
    )


def _move_form(
    session: Session, desk: Desk, rally: Rally, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    zone = get_chapter(session, desk.chapter_id).time_zone
    return desk.page(
        "rally_move.html", status=status, typed=typed, problems=problems or {}, rally=rally,
        zone=zone, longest_place=LONGEST_PLACE, today=desk.now.astimezone(ZoneInfo(zone)).date(),
        asked=len(people_to_tell(session, rally, Whom.ASKED)),
        coming=len(people_to_tell(session, rally, Whom.COMING)),
    )  # fmt: skip


# --- all clear -------------------------------------------------------------------------------------


@router.get("/rallies/{rally_id}/all-clear")
def confirm_stand_down(session: Read, desk: AtDesk, rally_id: UUID) -> HTMLResponse:
    """Say who will be told that nobody is needed any more."""
    rally = _told(session, desk, rally_id)
    return desk.page(
        "rally_all_clear.html", rally=rally,
        asked=count_asked(session, [rally.subject]).get(rally.subject, 0),
        zone=get_chapter(session, desk.chapter_id).time_zone,
    )  # fmt: skip


@router.post("/rallies/{rally_id}/all-clear")
def stand_rally_down(session: Write, desk: AtDesk, rally_id: UUID) -> Response:
    """Tell them; it is over."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    blast = stand_down(session, desk.wiring.catalog, rally, by=desk.viewer, now=desk.now)
    return go_to(f"/rallies/{rally.id}" if blast is None else f"/messages/{blast.id}")


# --- who came --------------------------------------------------------------------------------------


@router.get("/rallies/{rally_id}/close")
def edit_attendance(session: Read, desk: AtDesk, rally_id: UUID) -> HTMLResponse:
    """Ask how many came; for a training, who."""
    rally = get_rally(session, desk.chapter_id, rally_id)
    if rally.state not in (*TOLD, RallyState.CLOSED) or rally.starts_at > desk.now:
        raise WrongState("rally_not_begun", f"rally {rally.id} is {rally.state}")
    typed = {} if rally.people_came is None else {"people_came": str(rally.people_came)}
    return _close_form(session, desk, rally, typed)


@router.post("/rallies/{rally_id}/close")
def close_rally(session: Write, desk: AtDesk, rally_id: UUID, form: Form) -> Response:
    """Write it down; the rally is over. Can be done again: the newest count stands."""
    rally = get_rally(session, desk.chapter_id, rally_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _close_form(session, desk, rally, form.typed, problems=problems, status=status)

    with form_again(again, desk.tell):
        answers = Answers(form)
        count = answers.number("people_came", None)
        also = answers.read(lambda: _also(session, desk, form), None)
        answers.done()
        listed = _seen(session, desk, rally)
        came = {one.person_id for one in listed if form.is_ticked(f"came_{one.person_id.hex}")}
        came |= {also} if also else set()
        close(session, rally, people_came=count, came=came, by=desk.viewer, now=desk.now)
        if rally.kind is RallyKind.TRAINING:
            _vet(session, desk, rally, form)
    stays = rally.kind is RallyKind.TRAINING
    return go_to(f"/rallies/{rally.id}/close" if stays else f"/rallies/{rally.id}")


def _also(session: Session, desk: Desk, form: Sent) -> UUID | None:
    """Return the volunteer whose number was typed: somebody who came and had not answered."""
    if not form["phone"]:
        return None
    phone = read_phone(form["phone"], desk.wiring.settings.countries)
    person = find_person(session, desk.wiring.keyring, phone)
    if person is None or as_seen(session, person, desk.chapter_id) is None:
        raise InvalidValue("phone", "not_on_list")
    return person.id


def _vet(session: Session, desk: Desk, rally: Rally, form: Sent) -> None:
    """Raise to vetted whom the organizer ticked, of those who were there. Nobody is lowered."""
    for person_id in who_came(session, rally.id):
        standing = standing_of(session, person_id, desk.chapter_id)
        is_ticked = form.is_ticked(f"vet_{person_id.hex}")
        if standing is not None and is_ticked and standing.vetting < VETTED_LEVEL:
            set_vetting(session, standing, VETTED_LEVEL, by=desk.viewer, now=desk.now)


def _seen(session: Session, desk: Desk, rally: Rally) -> Sequence[Seen]:
    """Return who may have come: whoever did not refuse, and who was seen there."""
    answers = rsvps_of(session, [rally.subject])[rally.subject]
    came = who_came(session, rally.id)
    said = {r.person_id: r.state.value for r in answers if r.state not in REFUSED}
    both = list(said) + [person_id for person_id in came if person_id not in said]
    found = people_by_id(session, both)
    ids = [one for one in both if found[one].is_known_to(desk.chapter_id)]  # no other chapter's
    people = {person_id: found[person_id] for person_id in ids}
    offers = volunteers_in(session, ids, desk.chapter_id)
    reader = desk.reader()
    reader.fetch_keys([person.sealed_phone() for person in people.values()])
    return [
        Seen(
            person_id,
            reader.show(people[person_id].sealed_alias()),
            reader.show(people[person_id].sealed_phone()),
            said.get(person_id, ""),
            person_id in came,
            offers[person_id].vetting if person_id in offers else None,
        )
        for person_id in ids
    ]


def _close_form(
    session: Session, desk: Desk, rally: Rally, typed: Mapping[str, str], *, status: int = 200,
    problems: Mapping[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    return desk.page(
        "rally_close.html", status=status, typed=typed, problems=problems or {}, rally=rally,
        seen=_seen(session, desk, rally), zone=get_chapter(session, desk.chapter_id).time_zone,
        is_training=rally.kind is RallyKind.TRAINING, vetted_level=VETTED_LEVEL,
    )  # fmt: skip
