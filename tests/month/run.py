"""Live through a month: the web in a process of its own, jobs and worker here, the carrier's clock."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import heapq
from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from unittest import mock
from uuid import UUID

import httpx
from sqlmodel import Session, col, select

from schedules.jobs import run_all
from service.accounts.tokens import make_token
from service.calls.place import Caller
from service.chapters.shifts import add_shift
from service.chapters.tables import NO_LIST, Chapter
from service.checkins import candidates, waves
from service.checkins.alarm import add_alarm_contact
from service.checkins.choose import Choice, choose
from service.checkins.safety.tables import SafetyCheck, SafetyState
from service.checkins.tables import CheckIn, CheckInState
from service.inbox.tables import Inbound
from service.outbox.deliver import Worker
from service.people.audience import offers_of
from service.people.consent import opt_in
from service.people.register import Card, make_volunteer, register_person
from service.people.tables import VETTED_LEVEL
from service.rsvps.rules import filling
from service.rsvps.seats import seats_of
from service.rsvps.tables import Ask, Rsvp
from service.wiring import make_caller, make_parts
from tests.factories import make_chapter, make_office, make_organizer, make_sender
from tests.faults.grounds import Grounds, Stage
from tests.faults.parts import until
from tests.faults.people import number
from tests.month.network import FAMILIES_FROM, PLACES, ZONE_INFO, Month, Rally, Visit
from tests.month.people import Answer, Crowd
from tests.sandbox.driver import OURS

NIGHT_STEP = timedelta(hours=1)
ANSWERS_STEP = timedelta(minutes=10)  # whoever answers is heard within
LADDER_STEP = timedelta(minutes=4)
ALARMED = number(FAMILIES_FROM + 900)
ON_CALL = (number(FAMILIES_FROM + 901), number(FAMILIES_FROM + 902))
LOUD = (SafetyState.ASKED, SafetyState.OK, SafetyState.ESCALATED, SafetyState.TAKEN)


@dataclasses.dataclass
class Lived:
    """What a month left behind, for the judge. staffed: subject -> when its last place was taken."""

    month: Month
    stage: Stage
    sent: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    heard: list[Answer] = dataclasses.field(default_factory=list)
    staffed: dict[str, datetime] = dataclasses.field(default_factory=dict)
    approved: dict[str, datetime] = dataclasses.field(default_factory=dict)
    full_at_start: dict[str, tuple[int, int]] = dataclasses.field(default_factory=dict)


@contextlib.contextmanager
def lived(grounds: Grounds, month: Month, *, all_at_once: bool = False) -> Iterator[Lived]:
    """Live through `month` and give what is left of it while its data is still there.

    all_at_once: instead of a list and waves, everybody vetted is asked about each check-in.
    """
    with grounds.stage("sqlite") as stage, contextlib.ExitStack() as undo:
        stage.wiring = dataclasses.replace(stage.wiring, directory=None)
        stage.sandbox.post("/clock", {"at": month.starts_at.isoformat()}).raise_for_status()
        stage.parts.start("web")
        if all_at_once:
            undo.enter_context(mock.patch.object(waves, "_choose", _everybody))
            undo.enter_context(mock.patch.object(waves, "thank_the_not_needed", return_value=0))
        yield asyncio.run(_Life(stage, month, all_at_once=all_at_once).live())


def _everybody(
    session: Session, chapter: Chapter, _office: Any, checkin: CheckIn, seats: Any, *,
    now: datetime,
) -> list[Choice]:  # fmt: skip
    """Choose as a network does that has no waves: everybody vetted, once, whatever they do then."""
    asked = set(session.exec(select(Ask.person_id).where(Ask.subject == checkin.subject)))
    asked |= set(session.exec(select(Rsvp.person_id).where(Rsvp.subject == checkin.subject)))
    if asked:
        return []
    everyone = [
        candidates.candidate_of(offer, _office, {})
        for offer in offers_of(session, chapter.id, min_vetting=VETTED_LEVEL, now=now)
    ]
    return choose(everyone, seats, "", limit=10_000, most_asks=99, all_grades=True)


class _Life:
    def __init__(self, stage: Stage, month: Month, *, all_at_once: bool) -> None:
        self._stage, self._month = stage, month
        self._lived = Lived(month, stage)
        self._crowd = Crowd(month.seed)
        self._answers: list[Answer] = []
        self._plans: list[tuple[datetime, int, Visit | Rally | UUID]] = []
        self._seen = 0
        self._all_at_once = all_at_once
        self._offices: list[UUID] = []
        self._http = self._seed()

    def _seed(self) -> httpx.Client:
        """Write the network down, and everything that organizers will do."""
        wiring, month = self._stage.wiring, self._month
        now = month.starts_at
        with wiring.database.write() as session:
            chapter = make_chapter(
                session, quiet_from_minute=20 * 60, quiet_until_minute=9 * 60, wave_minutes=240,
                second_over=10_000,
                list_weekday=NO_LIST if self._all_at_once else 3,
            )  # fmt: skip
            make_sender(session, chapter, OURS).segments_per_second = 0
            for place, (name, area) in enumerate((("A", "Hartford"), ("B", "Springfield"))):
                office = make_office(
                    session, chapter, name=name, area=area, meeting_point=PLACES[place],
                    zip_code=("06103", "01103")[place],
                )  # fmt: skip
                self._offices.append(office.id)
            organizer = make_organizer(session, chapter, now=now)
            token = make_token(session, organizer, label="month", now=now)
        with wiring.database.write() as session:
            for one in month.volunteers:
                card = Card(one.phone, language=one.language, area=one.area)
                person = register_person(session, wiring.keyring, chapter, card, now=now)
                opt_in(session, person, how="text", now=now)
                make_volunteer(
                    session, person, now=now, vetting=one.vetting, roles=one.roles,
                    languages=one.languages,
                )  # fmt: skip
            marta = register_person(session, wiring.keyring, chapter, Card(ALARMED), now=now)
            opt_in(session, marta, how="organizer", now=now)
            add_alarm_contact(session, chapter, marta, now=now)
            self._put_on_call(session, chapter)
        everything: list[Visit | Rally] = [*month.visits, *month.rallies]
        self._plans = [(one.told_at, at, one) for at, one in enumerate(everything)]
        heapq.heapify(self._plans)
        return httpx.Client(
            base_url=f"{self._stage.environment['ACOMPANA_PUBLIC_URL']}/api/v1", timeout=60,
            headers={"Authorization": f"Bearer {token}"}, trust_env=False,
        )  # fmt: skip

    def _put_on_call(self, session: Session, chapter: Chapter) -> None:
        """Two people, a day and a night each in turn, in a language each."""
        now, keyring = self._month.starts_at, self._stage.wiring.keyring
        for place, (phone, language) in enumerate(zip(ON_CALL, ("en", "es"), strict=True)):
            card = Card(phone, language=language)
            person = register_person(session, keyring, chapter, card, now=now)
            opt_in(session, person, how="organizer", now=now)
            for day in range(place, self._month.size.days + 1, len(ON_CALL)):
                begins = now + timedelta(days=day)
                add_shift(
                    session, chapter.id, person.id, starts_at=begins,
                    ends_at=begins + timedelta(hours=24), by="Marta", now=now,
                )  # fmt: skip

    async def live(self) -> Lived:
        """Step from moment to moment: organizers, jobs, texts, answers."""
        parts = make_parts(self._stage.wiring)
        worker, caller = Worker(parts), make_caller(self._stage.wiring)
        now = self._month.starts_at
        try:
            while now < self._month.ends_at:
                await self._step(worker, caller, now)
                now = self._next(now)
        finally:
            await parts.carrier.close()
            await caller.close()
            self._http.close()
        self._lived.sent = self._stage.sandbox.ledger("created")
        return self._lived

    async def _step(self, worker: Worker, caller: Caller, now: datetime) -> None:
        sandbox, wiring = self._stage.sandbox, self._stage.wiring
        sandbox.post("/clock", {"at": now.isoformat()}).raise_for_status()
        while self._plans and self._plans[0][0] <= now:
            self._organize(heapq.heappop(self._plans)[2])
        self._speak(now)
        run_all(wiring, now=wiring.clock.now())
        while await worker.drain_once():
            pass
        if await caller.place_once():
            self._ring()
        self._listen()
        self._look(now)
        self._settle()

    def _speak(self, now: datetime) -> None:
        """Let people write what they have to; go on when each text has been acted on.

        This clock leaps: what would take a moment must not become ten minutes.
        """
        sandbox, written = self._stage.sandbox, len(self._lived.heard)
        while self._answers and self._answers[0].at <= now:
            answer = heapq.heappop(self._answers)
            sandbox.text(answer.phone, answer.body)
            self._lived.heard.append(dataclasses.replace(answer, at=now))
        if len(self._lived.heard) == written:
            return
        self._settle()
        left = select(Inbound.id).where(col(Inbound.done_at).is_(None)).limit(1)
        for _ in until("every text was acted on", pause=0.005):
            with self._stage.wiring.database.read() as session:
                if session.exec(left).first() is None:
                    return

    def _settle(self) -> None:
        sandbox = self._stage.sandbox
        for _ in until("the carrier has told what became of its texts", pause=0.005):
            if sandbox.get("/idle")["settled"]:
                return

    def _next(self, now: datetime) -> datetime:
        """A step on by day, an hour at night, ten minutes when somebody answers before, and four while
        a safety check waits for somebody's word."""
        hour = now.astimezone(ZONE_INFO).hour
        step = timedelta(minutes=self._month.size.step_minutes)
        on = now + (step if 5 <= hour < 23 else NIGHT_STEP)
        if self._is_loud():
            return now + LADDER_STEP
        first = self._answers[0].at if self._answers else on
        return min(on, max(first, now + ANSWERS_STEP))

    def _is_loud(self) -> bool:
        with self._stage.wiring.database.read() as session:
            query = select(SafetyCheck.id).where(col(SafetyCheck.state).in_(LOUD)).limit(1)
            return session.exec(query).first() is not None

    def _ring(self) -> None:
        """Let the phones of those on call ring, and some of them take it."""
        sandbox = self._stage.sandbox
        sandbox.advance(2)
        self._settle()
        for phone in ON_CALL:
            for call in sandbox.get(f"/phones/{phone}/calls")["calls"]:
                path = f"/phones/{phone}/calls/{call['sid']}"
                if call["status"] == "ringing" and self._crowd.picks_up():
                    sandbox.post(path, {"do": "answer"}).raise_for_status()
                    # No key is waited for where somebody else has taken it meanwhile.
                    pressed = sandbox.post(path, {"do": "press", "digit": "1"})
                    assert pressed.is_success or pressed.status_code == HTTPStatus.CONFLICT

    def _organize(self, plan: Visit | Rally | UUID) -> None:
        if isinstance(plan, UUID):
            self._call(f"/checkins/{plan}/cancel")
        elif isinstance(plan, Rally):
            self._announce(plan)
        else:
            self._register(plan)

    def _register(self, visit: Visit) -> None:
        made = self._call(
            "/checkins", phone=visit.phone, alias="Azucena", language=visit.language,
            office_id=str(self._offices[visit.office]), starts_at=visit.starts_at.isoformat(),
        )  # fmt: skip
        checkin_id = UUID(made["id"])
        self._call(f"/checkins/{checkin_id}/approve", places=visit.places, agreed_to_texts=True)
        self._lived.approved[f"checkin:{checkin_id.hex}"] = visit.told_at
        if visit.cancelled_at is not None:
            heapq.heappush(self._plans, (visit.cancelled_at, 10_000 + visit.place, checkin_id))

    def _announce(self, rally: Rally) -> None:
        at = rally.starts_at.astimezone(ZONE_INFO)
        where = f"{at:%b} {at.day}, 5 pm, South Green."
        made = self._call(
            "/rallies", title="March", place="South Green", starts_at=rally.starts_at.isoformat(),
            text_en=f"Acompaña: march for families, {where} Reply Y or N. STOP to stop.",
            text_es=f"Acompaña: marcha por las familias, {where} Responda S o N. STOP: fin.",
        )  # fmt: skip
        self._call(f"/rallies/{made['id']}/announce")

    def _call(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._http.post(path, json=body)
        assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def _listen(self) -> None:
        """Let everybody read what came, and decide what they will write."""
        for entry in self._stage.sandbox.ledger("created", since=str(self._seen)):
            self._seen = max(self._seen, entry["seq"])
            at = datetime.fromisoformat(entry["at"])
            for answer in self._crowd.answers(entry["to"], entry["body"], at):
                heapq.heappush(self._answers, answer)

    def _look(self, now: datetime) -> None:
        """Note which check-ins are full since when, and how full they are as they begin."""
        with self._stage.wiring.database.read() as session:
            open_ = session.exec(
                select(CheckIn).where(
                    CheckIn.state == CheckInState.APPROVED, col(CheckIn.starts_at) > now
                )
            ).all()
            seats = seats_of(session, [checkin.subject for checkin in open_])
        for subject, theirs in seats.items():
            places = filling(theirs)
            self._lived.full_at_start[subject] = places.taken, places.capacity
            if not places.is_full:
                self._lived.staffed.pop(subject, None)
            elif subject not in self._lived.staffed:
                self._lived.staffed[subject] = now
