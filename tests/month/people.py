"""How invented people answer: yes, no, mostly not at all; late, twice, wrongly, or for good."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tests.month.network import ZONE_INFO

YES, NO = 0.12, 0.18  # of those who are asked; the others are silent
LEAVES = 0.004
WRONGLY, TWICE, VERY_LATE = 0.05, 0.08, 0.1
STILL_COMES, COMES_NO_MORE = 0.8, 0.05  # asked the day before

WAYS = {
    "yes": ("Y", "yes!", "Count me in", "S", "sí, claro", "ahí estaré", "Yes I can"),
    "no": ("N", "No, not today", "no puedo", "sorry I can't", "n"),
    "wrong": ("what?", "jaja", "quién es?", "77", "is there parking"),
    "stop": ("STOP", "please stop texting me", "ya no me manden mensajes"),
}


class Kind(StrEnum):
    """What a text of ours asks of somebody."""

    WAVE = "wave"
    LIST = "list"
    RALLY = "rally"
    CONFIRM = "confirm"
    WHICH = "which"
    THANKS = "thanks"
    HOW_ARE_YOU = "how are you"
    HOW_ARE_THEY = "how are they"
    SPEAK = "speak with them"
    YOURS = "it is yours"
    WHOM = "whom do you mean"
    OTHER = "other"


# What begins or tells each, in English and Spanish; the first that is found counts.
TELLTALE = (
    (Kind.LIST, r"next week near you|la semana que viene"),
    (Kind.LIST, r"to an appointment next week"),
    (Kind.WAVE, r"can you go with a neighbor|¿puede ir con una familia"),
    (Kind.CONFIRM, r"Coming\? Reply|¿Viene\? "),
    (Kind.WHICH, r"Which one do you mean|Which ones can you do|¿Para qué fecha|¿A qué citas"),
    (Kind.THANKS, r"is full now|ya hay gente para el"),
    (Kind.HOW_ARE_YOU, r"Reply 1 I'm out|Responda 1 ya estoy afuera"),
    (Kind.HOW_ARE_THEY, r"\(we spoke\)|\(ya hablamos\)"),
    (Kind.WHOM, r"Please add the letter|agregue la letra"),
    (Kind.SPEAK, r"Reply 1 when you have|Responda 1 cuando hayan hablado"),
    (Kind.YOURS, r"thank you, it is yours|gracias, queda en sus manos"),
    (Kind.RALLY, r"march for families|marcha por las familias"),
)


# What they answer to a question after the appointment, and how often; the others are silent.
AFTERWARDS = {
    Kind.HOW_ARE_YOU: (("1", 0.68), ("2", 0.12), ("3", 0.03)),
    Kind.HOW_ARE_THEY: (("1", 0.55), ("2", 0.12), ("3", 0.02)),
    Kind.SPEAK: (("1", 0.7),),
    Kind.YOURS: (("1", 0.95),),
}
PICKS_UP = 0.6


def kind_of(body: str) -> Kind:
    """Return what a text asks."""
    return next((kind for kind, words in TELLTALE if re.search(words, body)), Kind.OTHER)


@dataclass(order=True, frozen=True)
class Answer:
    """One text of a person, at its moment."""

    at: datetime
    phone: str
    body: str


class Crowd:
    """Everybody's dice. One generator for all, so that a seed replays."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed * 7919)  # noqa: S311
        self.gone: set[str] = set()

    def answers(self, phone: str, body: str, at: datetime) -> list[Answer]:
        """Return what this text will make somebody write."""
        kind = kind_of(body)
        if phone in self.gone or kind in (Kind.OTHER, Kind.THANKS):
            return []
        words = self._afterwards(kind) if kind in AFTERWARDS else self._words(kind, body)
        if words is None:
            return []
        if words in WAYS["stop"]:
            self.gone.add(phone)
        is_soon = kind in (Kind.WHICH, Kind.WHOM) or kind in AFTERWARDS
        when = self._when(at, soon=is_soon)
        found = [Answer(when, phone, words)]
        if self._dice.random() < TWICE:
            found.append(Answer(when + timedelta(minutes=2), phone, words))
        return found

    def picks_up(self) -> bool:
        """Return whether somebody on call takes this call."""
        return self._dice.random() < PICKS_UP

    def _afterwards(self, kind: Kind) -> str | None:
        luck = self._dice.random()
        for words, share in AFTERWARDS[kind]:
            luck -= share
            if luck < 0:
                return words
        return None

    def _words(self, kind: Kind, body: str) -> str | None:
        luck = self._dice.random()
        if kind is Kind.WHICH:
            return str(self._dice.randint(1, 2))
        if kind is Kind.WHOM:
            return str(self._dice.choice(re.findall(r"\b\d[A-H]\b", body)))
        if kind is Kind.CONFIRM:
            if luck < STILL_COMES:
                return "Y"
            return "N" if luck < STILL_COMES + COMES_NO_MORE else None
        if luck < LEAVES:
            return self._dice.choice(WAYS["stop"])
        if luck > YES + NO:
            return None
        if self._dice.random() < WRONGLY:
            return self._dice.choice(WAYS["wrong"])
        if kind is Kind.LIST:
            return self._numbers(body) if luck < YES else "0"
        return self._dice.choice(WAYS["yes" if luck < YES else "no"])

    def _numbers(self, body: str) -> str:
        """One or two of the numbers on the list, as people write them."""
        top = max((int(found) for found in re.findall(r"(?:^|[:;] )(\d) ", body)), default=1)
        chosen = sorted(
            self._dice.sample(range(1, top + 1), min(top, self._dice.choice((1, 1, 2))))
        )
        return self._dice.choice((" ", ", ", " and ")).join(map(str, chosen))

    def _when(self, at: datetime, *, soon: bool) -> datetime:
        """Minutes as a rule, hours often, now and then a day or more; nobody answers asleep."""
        minutes = self._dice.lognormvariate(3.6, 1.2)
        if self._dice.random() < VERY_LATE and not soon:
            minutes = self._dice.uniform(8 * 60, 40 * 60)
        when = at + timedelta(minutes=min(10.0, minutes) if soon else minutes)
        local = when.astimezone(ZONE_INFO)
        if local.hour >= 23 or local.hour < 7:
            day = local.date() + timedelta(days=1 if local.hour >= 23 else 0)
            waking = datetime(day.year, day.month, day.day, 7, 5, tzinfo=ZONE_INFO)
            when = waking.astimezone(at.tzinfo) + timedelta(minutes=self._dice.uniform(0, 90))
        return when
