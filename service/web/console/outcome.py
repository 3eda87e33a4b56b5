"""How an appointment ended, as an organizer writes it down; and what the family says to publicity."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.checkins.find import get_checkin_or_drill
from service.checkins.outcome.record import Ended, check_ended, record_outcome
from service.checkins.outcome.rules import DRAFTED, GRAVE, NOT_AN_END, TOLD, WITH_A_DEADLINE
from service.checkins.outcome.tell import legal_contacts, organizers_of
from service.checkins.tables import CheckIn, Outcome, Publicity
from service.errors import InvalidForm, InvalidValue
from service.privacy import audit
from service.rsvps.respond import rsvps_of
from service.rsvps.tables import COMING, RsvpState
from service.web.console.cards import checkin_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()


@router.get("/checkins/{checkin_id}/outcome")
def confirm_outcome(session: Read, desk: AtDesk, checkin_id: UUID) -> HTMLResponse:
    """Say who will be told of the outcome in the address, before it counts."""
    sent = Sent(dict(desk.request.query_params))
    problems: Mapping[str, str] = {}
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    chosen = None
    if sent.typed:
        try:
            chosen = _read(sent)
            check_ended(checkin, chosen, now=desk.now)
        except InvalidForm as error:
            problems = desk.tell(error.problems)
        except InvalidValue as error:
            wrong = InvalidValue("deadline_on", error.code)
            chosen, problems = None, desk.tell([wrong])
    else:
        check_ended(checkin, Ended(Outcome.UNKNOWN), now=desk.now)
    return _page(session, desk, checkin, sent.typed, chosen, problems=problems)


@router.post("/checkins/{checkin_id}/outcome")
def write_outcome(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Write it down; whom it concerns is told at once."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, checkin, form.typed, None, problems=problems, status=status)

    with form_again(again, desk.tell):
        record_outcome(session, desk.outbox, checkin, _read(form), by=desk.viewer, now=desk.now)
    return go_to(f"/checkins/{checkin_id}")


@router.post("/checkins/{checkin_id}/publicity")
def say_publicity(session: Write, desk: AtDesk, checkin_id: UUID, form: Form) -> Response:
    """Note what the family says to being told of in public."""
    checkin = get_checkin_or_drill(session, desk.chapter_id, checkin_id)
    try:
        checkin.publicity = Publicity(form["publicity"])
    except ValueError as error:
        raise InvalidForm([InvalidValue("publicity", "missing")]) from error
    session.add(checkin)
    audit.record(
        session, actor=desk.viewer, action="checkin.publicity", subject=checkin.subject,
        now=desk.now, detail=checkin.publicity.value,
    )  # fmt: skip
    return go_to(f"/checkins/{checkin_id}")


def _read(sent: Sent) -> Ended:
    answers = Answers(sent)
    typed = answers.needed("outcome")
    outcome = Outcome.UNKNOWN
    if typed in set(Outcome):
        outcome = Outcome(typed)
    elif typed:
        answers.wrong(InvalidValue("outcome", "missing"))
    deadline_on = None
    if outcome in WITH_A_DEADLINE and sent["deadline_on"].strip():
        deadline_on = answers.day("deadline_on")
    answers.done()
    return Ended(outcome, deadline_on)


def _page(
    session: Session, desk: Desk, checkin: CheckIn, typed: Mapping[str, str],
    chosen: Ended | None, *, problems: Mapping[str, str], status: int = 200,
) -> HTMLResponse:  # fmt: skip
    outcome = chosen.outcome if chosen is not None else None
    rsvps = rsvps_of(session, [checkin.subject])[checkin.subject]
    return desk.page(
        "checkin_outcome.html", status=status, typed=typed, problems=problems, chosen=chosen,
        card=checkin_cards(session, desk, [checkin])[0], outcomes=list(Outcome),
        came=sum(one.state in (*COMING, RsvpState.LEFT) for one in rsvps),
        organizers=len(organizers_of(session, desk.chapter_id)) if outcome in TOLD else 0,
        legal=len(legal_contacts(session, desk.chapter_id)),
        is_grave=outcome in GRAVE, is_no_end=outcome in NOT_AN_END,
        is_drafted=outcome in DRAFTED and checkin.rally_id is None,
    )  # fmt: skip
