"""A question that is answered by yes or no before something that can't be undone. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from service.replies.intents import Expecting, Intent
from service.replies.parse import parse
from service.replies.talks.turns import Around, Did, Say, Turn

STEP = "sure"


@dataclass(frozen=True)
class Told:
    """about: what the question was asked for, such as the id of a text.   is_yes: the answer."""

    about: str = ""
    is_yes: bool | None = None


_TOLD = TypeAdapter(Told)


@dataclass(frozen=True)
class Sure:
    """One question. `template` asks it."""

    template: str

    def load(self, written: str) -> Told:
        """Return what was told."""
        return _TOLD.validate_json(written)

    def dump(self, told: Told) -> str:
        """Return what was told, to be kept."""
        return _TOLD.dump_json(told).decode()

    def begin(self, text: str, around: Around) -> Turn[Told]:
        """Ask. `text` is what it is about."""
        told = Told(about=text)
        return Turn(Did.ASKED, told, STEP, self.ask(STEP, told, around))

    def ask(self, step: str, told: Told, around: Around) -> Say:  # noqa: ARG002  (a script's shape)
        """Return the question."""
        return Say(self.template)

    def answer(self, step: str, told: Told, text: str, around: Around) -> Turn[Told]:
        """Read the yes or no."""
        heard = parse(text, language=around.language, expecting=Expecting.yes_no()).intent
        if heard is Intent.YES or heard is Intent.NO:
            return Turn(Did.DONE, replace(told, is_yes=heard is Intent.YES))
        return Turn(Did.UNCLEAR, told, step, self.ask(step, told, around))
