"""Rows pages and board-slow-line: the console where there is much, the board where the line is slow."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi.testclient import TestClient
from playwright.sync_api import sync_playwright
from sqlalchemy import insert
from sqlmodel import Session, col, select

from service.blasts.tables import Blast
from service.checkins.tables import CheckIn, CheckInState, Outcome
from service.cli.processes import keep_what_is_loaded
from service.db import Table, new_id
from service.db.migrate import upgrade
from service.messages.catalog import load_catalog
from service.outbox.tables import Delivery, Gate, GateState, State, Wording
from service.people.tables import Person
from service.rsvps.tables import Seat
from service.settings import Settings
from service.sms.signature import Signatures
from service.wiring import Wiring
from tests.apps import app_of
from tests.bench.ground import Ground, Grounds, add_people
from tests.bench.report import Line, Report
from tests.browser.conftest import FLAGS, PHONE
from tests.browser.find_chromium import find
from tests.browser.furnished import furnish, pages_of
from tests.browser.site import Site, running_site
from tests.factories import StillClock, make_office, make_organizer

PEOPLE = 10_000
CHECKINS = 2_000
DELIVERIES = 200_000
ROUNDS = 20
LIMIT_MS = 100
SLOWEST = 5  # pages that get a line of their own
AT_ONCE = 10_000
OPEN_TO_ALL = ("/checkin?", "/join", "/mine", "/m/", "/privacy", "/terms", "/away", "/signin")

KBITS, LATENCY_MS = 400, 400
USABLE_SECONDS, FIRST_LOAD_BYTES = 1, 100_000


def pages(grounds: Grounds, report: Report, kind: str) -> None:
    """Measure what each page of the console takes on the server, signed in, from asked to answered."""
    with grounds.ground(kind, 0) as ground:
        site = _site(ground)
        furnish(site)
        paths = [path for path in pages_of(site) if path == "/checkins" or _is_console(path)]
        _fill(ground, site)
        times = _times(site, paths)
    worst = sorted(times, key=lambda path: -times[path])
    every = [times[path] for path in paths]
    report.add(_line(f"pages-{kind}", max(every), f"{len(every)} pages; the slowest: {worst[0]}"))
    for path in worst[:SLOWEST]:
        report.add(_line(f"pages-{kind}", times[path], path))
    middle = statistics.median(every)
    report.add(_line(f"pages-{kind}", middle, "the page in the middle"))


def board_slow_line(report: Report) -> None:
    """Measure when the board can be used over a slow line, and what it weighs: first and next time."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        original = Path(folder) / "original.sqlite"
        upgrade(f"sqlite:///{original}")
        with running_site(Path(folder), original) as site:
            furnish(site)
            looks = _over_slow_line(site)
    line = f"{KBITS} kbit/s, {LATENCY_MS} ms"
    for when, (seconds, loaded) in zip(("first load", "next time"), looks, strict=True):
        note = f"{line}, {when}"
        report.add(Line("board-slow-line", seconds, USABLE_SECONDS, "a second", "s", note))
        report.add(Line("board-slow-line", loaded, FIRST_LOAD_BYTES, "100 kB", "bytes", when))


def _line(row: str, milliseconds: float, note: str) -> Line:
    return Line(row, milliseconds, LIMIT_MS, "100 ms", "ms, p95", note)


def _is_console(path: str) -> bool:
    return not path.startswith(OPEN_TO_ALL) and path != "/checkin"


def _site(ground: Ground) -> Site:
    clock = StillClock(datetime.now(UTC))
    wiring = Wiring(
        settings=Settings(public_url="http://localhost", demo=True), database=ground.database,
        keyring=ground.keyring, clock=clock, catalog=load_catalog(),
        signatures=Signatures(public_url="http://localhost", account_sid="AC0", auth_tokens=["x"]),
    )  # fmt: skip
    with ground.database.write() as session:
        office = make_office(session, ground.chapter)
        organizer = make_organizer(session, ground.chapter, now=clock.now())
    return Site("http://localhost", wiring, clock, ground.chapter, office, organizer)


def _fill(ground: Ground, site: Site) -> None:
    """Write people, appointments and texts in numbers, as copies of what is there."""
    add_people(ground, PEOPLE, first=PEOPLE)
    with ground.database.write() as session:
        _copy_checkins(session, site.clock.now())
    with ground.database.write() as session:
        _copy_deliveries(session, ground)
    ground.settle()


def _copy_checkins(session: Session, now: datetime) -> None:
    """Spread copies of an approved appointment and its places over half a year around now."""
    model = session.exec(select(CheckIn).where(col(CheckIn.approved_at).is_not(None))).first()
    assert model is not None
    seats = session.exec(select(Seat).where(Seat.subject == model.subject)).all()
    rows: list[dict[str, Any]] = []
    places: list[dict[str, Any]] = []
    for number in range(CHECKINS):
        starts_at = now + timedelta(minutes=131 * (number - CHECKINS // 2))
        row = model.model_dump(warnings=False) | {
            "id": new_id(), "starts_at": starts_at, "note_sealed": None, "remind_at": None,
            "wave_at": None,
        }  # fmt: skip
        if starts_at < now:
            row |= {
                "state": CheckInState.CLOSED,
                "ended_at": starts_at,
                "outcome": Outcome.CAME_HOME,
            }
        rows.append(row)
        for seat in seats:
            told = {"id": new_id(), "subject": f"checkin:{row['id'].hex}", "starts_at": starts_at}
            places.append(
                seat.model_dump(warnings=False)
                | told
                | {"ends_at": starts_at + timedelta(hours=4), "taken": 0}
            )
    _insert(session, CheckIn, rows)
    _insert(session, Seat, places)


def _copy_deliveries(session: Session, ground: Ground) -> None:
    """Send copies of a message to everybody, until there are as many texts as wanted."""
    model = session.exec(select(Blast).order_by(col(Blast.id))).first()
    assert model is not None
    people = session.exec(select(Person.id, Person.phone_key).order_by(col(Person.id))).all()
    wordings = session.exec(select(Wording).where(Wording.gate_id == model.id)).all()
    delivery = session.exec(select(Delivery).where(col(Delivery.body_sealed).is_not(None))).first()
    assert delivery is not None
    for number in range(DELIVERIES // PEOPLE):
        if number == 0:  # the very message whose page is looked at
            gate_id, words = model.id, {one.language: one for one in wordings}
        else:
            gate_id = new_id()
            session.add(Gate(id=gate_id, state=GateState.OPEN))
            session.flush()
            words = {
                one.language: Wording(
                    **one.model_dump(warnings=False) | {"id": new_id(), "gate_id": gate_id}
                )
                for one in wordings
            }
            session.add_all(words.values())
            session.add(Blast(**model.model_dump(warnings=False) | {"id": gate_id}))
            session.flush()
        wording = words["en"]
        _insert(session, Delivery, [
            delivery.model_dump(warnings=False) | {
                "id": new_id(), "once_key": f"bench:{number}:{place}", "person_id": id_,
                "to_key": key, "gate_id": gate_id, "wording_id": wording.id, "language": "en",
                "subject": model.subject, "template": "blast", "body_sealed": None,
                "state": State.FAILED if place % 50 == 0 else State.DELIVERED,
                "reason": "30003" if place % 50 == 0 else "", "sid": None,
            }
            for place, (id_, key) in enumerate(people[:PEOPLE])
        ])  # fmt: skip


def _insert(session: Session, table: type[Table], rows: list[dict[str, Any]]) -> None:
    for first in range(0, len(rows), AT_ONCE):
        session.connection().execute(insert(table), rows[first : first + AT_ONCE])


def _times(site: Site, paths: list[str]) -> dict[str, float]:
    """Return the milliseconds of each page: 19 of 20 looks take no longer."""
    app = app_of(site.wiring)
    with TestClient(app, base_url=site.url, headers={"Origin": site.url}) as browser:
        assert browser.post(urlsplit(site.link()).path).status_code == 200
        keep_what_is_loaded()
        return {path: _p95(browser, path) for path in paths}


def _p95(browser: TestClient, path: str) -> float:
    browser.get(path)  # what is read once a process is read
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        answer = browser.get(path)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code < 500, path
    return statistics.quantiles(took, n=20)[-1]


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find(), args=FLAGS)
        try:
            yield opened
        finally:
            opened.close()


def _over_slow_line(site: Site) -> list[tuple[float, float]]:
    """Return, for the first time and for the next one, seconds until the board can be touched, and bytes."""
    with _browser() as browser:
        context = browser.new_context(viewport=PHONE)
        page = context.new_page()
        page.goto(site.link())
        page.locator("form button").first.click()
        page.close()
        return [_look(context, site, is_new) for is_new in (True, False)]


def _look(context: Any, site: Site, is_new: bool) -> tuple[float, float]:
    """Open the board. is_new: as a browser that has nothing of it yet."""
    page = context.new_page()
    loaded: list[float] = []
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": is_new})
    network.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False, "latency": LATENCY_MS, "downloadThroughput": KBITS * 125,
            "uploadThroughput": KBITS * 125,
        },
    )  # fmt: skip
    network.on("Network.loadingFinished", lambda event: loaded.append(event["encodedDataLength"]))
    began = time.perf_counter()
    page.goto(site.url + "/", wait_until="commit")
    page.locator("main a:visible").first.wait_for()
    seconds = time.perf_counter() - began
    page.wait_for_load_state("load")
    page.close()
    return seconds, sum(loaded)
