"""One's own page: a family's dates, a volunteer's promises, what they offer; see, change, take back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.chapters.find import get_chapter
from service.chapters.tables import Chapter, Office
from service.errors import NotFound
from service.people.members import Standing, standings
from service.people.offer import MOST_SEATS, SPOKEN, change_offer, pause
from service.people.register import ROLES
from service.people.tables import Person, Volunteer
from service.replies import own_page
from service.replies.second_chapter import leave_one
from service.web.forms import Answers, Form, read_offer
from service.web.pages import form_again
from service.web.public.visitor import Here, Visiting, clear_cookie, go_to
from service.web.session import Read, Write

router = APIRouter()


@router.get("/mine")
def show(session: Read, here: Here) -> HTMLResponse:
    """Show what is theirs."""
    return _mine(session, here, here.person(session), {})


@router.get("/mine/dates/{checkin_id}/change")
def change(session: Read, here: Here, checkin_id: UUID) -> HTMLResponse:
    """Ask what should change."""
    return _change(session, here, here.person(session), checkin_id, {})


@router.post("/mine/dates/{checkin_id}/change")
def ask_change(session: Write, here: Here, checkin_id: UUID, form: Form) -> Response:
    """Leave it to a person to call."""
    person = here.person(session)
    checkin = own_page.own_date(session, person, checkin_id, now=here.now)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _change(
            session, here, person, checkin_id, form.typed, problems=problems, status=status
        )

    with form_again(again, here.tell(person)):
        own_page.ask_for_change(session, here.outbox, person, checkin, form["words"], now=here.now)
    return go_to("/mine?did=change")


@router.get("/mine/dates/{checkin_id}/delete")
def sure_delete(session: Read, here: Here, checkin_id: UUID) -> HTMLResponse:
    """Ask whether they mean it: who said yes to come is told."""
    person = here.person(session)
    checkin = own_page.own_date(session, person, checkin_id, now=here.now)
    zone = session.get_one(Office, checkin.office_id).time_zone
    return here.page(
        session, person, "mine_sure.html", what="delete", starts_at=checkin.starts_at, zone=zone,
        action=f"/mine/dates/{checkin_id}/delete",
    )  # fmt: skip


@router.post("/mine/dates/{checkin_id}/delete")
def delete(session: Write, here: Here, checkin_id: UUID) -> Response:
    """Take one of their dates off our list."""
    person = here.person(session)
    checkin = own_page.own_date(session, person, checkin_id, now=here.now)
    own_page.delete_date(session, here.outbox, checkin, now=here.now)
    return go_to("/mine?did=delete")


@router.get("/mine/promises/{kind}/{event_id}/decline")
def sure_decline(session: Read, here: Here, kind: str, event_id: UUID) -> HTMLResponse:
    """Ask whether they mean it: the place goes to somebody else."""
    person = here.person(session)
    subject = f"{kind}:{event_id.hex}"
    found = [
        one for one in own_page.promises(session, person, now=here.now) if one.subject == subject
    ]
    if not found:
        raise NotFound(None, f"no promise of theirs: {subject}")
    return here.page(
        session, person, "mine_sure.html", what="decline", starts_at=found[0].starts_at,
        zone=found[0].time_zone, action=f"/mine/promises/{kind}/{event_id}/decline",
    )  # fmt: skip


@router.post("/mine/promises/{kind}/{event_id}/decline")
def decline(session: Write, here: Here, kind: str, event_id: UUID) -> Response:
    """Take a yes back."""
    person = here.person(session)
    own_page.decline(session, here.outbox, person, f"{kind}:{event_id.hex}", now=here.now)
    return go_to("/mine?did=decline")


@router.post("/mine/offer")
def save_offer(session: Write, here: Here, form: Form) -> Response:
    """Write down what they offer."""
    person = here.person(session)
    volunteer = _volunteer(session, person)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _mine(session, here, person, form.typed, problems=problems, status=status)

    with form_again(again, here.tell(person)):
        offered = read_offer(form)
    change_offer(session, person, volunteer, offered)
    return go_to("/mine?did=offer")


@router.post("/mine/pause")
def rest(session: Write, here: Here, form: Form) -> Response:
    """Ask them nothing until a day, or again from now on: in one of their groups, or in all."""
    person = here.person(session)
    _volunteer(session, person)
    resting = [
        standing
        for chapter_id, standing in standings(session, person)
        if form["group"] in ("", chapter_id.hex)
    ]

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _mine(session, here, person, form.typed, problems=problems, status=status)

    with form_again(again, here.tell(person)):
        until: datetime | None = None
        if not form.is_ticked("go_on"):
            answers = Answers(form)
            day = answers.day("until")
            answers.done()
            zone = ZoneInfo(get_chapter(session, person.chapter_id).time_zone)
            until = datetime.combine(day, time(0), zone) if day else None
        pause(session, resting, until, now=here.now)
    return go_to("/mine?did=" + ("go_on" if until is None else "pause"))


@router.get("/mine/groups/{chapter_id}/leave")
def sure_leave_group(session: Read, here: Here, chapter_id: UUID) -> HTMLResponse:
    """Ask whether they mean it: what they promised that group goes to others."""
    person = here.person(session)
    _group(session, person, chapter_id)
    return here.page(
        session, person, "mine_sure.html", what="leave_group", starts_at=None, zone="",
        action=f"/mine/groups/{chapter_id}/leave",
    )  # fmt: skip


@router.post("/mine/groups/{chapter_id}/leave")
def leave_group(session: Write, here: Here, chapter_id: UUID) -> Response:
    """Leave one of several groups; the others go on."""
    person = here.person(session)
    _group(session, person, chapter_id)
    leave_one(session, here.outbox, person, chapter_id, now=here.now)
    return go_to("/mine?did=leave_group")


@router.get("/mine/leave")
def sure_leave(session: Read, here: Here) -> HTMLResponse:
    """Ask whether they mean it: their places go to others."""
    return here.page(
        session, here.person(session), "mine_sure.html", what="leave", action="/mine/leave",
        starts_at=None, zone="",
    )  # fmt: skip


@router.post("/mine/leave")
def leave(session: Write, here: Here) -> Response:
    """End our texts to them."""
    person = here.person(session)
    own_page.leave(session, here.outbox, person, now=here.now)
    return _gone(session, here, person, "leave")


@router.get("/mine/erase")
def sure_erase(session: Read, here: Here) -> HTMLResponse:
    """Ask whether they mean it: nothing of it can be undone."""
    return here.page(
        session, here.person(session), "mine_sure.html", what="erase", action="/mine/erase",
        starts_at=None, zone="",
    )  # fmt: skip


@router.post("/mine/erase")
def erase(session: Write, here: Here) -> Response:
    """Take back what is theirs, and forget them."""
    person = here.person(session)
    own_page.erase(session, here.outbox, person, now=here.now)
    return _gone(session, here, person, "erase")


def _gone(session: Session, here: Visiting, person: Person, what: str) -> Response:
    answer = here.page(session, person, "mine_gone.html", what=what)
    clear_cookie(answer, here.wiring)
    return answer


def _groups(session: Session, person: Person) -> list[tuple[Chapter, Standing]]:
    """Return the groups of somebody in several, with what each says of them; else none."""
    found = standings(session, person)
    return [(get_chapter(session, each), one) for each, one in found] if len(found) > 1 else []


def _group(session: Session, person: Person, chapter_id: UUID) -> None:
    if chapter_id not in {chapter.id for chapter, _ in _groups(session, person)}:
        raise NotFound(None, f"no group {chapter_id} of several")


def _volunteer(session: Session, person: Person) -> Volunteer:
    found = session.get(Volunteer, person.id)
    if found is None:
        raise NotFound(None, "no volunteer")
    return found


DID = (
    "change", "ride", "delete", "decline", "offer", "pause", "go_on", "calendar", "leave_group",
)  # fmt: skip


def _mine(
    session: Session, here: Visiting, person: Person, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    volunteer = session.get(Volunteer, person.id)
    dates = [
        (checkin, session.get_one(Office, checkin.office_id))
        for checkin in own_page.own_dates(session, person, now=here.now)
    ]
    did = here.request.query_params.get("did", "")
    paused = volunteer is not None and (volunteer.paused_until or here.now) > here.now
    return here.page(
        session, person, "mine.html", status=status, problems=problems or {},
        typed=typed or _as_typed(person, volunteer), dates=dates,
        promises=own_page.promises(session, person, now=here.now), is_paused=paused,
        groups=_groups(session, person),
        did=did if did in DID else "", spoken=SPOKEN, roles=ROLES, most_seats=MOST_SEATS,
        path="/mine", zone=get_chapter(session, person.chapter_id).time_zone,
        today=here.now.date(),
    )  # fmt: skip


def _as_typed(person: Person, volunteer: Volunteer | None) -> dict[str, str]:
    typed = {"language": person.language, "area": person.area}
    if volunteer is not None:
        typed |= {f"speaks_{code}": "yes" for code in volunteer.languages}
        typed |= {f"role_{role}": "yes" for role in volunteer.roles}
        typed["car_seats"] = str(volunteer.car_seats)
    return typed


def _change(
    session: Session, here: Visiting, person: Person, checkin_id: UUID, typed: Mapping[str, str], *,
    problems: Mapping[str, str] | None = None, status: int = 200,
) -> HTMLResponse:  # fmt: skip
    checkin = own_page.own_date(session, person, checkin_id, now=here.now)
    return here.page(
        session, person, "mine_change.html", status=status, typed=typed, problems=problems or {},
        checkin=checkin, office=session.get_one(Office, checkin.office_id),
    )  # fmt: skip
