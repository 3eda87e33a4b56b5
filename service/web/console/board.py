"""The board: what needs somebody now, then everything that is coming up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from sqlmodel import Session, col, or_, select
from starlette.responses import HTMLResponse, Response

from service.blasts.drafts import open_drafts
from service.blasts.stop import NOT_YET_OUT
from service.blasts.tables import Blast, BlastState, DraftState
from service.chapters.find import get_chapter
from service.checkins import find as checkins
from service.checkins.find import LIVE
from service.checkins.safety.find import open_safety
from service.checkins.tables import CheckIn, CheckInState
from service.inbox.find import threads_of
from service.inbox.tables import Inbound
from service.inbox.waiting import mark_handled, waiting_for_person
from service.outbox.tables import DRILL
from service.privacy.read import Reader
from service.rallies import find as rallies
from service.rallies.tables import RallyState
from service.web.console.cards import CheckInCard, checkin_cards, rally_cards
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.messages import message_cards
from service.web.console.safety import safety_cards
from service.web.console.shifts import on_call_now
from service.web.session import Read, Write

router = APIRouter()

STILL_SHOWN = timedelta(hours=12)  # what began or was sent a while ago
MOST_TEXTS = 20
MOST_CHECKINS = 40  # families to call, and as many that come next
MOST_MESSAGES = 8


@dataclass(frozen=True)
class TextCard:
    """What one person wrote and somebody has to read: the longest waiting first. bodies: as shown."""

    texts: list[Inbound]
    person_id: UUID
    thread_id: UUID | None
    alias: str
    phone: str
    bodies: list[str]


@router.get("/")
def board(session: Read, desk: AtDesk) -> HTMLResponse:
    """Show the board."""
    now = desk.now
    cards = checkin_cards(session, desk, _next_checkins(session, desk))
    coming = checkins.count_coming(session, desk.chapter_id, since=now - STILL_SHOWN)
    planned = rallies.coming_up(session, desk.chapter_id, now=now)
    unsent = open_drafts(session, desk.chapter_id)
    return desk.page(
        "board.html",
        chapter=get_chapter(session, desk.chapter_id),
        safety=safety_cards(session, desk, open_safety(session, desk.chapter_id)),
        on_call=on_call_now(session, desk),
        urgent=_urgent(cards),
        others=[card for card in cards if card.status not in URGENT],
        more=coming - len(cards),
        rallies=rally_cards(session, [r for r in planned if r.state is RallyState.ANNOUNCED]),
        opened=rally_cards(session, rallies.opened(session, desk.chapter_id, now=now)),
        drafts=[each for each in unsent if each.state is DraftState.DRAFT],
        approvals=[each for each in unsent if each.state is DraftState.AWAITING_SECOND],
        messages=message_cards(session, desk, _recent(session, desk.chapter_id, now)),
        texts=_texts(session, desk),
    )


@router.post("/texts/{inbound_id}/handled")
def handled(session: Write, desk: AtDesk, inbound_id: UUID) -> Response:
    """Take a text, and what the same person wrote before it, off the board: somebody has seen to it."""
    mark_handled(
        session, desk.chapter_id, inbound_id, by=desk.viewer, now=desk.now, with_earlier=True
    )
    return go_to("/")


URGENT = ("waiting", "short")


def _next_checkins(session: Session, desk: Desk) -> list[CheckIn]:
    """Return the check-ins that are shown: families to call, and the next ones; a calendar has the rest."""
    since = desk.now - STILL_SHOWN
    return [
        checkin
        for states in ((CheckInState.SUBMITTED,), set(LIVE) - {CheckInState.SUBMITTED})
        for checkin in checkins.coming_up(
            session, desk.chapter_id, since=since, states=states, limit=MOST_CHECKINS
        )
    ]


def _urgent(cards: list[CheckInCard]) -> list[CheckInCard]:
    """Return what needs somebody now: families to call, then those who start soon and lack people.

    The call that was promised for the earliest comes first.
    """
    waiting, short = ([card for card in cards if card.status == status] for status in URGENT)
    return sorted(waiting, key=lambda card: card.call_by) + short


def _texts(session: Session, desk: Desk) -> list[TextCard]:
    reader: Reader = desk.reader()
    waiting = waiting_for_person(session, desk.chapter_id, limit=MOST_TEXTS)
    reader.fetch_keys([person.sealed_phone() for _, person in waiting])
    threads = threads_of(session, desk.chapter_id, (person.id for _, person in waiting))
    cards: dict[UUID, TextCard] = {}
    for inbound, person in waiting:
        card = cards.get(person.id)
        if card is None:
            card = cards[person.id] = TextCard(
                texts=[],
                person_id=person.id,
                thread_id=threads.get(person.id),
                alias=reader.show(person.sealed_alias()),
                phone=reader.show(person.sealed_phone()),
                bodies=[],
            )
        card.texts.append(inbound)
        card.bodies.append(reader.show(inbound.sealed_text(desk.chapter_id)))
    return list(cards.values())


def _recent(session: Session, chapter_id: UUID, now: datetime) -> list[Blast]:
    """Return messages that are under way or ended a short while ago, newest first."""
    lately = col(Blast.ended_at) > now - STILL_SHOWN
    query = select(Blast).where(
        Blast.chapter_id == chapter_id,
        Blast.state != BlastState.DRAFT,
        ~col(Blast.subject).startswith(DRILL),
        or_(col(Blast.state).in_(NOT_YET_OUT), lately),
    )
    return list(session.exec(query.order_by(col(Blast.id).desc()).limit(MOST_MESSAGES)))
