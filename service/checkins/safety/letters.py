"""Letters tell apart those whom one person answers for: names may be alike, or not be known.

A letter is given once and stays written down as a step, so that an answer that comes late still means
whom it meant when the letter was read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from service.checkins.safety.tables import OVER, SafetyCheck, SafetyStep
from service.checkins.safety.tell import note_step
from service.people.tables import Person

LETTERS = "ABCDEFGH"
REMEMBERED = timedelta(days=2)
ASKED_WHICH = "which"  # what the step did; the letter stands where others have a role
_AT_THE_END = re.compile(r"(?P<rest>.*\w)??[\W_]*(?<![^\W\d_])(?P<letter>[a-h])\W*", re.I | re.S)
_IN_FRONT = re.compile(r"\W*(?P<letter>[a-h])(?![^\W\d_])[\W_]*(?P<rest>\d|[^\W\d_]+)\W*", re.I)


def split_letter(body: str) -> tuple[str, str]:
    """Return what was said and the letter with it, "1B", "b 1", "OUT, B"; "" where there is none. Pure."""
    found = _AT_THE_END.fullmatch(body) or _IN_FRONT.fullmatch(body)
    if found is None:
        return body, ""
    return (found["rest"] or "").strip(), found["letter"].upper()


def letters_of(session: Session, person_id: UUID, *, now: datetime) -> dict[str, UUID]:
    """Return which safety check each letter means to this person: the one it was given to last.

    Of what is over it is remembered for two days.
    """
    return dict(_given(session, person_id, now))


def give_letters(
    session: Session, checks: Sequence[SafetyCheck], person: Person, *, now: datetime
) -> dict[UUID, str]:
    """Return a letter for each of these checks; one that has none for this person gets the next."""
    given = _given(session, person.id, now)
    known = {check_id: letter for letter, check_id in dict(given).items()}
    found = {check.id: known[check.id] for check in checks if check.id in known}
    at = LETTERS.index(given[-1][0]) if given else -1
    for check in checks:
        if check.id in found:
            continue
        following = [LETTERS[(at + step) % len(LETTERS)] for step in range(1, len(LETTERS) + 1)]
        letter = next((one for one in following if one not in found.values()), following[0])
        found[check.id], at = letter, LETTERS.index(letter)
        key = f"{check.own_subject}:{check.turn}:{ASKED_WHICH}:{person.id.hex}:{letter}"
        note_step(session, check, ASKED_WHICH, key, role=letter, person=person, now=now)
    return found


def _given(session: Session, person_id: UUID, now: datetime) -> Sequence[tuple[str, UUID]]:
    """Return (letter, safety check), the one given last at the end."""
    return session.exec(
        select(SafetyStep.role, SafetyStep.safety_id)
        .join(SafetyCheck, col(SafetyCheck.id) == SafetyStep.safety_id)
        .where(
            SafetyStep.person_id == person_id,
            SafetyStep.did == ASKED_WHICH,
            or_(col(SafetyStep.at) > now - REMEMBERED, col(SafetyCheck.state).not_in(OVER)),
        )
        .order_by(col(SafetyStep.at), col(SafetyStep.id))
    ).all()
