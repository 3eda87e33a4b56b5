"""The last look at a message: what arrives, at how many, what it costs; a test; now or at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from service.accounts.tables import Organizer
from service.blasts.compose import MISSING
from service.blasts.drafts import OPEN, audience_of, drop, fingerprint, get_draft, hold, set_time
from service.blasts.launch import too_long
from service.blasts.second import WAIT_ALONE, approve, needs_second, others_able, refuse
from service.blasts.tables import DraftState, MessageDraft
from service.chapters.find import get_chapter, sender_of
from service.chapters.rules import next_open, next_quiet
from service.chapters.tables import Chapter
from service.errors import InvalidValue, WrongState
from service.rallies.letter import Letter, count_letter, letter_of
from service.rallies.send import UNDO, send, send_approved
from service.rallies.try_out import send_test
from service.rsvps.choose import examples
from service.web.console.audience import describe, titles_of
from service.web.console.desk import AtDesk, Desk, go_to
from service.web.console.previews import Bubble, bubbles
from service.web.console.who import Here, must_be_confirmed
from service.web.forms import Answers, Form, Sent
from service.web.pages import form_again
from service.web.session import Read, Write

router = APIRouter()

TYPED_OVER = 500  # people; more than these are typed, digit by digit
BETWEEN_DIGITS = str.maketrans("", "", ",. \N{NO-BREAK SPACE}")
LATER = "later"


@dataclass(frozen=True)
class Cost:
    """What a message costs: parts in all, dollars, how long this sender takes, and until when it may.

    quiet_until: when it begins to leave, if quiet hours hold it back at first. quiet_from: when quiet
    hours interrupt it, if it takes that long. over_cap: parts above what this number may send a day.
    """

    parts: int
    dollars: float
    seconds: int
    quiet_until: datetime | None
    quiet_from: datetime | None
    over_cap: int

    @property
    def minutes(self) -> int:
        """The time in minutes, rounded up."""
        return -(-self.seconds // 60)


@router.get("/drafts/{draft_id}/send")
def confirm(session: Read, desk: AtDesk, draft_id: UUID, tested: str = "") -> Response:
    """Show what will arrive, at how many people, who is left out and why, and what it takes."""
    draft = get_draft(session, desk.chapter_id, draft_id)
    if draft.state is DraftState.LAUNCHED:
        return _gone(draft)
    return _page(session, desk, draft, _typed(session, draft), is_tested=bool(tested))


@router.post("/drafts/{draft_id}/send")
def send_it(session: Write, desk: AtDesk, here: Here, draft_id: UUID, form: Form) -> Response:
    """Send it once, however often the button is pressed; to many only with a second person's yes."""
    draft = hold(session, get_draft(session, desk.chapter_id, draft_id).id)
    if draft.state is DraftState.LAUNCHED:
        return _gone(draft)
    chapter = get_chapter(session, desk.chapter_id)

    def again(problems: Mapping[str, str], status: int) -> Response:
        return _page(session, desk, draft, form.typed, problems=problems, status=status)

    letter = letter_of(session, desk.wiring.catalog, draft, now=desk.now)
    people = count_letter(session, letter, now=desk.now).people
    if needs_second(chapter, people):
        must_be_confirmed(here, now=desk.now)
    with form_again(again, desk.tell):
        check_number(form, people)
        at = _read_at(form, letter, chapter.time_zone, desk.now)
        set_time(session, draft, at, by=desk.author, now=desk.now)
        organizer = session.get_one(Organizer, desk.organizer.id)
        blast = send(session, desk.outbox, draft.id, by=organizer, now=desk.now)
    return go_to(f"/drafts/{draft.id}/send" if blast is None else f"/messages/{blast.id}")


@router.post("/drafts/{draft_id}/test")
def test_it(session: Write, desk: AtDesk, draft_id: UUID) -> Response:
    """Text it to the organizer's own phone, marked as a test."""
    draft = get_draft(session, desk.chapter_id, draft_id)
    organizer = session.get_one(Organizer, desk.organizer.id)
    if organizer.person_id is None:
        return go_to("/account/phone")
    send_test(session, desk.outbox, draft, by=organizer, now=desk.now)
    return go_to(f"/drafts/{draft.id}/send?tested=yes")


@router.post("/drafts/{draft_id}/approve")
def approve_it(session: Write, desk: AtDesk, here: Here, draft_id: UUID, form: Form) -> Response:
    """A second person's yes to what this page showed; it leaves at once, or at its time.

    Of two who say so at one moment one approves it; the other is told who did, and when.
    """
    draft = hold(session, get_draft(session, desk.chapter_id, draft_id).id)
    if draft.state is DraftState.LAUNCHED:
        return _gone(draft)
    must_be_confirmed(here, now=desk.now)
    organizer = session.get_one(Organizer, desk.organizer.id)
    approve(session, draft, by=organizer, seen=form["seen"], now=desk.now)
    blast = send_approved(session, desk.outbox, draft.id, by=organizer, now=desk.now)
    return go_to(f"/messages/{blast.id}")


@router.post("/drafts/{draft_id}/refuse")
def refuse_it(session: Write, desk: AtDesk, draft_id: UUID) -> Response:
    """Give it back to who wrote it, unsent; unless somebody was quicker to approve it."""
    draft = hold(session, get_draft(session, desk.chapter_id, draft_id).id)
    if draft.state is DraftState.LAUNCHED:
        return _gone(draft)
    organizer = session.get_one(Organizer, desk.organizer.id)
    refuse(session, draft, by=organizer, now=desk.now)
    return go_to(f"/drafts/{draft.id}/send")


@router.post("/drafts/{draft_id}/drop")
def drop_it(session: Write, desk: AtDesk, draft_id: UUID) -> Response:
    """Put a message away that is not wanted any more. Nobody gets it."""
    draft = hold(session, get_draft(session, desk.chapter_id, draft_id).id)
    drop(session, draft, by=desk.author, now=desk.now)
    return go_to("/")


def _page(
    session: Session, desk: Desk, draft: MessageDraft, typed: Mapping[str, str], *,
    status: int = 200, problems: Mapping[str, str] | None = None, is_tested: bool = False,
) -> HTMLResponse:  # fmt: skip
    if draft.state not in OPEN:
        raise WrongState("draft_is_gone", f"draft {draft.id} is {draft.state}")
    letter = letter_of(session, desk.wiring.catalog, draft, now=desk.now)
    if not all(letter.bodies.values()) or draft.typed.get("unfinished"):
        raise WrongState("draft_unfinished", f"draft {draft.id} lacks something")
    chapter, audience = get_chapter(session, desk.chapter_id), audience_of(draft)
    counted = count_letter(session, letter, now=desk.now)
    shown = bubbles(letter.bodies, counted.by_language)
    problems = problems or desk.tell(too_long(letter.bodies))
    others = others_able(session, draft, desk.organizer.id)
    is_many = needs_second(chapter, counted.people)
    return desk.page(
        "look.html", status=status, typed=typed, problems=problems, draft=draft,
        rally=letter.rally, action=letter.action, audience=counted, bubbles=shown,
        has_dots=any(MISSING in body for body in letter.bodies.values()),
        examples=_examples(session, desk, letter),
        chosen=describe(desk, audience, titles_of(session, audience)), zone=chapter.time_zone,
        cost=_cost(session, chapter, shown, max(desk.now, draft.send_at or desk.now)),
        undo_seconds=int(UNDO.total_seconds()), typed_over=TYPED_OVER, is_tested=is_tested,
        rally_zone=_zone_of(session, letter),
        needs_second=is_many, others=others, limit=chapter.second_over,
        alone_minutes=int(WAIT_ALONE.total_seconds() // 60),
        is_author=desk.organizer.id in (draft.asked_by_id, draft.changed_by_id),
        seen=fingerprint(draft), has_phone=desk.organizer.person_id is not None,
    )  # fmt: skip


def _zone_of(session: Session, letter: Letter) -> str:
    """Return where the rally is held, or where the message is sent from."""
    held_by = letter.draft.chapter_id if letter.rally is None else letter.rally.chapter_id
    return get_chapter(session, held_by).time_zone


def _gone(draft: MessageDraft) -> Response:
    """Go to the message that it has become, and say so there."""
    told = "again" if draft.approved_at is None else "approved_already"
    return go_to(f"/messages/{draft.id}?told={told}")


def _typed(session: Session, draft: MessageDraft) -> dict[str, str]:
    if draft.send_at is None:
        return {}
    at = draft.send_at.astimezone(ZoneInfo(get_chapter(session, draft.chapter_id).time_zone))
    return {"when": LATER, "send_day": at.date().isoformat(), "send_clock": f"{at:%H:%M}"}


def _examples(session: Session, desk: Desk, letter: Letter) -> dict[str, str]:
    """Return a real recipient for each language, masked as this organizer sees them."""
    audience = audience_of(letter.draft)
    people = examples(session, audience, calls_to=letter.calls_to, now=desk.now)
    reader = desk.reader()
    return {
        language: " ".join(
            filter(None, (reader.show(p.sealed_alias()), reader.show(p.sealed_phone())))
        )
        for language, p in people.items()
    }


def _cost(session: Session, chapter: Chapter, shown: list[Bubble], at: datetime) -> Cost:
    parts = sum(bubble.total_parts for bubble in shown)
    sender = sender_of(session, chapter.id)
    seconds = max(1, round(parts / max(sender.segments_per_second, 0.01)))
    quiet = (chapter.time_zone, chapter.quiet_from_minute, chapter.quiet_until_minute)
    opens_at = next_open(at, *quiet)
    closes_at = next_quiet(opens_at, *quiet)
    cap = sender.daily_cap_segments
    return Cost(
        parts,
        parts * chapter.cents_per_part / 100,
        seconds,
        quiet_until=opens_at if opens_at > at else None,
        quiet_from=closes_at
        if closes_at and opens_at + timedelta(seconds=seconds) > closes_at
        else None,
        over_cap=max(0, parts - cap) if cap is not None else 0,
    )


def check_number(form: Sent, people: int) -> None:
    """Above a number of people it is typed, so that nobody presses a button without having read it."""
    typed = form["typed_count"].translate(BETWEEN_DIGITS)
    if people > TYPED_OVER and typed != str(people):
        raise InvalidValue("typed_count", "count_differs", people=people)
    if people == 0:
        raise WrongState("nobody_gets_it")


def _read_at(form: Sent, letter: Letter, zone: str, now: datetime) -> datetime | None:
    """Return when to send: None for now, or the time that was chosen, in the chapter's zone."""
    if form["when"] != LATER:
        return None
    answers = Answers(form)
    at = answers.moment("send_day", "send_clock", zone)
    if at is not None and at <= now:
        answers.wrong(InvalidValue("send_day", "past_date"))
    if at is not None and letter.leaves_before is not None and at >= letter.leaves_before:
        why = "after_start" if letter.action is None else "action_over"
        answers.wrong(InvalidValue("send_day", why))
    answers.done()
    return at
