"""Receipts in every order, each twice, through the signed webhook: the same end whatever the order."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
from sqlmodel import col, select

from service.db import new_id
from service.outbox.events import At, Reported
from service.outbox.receipts import REPORTED
from service.outbox.step import Life, step
from service.outbox.tables import Attempt, Delivery, State
from service.wiring import make_worker
from tests.faults import tweaks
from tests.faults.grounds import STARTS, Grounds, Stage
from tests.faults.parts import Tweak
from tests.faults.people import blast, seed
from tests.faults.report import Found, Trial, fault
from tests.faults.seats import sign
from tests.sandbox.driver import ACCOUNT

STATUSES = ("queued", "sent", "delivered", "undelivered", "failed")
ORDERS = list(itertools.permutations(STATUSES))
# Codes with a consequence of each kind: none, retried, number marked, opted out.
CODES = ("", "30008", "30005", "30006", "30003", "21610")
AT_ONCE = 8


@fault("receipts in every order, each twice", short=("postgresql",))
def every_order(grounds: Grounds, trial: Trial) -> Found:
    found = _post_all(grounds, trial)
    found.notes.append(f"{_try_all_in_memory(found):,} orders in memory")
    return found


@fault("the same, the last receipt counts", databases=("sqlite",), is_control=True)
def every_order_last_counts(grounds: Grounds, trial: Trial) -> Found:
    return _post_all(grounds, trial, tweaks.last_receipt_counts)


def _post_all(grounds: Grounds, trial: Trial, tweak: Tweak | None = None) -> Found:
    """Each order has a text of its own; both copies one after the other, or the whole order twice."""
    orders = ORDERS if trial.whole else trial.dice().sample(ORDERS, 40)
    copies = 2 if trial.whole else 1
    with grounds.stage(trial.database) as stage:
        chapter = seed(stage.wiring, len(orders) * copies)
        stage.faults(trial.seed, {"fault": "callback-lost"})
        blast(stage.wiring, chapter, "first call")
        asyncio.run(_send_all(stage))
        stage.parts.start("web", tweak)
        sent = stage.sandbox.ledger("created")
        with (
            httpx.Client(timeout=60, trust_env=False) as http,
            ThreadPoolExecutor(AT_ONCE) as pool,
        ):
            ways = [(order, way) for way in range(copies) for order in orders]
            jobs = [
                pool.submit(_post_order, http, entry, _twice(order, way + place % 2), place)
                for place, (entry, (order, way)) in enumerate(zip(sent, ways, strict=True))
            ]
            for job in jobs:
                job.result()
        return _judge(stage, sent)


async def _send_all(stage: Stage) -> None:
    worker = make_worker(stage.wiring)
    while await worker.drain_once():
        pass
    await worker._p.carrier.close()


def _twice(order: tuple[str, ...], way: int) -> tuple[str, ...]:
    return order + order if way % 2 else tuple(status for status in order for _ in range(2))


def _post_order(
    http: httpx.Client, entry: dict[str, Any], statuses: tuple[str, ...], place: int
) -> None:
    code = CODES[place % len(CODES)]
    for status in statuses:
        form = {"AccountSid": ACCOUNT, "MessageSid": entry["sid"], "MessageStatus": status}
        if code and status in ("undelivered", "failed"):
            form["ErrorCode"] = code
        url = entry["status_callback"]
        answer = http.post(url, data=form, headers={"X-Twilio-Signature": sign(url, form)})
        assert answer.status_code == 200, answer.text


def _judge(stage: Stage, sent: list[dict[str, Any]]) -> Found:
    """Each is delivered, under its own id, and its try is closed."""
    found = Found(len(sent))
    with stage.wiring.database.read() as session:
        rows = session.exec(
            select(Delivery, Attempt)
            .join(Attempt, col(Attempt.delivery_id) == Delivery.id)
            .where(col(Attempt.sid).is_not(None))  # on a slow machine some tries are not written
        ).all()
    sids = {entry["sid"] for entry in sent}
    for delivery, attempt in rows:
        is_right = (
            delivery.state is State.DELIVERED
            and delivery.sid == attempt.sid
            and attempt.sid in sids
            and not attempt.is_open
        )
        if not is_right:
            found.lose(f"{delivery.state} ({delivery.reason}), open {attempt.is_open}")
    if len(rows) != len(sent):
        found.lose(f"{len(rows)} tries for {len(sent)} texts")
    return found


# --- all orders there are, on the rules alone ----------------------------------------------------


def _try_all_in_memory(found: Found) -> int:
    """Walk through every order of the ten receipts, for each kind of code, answered or not yet."""
    walked = 0
    for code, is_open in itertools.product(CODES, (True, False)):
        ends = {life.state for life in _ends(_life(is_open=is_open), (2,) * 5, code)}
        walked += 113_400  # 10! / 2!^5; equal middles are walked on from once
        if ends != {State.DELIVERED}:
            found.lose(f"orders that end differently, code {code or 'none'}: {sorted(ends)}")
    return walked


@cache
def _ends(life: Life, left: tuple[int, ...], code: str) -> frozenset[Life]:
    if not any(left):
        return frozenset((life,))
    return frozenset(
        end for after, rest in _next(life, left, code) for end in _ends(after, rest, code)
    )


def _next(life: Life, left: tuple[int, ...], code: str) -> Iterator[tuple[Life, tuple[int, ...]]]:
    assert life.attempt_id is not None
    for place, status in enumerate(STATUSES):
        if left[place]:
            is_bad = status in ("undelivered", "failed")
            number = int(code or 0) if is_bad else 0
            event = Reported(life.attempt_id, "SM1", REPORTED[status], number)
            after, _ = step(life, event, At(STARTS))
            yield after, (*left[:place], left[place] - 1, *left[place + 1 :])


def _life(*, is_open: bool) -> Life:
    return Life(
        state=State.SUBMITTING if is_open else State.ACCEPTED,
        attempt_id=new_id(), is_open=is_open, started_at=STARTS,
        lease_until=STARTS + timedelta(seconds=15), not_before=STARTS,
        not_after=STARTS + timedelta(days=1), sid=None if is_open else "SM1",
    )  # fmt: skip
