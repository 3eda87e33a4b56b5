"""What must be true once nothing more happens: by the carrier's own ledger, not by our rows."""

from __future__ import annotations

from collections.abc import Iterable

from service.outbox.receipts import REPORTED
from service.outbox.step import RANK
from service.outbox.tables import GateState, State
from service.sms.codes import Does, look_up
from tests.faults.simulation.carrier import Message
from tests.faults.simulation.history import LIFETIME, START, History
from tests.faults.simulation.store import Row

LABELLED = "given up: at least once"
REACHED = (State.ACCEPTED, State.SENT, State.DELIVERED, State.UNDELIVERED)
TRIED_AGAIN = (Does.RETRY, Does.LATER)


def judge(history: History) -> list[str]:
    """Return what is wrong with the end of a history; nothing, if all is well."""
    wrong = list(history.broken)
    rows, ledger = history.memory.world.rows, history.carrier.ledger
    for row in rows:
        wrong += _lost(history, row)
        wrong += _untrue(row, ledger)
    for key in {(row.person.to, row.body) for row in rows}:
        group = [row for row in rows if (row.person.to, row.body) == key]
        wrong += _twice(history, group)
    wrong += _unnoticed(history)
    return wrong


def _came_back(message: Message) -> bool:
    """Return whether the carrier itself said that it did not arrive and may be tried again."""
    return message.ends in ("undelivered", "failed") and look_up(message.code).does in TRIED_AGAIN


def _twice(history: History, group: list[Row]) -> Iterable[str]:
    """The same words to the same phone: at most as many as there were reasons for them.

    Only a text that would rather come twice than not at all may do so, and then it says so.
    """
    to, body = group[0].person.to, group[0].body
    arrived = [
        message for message in history.carrier.ledger
        if (message.to, message.body) == (to, body) and not _came_back(message)
    ]  # fmt: skip
    labelled = sum(
        tried.outcome == LABELLED for tried in history.memory.tries if tried.row in group
    )
    if len(arrived) > len(group) + labelled:
        yield f"{len(arrived)} messages for {len(group)} texts: sent twice"


def _lost(history: History, row: Row) -> Iterable[str]:
    """Every text reached the carrier, or says why it did not."""
    life, memory = row.life, history.memory
    if life.state in REACHED:
        return
    if not life.reason and life.state is not State.FAILED:
        yield f"text {row.number} is {life.state} without a reason"
    has_waited = life.state is State.IN_DOUBT and life.reason == "waits_for_person"
    if life.state in (State.PLANNED, State.SUBMITTING) or (
        life.state is State.IN_DOUBT and not (has_waited and life.waits_for_person)
    ):
        yield f"text {row.number} is left {life.state}: lost"
    may_be_held = (
        not memory.has_consent(row)
        or row.person.is_unreachable
        or (row.is_behind_gate and memory.gate is not GateState.OPEN)
        or life.not_after < START + LIFETIME  # its use was soon over
    )
    if life.state in (State.SUPPRESSED, State.EXPIRED) and not may_be_held:
        yield f"text {row.number} is {life.state}, and nothing held it back: lost"


def _untrue(row: Row, ledger: list[Message]) -> Iterable[str]:
    """What our row says of a message is no more than the carrier said."""
    life = row.life
    if life.state not in REACHED:
        return
    found = [message for message in ledger if message.sid == life.sid]
    if not found or (found[0].to, found[0].body) != (row.person.to, row.body):
        yield f"text {row.number} is {life.state}, and the carrier has no such message"
    elif life.state is not State.ACCEPTED:
        said = {REPORTED[status] for _, status, _ in found[0].callbacks}
        if life.state not in said:
            yield f"text {row.number} is {life.state}, and the carrier never said so"
        elif RANK[life.state] < max(RANK[state] for state in said) and _is_its_own(row, found[0]):
            yield f"text {row.number} is {life.state}, and the carrier said more"


def _is_its_own(row: Row, message: Message) -> bool:
    return message.delivery == row.number


def _unnoticed(history: History) -> Iterable[str]:
    """Every message is known to be ours, unless a person was asked to look, or it came after all."""
    memory = history.memory
    for message in history.carrier.ledger:
        row = memory.world.rows[message.delivery]
        is_open = row.life.state is State.IN_DOUBT
        gave_up = memory.tries[message.attempt].outcome == LABELLED
        if message.sid not in memory.sids and not is_open and not gave_up:
            yield f"message {message.sid} is nobody's"
