"""What a new volunteer is asked after the welcome: where, which languages, what they can do. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import regex
from pydantic import TypeAdapter

from service.people.register import ROLES
from service.replies.intents import Expecting, Intent
from service.replies.lexicon import load_lexicon
from service.replies.parse import parse
from service.replies.reading import read
from service.replies.spoken import languages_named
from service.replies.talks.turns import Around, Did, Say, Turn

LONGEST_AREA = 40
_ZIP = regex.compile(r"(?<!\d)\d{5}(?!\d)")
OFFERS = (
    "",
    "driver",
    "interpreter",
    "legal_observer",
    "outside_contact",
)  # 1 is just coming along


class Step(StrEnum):
    """The questions, in the order in which they are asked."""

    AREA = "area"
    SPEAKS = "speaks"
    CAN = "can"


@dataclass(frozen=True)
class Told:
    """What a volunteer told. Languages are ISO codes, roles those of people/register.py."""

    area: str = ""
    languages: tuple[str, ...] = ()
    roles: tuple[str, ...] | None = None


_TOLD = TypeAdapter(Told)


class Joining:
    """The conversation after JOIN. The welcome has asked for the area already."""

    def load(self, written: str) -> Told:
        """Return what was told."""
        return _TOLD.validate_json(written)

    def dump(self, told: Told) -> str:
        """Return what was told, to be kept."""
        return _TOLD.dump_json(told).decode()

    def begin(self, text: str, around: Around) -> Turn[Told]:
        """Begin; a ZIP code that came with JOIN is the area. Else the welcome has asked for it."""
        found = _ZIP.search(text)
        if found is None:
            return Turn(Did.ASKED, Told(), Step.AREA)
        return self._on(Told(area=found.group()), around)

    def ask(self, step: str, told: Told, around: Around) -> Say:  # noqa: ARG002  (a script's shape)
        """Return the question of a step."""
        if step == Step.SPEAKS:
            return Say("joining_speaks", {"area": told.area})
        return Say("ask_area" if step == Step.AREA else "joining_can")

    def answer(self, step: str, told: Told, text: str, around: Around) -> Turn[Told]:
        """Read the answer to a step's question."""
        known = _ANSWERS[Step(step)](told, text, around)
        if known is not None:
            return self._on(known, around)
        say = Say("area_unknown") if step == Step.AREA else self.ask(step, told, around)
        return Turn(Did.UNCLEAR, told, step, say)

    def _on(self, told: Told, around: Around) -> Turn[Told]:
        for step, is_known in (
            (Step.AREA, bool(told.area)),
            (Step.SPEAKS, bool(told.languages)),
            (Step.CAN, told.roles is not None),
        ):
            if not is_known:
                return Turn(Did.ASKED, told, step, self.ask(step, told, around))
        return Turn(Did.DONE, told)


def _area(told: Told, text: str, around: Around) -> Told | None:
    heard = parse(text, language=around.language, expecting=Expecting.area())
    if heard.intent is not Intent.AREA or not heard.area:
        return None
    return replace(told, area=heard.area[:LONGEST_AREA])


def _speaks(told: Told, text: str, around: Around) -> Told | None:
    named = languages_named(text)
    if named:
        return replace(told, languages=tuple(named))
    heard = parse(text, language=around.language, expecting=Expecting.numbered(3))
    known: set[str] = set()
    for number in heard.numbers:
        known |= {1: {"en"}, 2: {"es"}, 3: {"en", "es"}}[number]
    words, _ = read(text, load_lexicon())
    if words.find(load_lexicon().get("party", "two")):  # both, los dos
        known = {"en", "es"}
    return replace(told, languages=tuple(sorted(known))) if known else None


def _can(told: Told, text: str, around: Around) -> Told | None:
    heard = parse(text, language=around.language, expecting=Expecting.numbered(len(OFFERS)))
    roles = {OFFERS[number - 1] for number in heard.numbers}
    words, _ = read(text, load_lexicon())
    roles |= {role for role in ROLES if words.find(load_lexicon().get("can", role))}
    is_plain = heard.intent in (Intent.NO, Intent.YES, Intent.THANKS)
    if not roles and not is_plain:
        return None
    return replace(told, roles=tuple(role for role in ROLES if role in roles))


_ANSWERS = {Step.AREA: _area, Step.SPEAKS: _speaks, Step.CAN: _can}
