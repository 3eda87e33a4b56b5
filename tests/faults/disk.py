"""No room on the disk: 503 and nothing half written, and all goes on by itself once there is room.

SQLite may not grow by a page (`max_page_count`, which fails as a full disk does); the file itself is
on a disk with room. A small tablespace takes an administrator's hands, so PostgreSQL is simulated:
triggers on all its tables refuse every write with the error of a full disk (53100).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
from sqlmodel import SQLModel, col, func, select, text

from service.accounts.tokens import make_token
from service.chapters.tables import Chapter
from service.inbox.tables import Inbound
from service.outbox.tables import Delivery
from service.people.tables import Person
from tests.factories import make_organizer
from tests.faults import tweaks
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain, judge
from tests.faults.parts import until
from tests.faults.people import blast, number, seed
from tests.faults.report import Found, Trial, fault
from tests.faults.restarts import TEXTERS, Texting
from tests.web.api.bodies import volunteer

NEW_PEOPLE = 50_000  # the place of the first number that the API is told
REFUSALS = 3
CALLS = 12  # to the API, each time that the disk is full

_TRIGGERS = """
create table full_disk (is_full boolean);
create function refuse() returns trigger language plpgsql as $$
begin
  if exists (select 1 from full_disk) then
    raise exception 'no space left on device' using errcode = '53100';
  end if;
  return null;
end $$;
"""
_TRIGGER = "create trigger refuse before insert or update or delete on {} execute function refuse()"


@fault("the disk is full, then has room again", short=("sqlite",))
def full(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, is_honest=True)


@fault("the same, 200 whatever happens", databases=("sqlite",), is_control=True)
def full_dishonest(grounds: Grounds, trial: Trial) -> Found:
    return _try(grounds, trial, is_honest=False)


def _try(grounds: Grounds, trial: Trial, *, is_honest: bool) -> Found:
    people, times = trial.size(100, 2_000), trial.size(2, 10)
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, people + TEXTERS)
        disk, calls = Disk(stage), Calls(stage, chapter)
        little = partial(tweaks.small_disk, disk.file)
        lying = partial(tweaks.both, little, tweaks.answer_200_whatever_happens)
        stage.parts.start("web", little if is_honest else lying)
        for name in ("worker", "clock"):
            stage.parts.start(name, little)
        with Texting(stage, first=people) as texting:
            for turn in range(times):
                blast(stage.wiring, chapter, f"call number {turn}")
                disk.fill()
                _wait_for_refusals(texting, REFUSALS * (turn + 1), is_honest=is_honest)
                calls.make(CALLS)
                disk.clear()
                texting.wait_for(5)
                calls.make(1)
        _wait_until_answered(stage)
        drain(stage)
        found = Found.by(judge(stage), times)
        _check_texts(stage, texting, found)
        calls.check(found)
    return found


class Disk:
    """The disk that the data is on."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.file: Path = stage.folder / "full"
        if stage.database == "postgresql":
            with stage.wiring.database.write() as session:
                session.execute(text(_TRIGGERS))
                for table in SQLModel.metadata.sorted_tables:
                    session.execute(text(_TRIGGER.format(table.name)))

    def fill(self) -> None:
        self._set("insert into full_disk values (true)")
        self.file.touch()

    def clear(self) -> None:
        self._set("delete from full_disk")
        self.file.unlink()

    def _set(self, statement: str) -> None:
        if self._stage.database == "postgresql":
            with self._stage.wiring.database.write() as session:
                session.execute(text(statement))


@dataclass
class Calls:
    """Volunteers that the API is told of, and what it answered."""

    stage: Stage
    chapter: Chapter
    answers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        now = self.stage.wiring.clock.now()
        with self.stage.wiring.database.write() as session:
            organizer = make_organizer(session, self.chapter, now=now)
            self._token = make_token(session, organizer, label="faults", now=now)

    def make(self, times: int) -> None:
        url = f"{self.stage.environment['ACOMPANA_PUBLIC_URL']}/api/v1/volunteers"
        with httpx.Client(timeout=60, trust_env=False) as http:
            for _ in range(times):
                phone = number(NEW_PEOPLE + len(self.answers))
                body = volunteer(phone=phone)
                headers = {"Authorization": f"Bearer {self._token}"}
                self.answers.append(http.post(url, json=body, headers=headers).status_code)

    def check(self, found: Found) -> None:
        """Who was taken is there, who was refused is not, and there is no third answer."""
        counts = Counter(self.answers)
        found.notes.append(f"API: {counts[201]} times 201, {counts[503]} times 503;")
        if strange := set(counts) - {201, 503}:
            found.lose(f"the API answered {strange}")
        keys = self.stage.wiring.keyring
        with self.stage.wiring.database.read() as session:
            for place, status in enumerate(self.answers):
                key = keys.phone_key(number(NEW_PEOPLE + place))
                is_there = session.exec(select(Person.id).where(Person.phone_key == key)).first()
                if (status == 201) != (is_there is not None):
                    found.lose(f"answered {status}, and there: {is_there is not None}")


def _wait_for_refusals(texting: Texting, refusals: int, *, is_honest: bool) -> None:
    if not is_honest:
        texting.wait_for(60)
        return
    for _ in until("a text is refused", seconds=120):
        if texting.statuses()[503] >= refusals:
            return


def _wait_until_answered(stage: Stage) -> None:
    for _ in until("every text is acted upon", seconds=120):
        with stage.wiring.database.read() as session:
            left = select(Inbound.id).where(col(Inbound.done_at).is_(None))
            if session.exec(left.limit(1)).first() is None:
                return


def _check_texts(stage: Stage, texting: Texting, found: Found) -> None:
    """What was answered 200 is there, what was not is not, and each that is there has one answer."""
    for problem in texting.false_answers():
        found.lose(problem)
    statuses = texting.statuses()
    found.notes.append(f"webhook: {statuses[200]} times 200, {statuses[503]} times 503;")
    if strange := set(statuses) - {200, 503}:
        found.lose(f"the webhook answered {strange}")
    with stage.wiring.database.read() as session:
        rows = session.exec(select(func.count()).select_from(Inbound)).one()
        is_answer = col(Delivery.once_key).startswith("answer:")
        answers = session.exec(select(func.count()).select_from(Delivery).where(is_answer)).one()
    if rows != min(rows, statuses[200]):
        found.lose(f"{rows} texts written down, {statuses[200]} answered 200")
    if answers != rows:
        found.lose(f"{answers} answers to {rows} texts")
