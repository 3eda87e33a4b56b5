"""A worker is stopped past its lease and then woken; two clocks tick at once; whoever ticks is killed."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import time
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import col, func, select, text

from service.chapters.tables import Chapter
from service.checkins.approve import Approval, approve
from service.checkins.register import Registration, register
from service.checkins.tables import CheckIn
from service.outbox.tables import Attempt, Delivery, State
from service.people.register import Card
from service.privacy.policy import SYSTEM
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import SeatRole
from tests.factories import make_office
from tests.faults import tweaks
from tests.faults.grounds import SCALE, Grounds, Stage
from tests.faults.judge import drain, judge
from tests.faults.parts import Part, Tweak, until
from tests.faults.people import add_people, blast, number, seed
from tests.faults.report import Found, Trial, fault

LINGERS_SECONDS = 1.2 * SCALE  # of the 2 s (scaled) between a claim and its request
FAMILY = 60_000


# --- a worker that sleeps ------------------------------------------------------------------------


@fault("a worker stopped past its lease, then woken", short=("postgresql",))
def sleeper(grounds: Grounds, trial: Trial) -> Found:
    return _wake(grounds, trial, None)


@fault(
    "the same, without the two-second rule",
    databases=("sqlite",),
    is_control=True,
    short=("sqlite",),
)
def sleeper_without_rule(grounds: Grounds, trial: Trial) -> Found:
    return _wake(grounds, trial, tweaks.no_two_second_rule)


def _wake(grounds: Grounds, trial: Trial, tweak: Tweak | None) -> Found:
    people, times = trial.size(40, 2_000), trial.size(1, 20)
    slow = partial(tweaks.dawdle, LINGERS_SECONDS)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, people)
        sleepy = stage.parts.start("worker", partial(tweaks.both, slow, tweak) if tweak else slow)
        for turn in range(times):
            tries = _tries(stage)
            blast(stage.wiring, chapter, f"call number {turn}")
            for _ in until("it has claimed some", pause=0.005):
                if _tries(stage) > tries:
                    break
            time.sleep(LINGERS_SECONDS / 3)  # opened, and handed to the line that dawdles
            _stop_outside_of_writing(stage, sleepy)
            awake = stage.parts.start("worker")
            drain(stage)
            sleepy.signal(signal.SIGCONT)
            time.sleep(4 * LINGERS_SECONDS)  # what it had in mind to send would be sent by now
            awake.kill()
        verdict = judge(stage)
    return Found.by(verdict, times)


def _tries(stage: Stage) -> int:
    with stage.wiring.database.read() as session:
        return session.exec(select(func.count()).select_from(Attempt)).one()


def _stop_outside_of_writing(stage: Stage, part: Part) -> None:
    """Stop it, but not in a transaction: nobody could claim beside it as long as it holds its locks."""
    for _ in until("it stops outside of a transaction"):
        part.signal(signal.SIGSTOP)
        if _can_write(stage) if stage.database == "sqlite" else _is_idle(stage):
            return
        part.signal(signal.SIGCONT)


def _is_idle(stage: Stage) -> bool:
    others = text(
        "select count(*) from pg_stat_activity where datname = current_database()"
        " and pid <> pg_backend_pid() and xact_start is not null"
    )
    with stage.wiring.database.read() as session:
        return int(session.execute(others).scalar_one()) == 0


def _can_write(stage: Stage) -> bool:
    connection = sqlite3.connect(stage.folder / "data.sqlite", timeout=0.05, isolation_level=None)
    with contextlib.closing(connection):
        try:
            connection.execute("begin immediate")
        except sqlite3.OperationalError:
            return False
        connection.execute("rollback")
    return True


# --- two clocks ----------------------------------------------------------------------------------


@fault("two clocks tick at once, two workers send", short=("postgresql",))
def two_clocks(grounds: Grounds, trial: Trial) -> Found:
    return _tick_twice(grounds, trial, is_unique=True)


@fault("the same, texts not unique", databases=("postgresql",), is_control=True, short=())
def two_clocks_without_index(grounds: Grounds, trial: Trial) -> Found:
    return _tick_twice(grounds, trial, is_unique=False)


def _tick_twice(grounds: Grounds, trial: Trial, *, is_unique: bool) -> Found:
    """Both look for due reminders of the same check-ins, while one of them is killed now and then."""
    checkins, companions = trial.size(20, 300), 3
    dice = trial.dice()
    with grounds.stage(trial.database) as stage:
        if not is_unique:
            with stage.wiring.database.write() as session:
                session.execute(text("alter table delivery drop constraint uq_delivery_once_key"))
        chapter = seed(stage.wiring, 0)
        expected = plan_checkins(stage, chapter, checkins, companions)
        for _ in range(2):
            stage.parts.start("worker")
        drain(stage, moves_clock=False)  # what the families hear at once
        clocks = [stage.parts.start("clock", tweaks.no_stand_by) for _ in range(2)]
        for hours in (24.5, 0.6, 20.5, 1.6, 5):  # a day before, three hours before, two, over
            stage.sandbox.advance(hours * 3600)
            time.sleep(dice.uniform(0.1, 0.6))
            place = dice.randrange(2)
            clocks[place].kill()
            clocks[place] = stage.parts.start("clock", tweaks.no_stand_by)
            for _ in until("nothing is due any more", pause=0.2):
                if not _due(stage):
                    break
            drain(stage, moves_clock=False)
        for clock in clocks:  # else other jobs write a text between the last look and the verdict
            clock.kill()
        drain(stage, moves_clock=False)
        keys = _reminders(stage)
        found = Found.by(judge(stage), expected)
    found.lost += max(0, expected - len(set(keys)))
    found.notes.append(f"{len(keys)} reminders")
    found.twice += len(keys) - len(set(keys))
    if len(keys) != expected:
        found.problems.append(f"{len(keys)} reminders, {len(set(keys))} reasons, {expected} due")
    return found


def plan_checkins(
    stage: Stage, chapter: Chapter, checkins: int, companions: int, *,
    starts_at: datetime | None = None, first: int = 0,
) -> int:  # fmt: skip
    """Plan check-ins two days on, each with its own people; return how many reminders are due.

    first: how many were planned before, so that these get numbers of their own.
    """
    now = stage.wiring.clock.now()
    starts_at = starts_at or now + timedelta(hours=48)
    people = add_people(stage.wiring, chapter, checkins * companions, first=first * companions)
    for place in range(checkins):
        with stage.wiring.database.write() as session:
            office = make_office(session, chapter, name=f"Office {first + place}")
            card = Card(number(FAMILY + first + place), f"Azucena {place}", "es")
            told = Registration(card, office.id, starts_at, "web")
            made = register(session, stage.wiring.outbox, chapter, told, now=now)
            approval = Approval({SeatRole.ACCOMPANIER: companions}, agreed_to_texts=True)
            approve(session, stage.wiring.outbox, made, approval, by=SYSTEM, now=now)
            made.asked_at = now  # they need not be asked: they come
            session.add(made)
            for person in people[place * companions : (place + 1) * companions]:
                respond(session, person, made.subject, Answer.YES, party_size=None, now=now)
    return checkins * (2 + 2 * companions)


def _due(stage: Stage) -> bool:
    with stage.wiring.database.read() as session:
        due = select(CheckIn.id).where(col(CheckIn.remind_at) <= stage.wiring.clock.now())
        return session.exec(due.limit(1)).first() is not None


def _reminders(stage: Stage) -> list[str]:
    with stage.wiring.database.read() as session:
        return list(
            session.exec(
                select(Delivery.once_key).where(
                    col(Delivery.once_key).startswith("remind:"), Delivery.state != State.EXPIRED
                )
            )
        )


# --- one stands by -------------------------------------------------------------------------------


@fault("the clock that ticks is killed, another stands by", short=("postgresql",))
def stand_by(grounds: Grounds, trial: Trial) -> Found:
    times = trial.size(2, 20)
    found = Found(times)
    with grounds.stage(trial.database) as stage:
        seed(stage.wiring, 0)
        clocks = [_clock(stage, 0)]
        _wait_for_word(clocks[0], "clock.ticks")
        for turn in range(1, times + 1):
            clocks.append(_clock(stage, turn))
            _wait_for_word(clocks[turn], "clock.stands_by")
            if "clock.ticks" in clocks[turn].last_words():
                found.twice += 1
            clocks[turn - 1].kill()
            _wait_for_word(clocks[turn], "clock.ticks")
        if stage.server is not None:
            _cut_connections(stage)
            _wait_for_word(clocks[-1], "clock.lost_its_lock")
            for _ in until("it takes the lock again"):
                if clocks[-1].last_words().count("clock.ticks") > 1:
                    break
        if (code := clocks[-1].end()) != 0:
            found.lost += 1
            found.problems.append(f"asked to end, it ended with {code}")
    return found


def _clock(stage: Stage, turn: int) -> Part:
    return stage.parts.start("clock", log=f"clock-{turn}.log")


def _wait_for_word(part: Part, word: str) -> None:
    for _ in until(f"{part.log.name} says {word}"):
        assert part.is_alive(), part.last_words()
        if word in part.last_words():
            return


def _cut_connections(stage: Stage) -> None:
    """Cut the connection that holds the lock, as a network does."""
    with stage.wiring.database.write() as session:
        session.execute(
            text("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")
        )
