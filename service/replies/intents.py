"""What a text can mean, and what we may have asked before it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from service.checkins.tables import Outcome


class Intent(StrEnum):
    """What a text means."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    JOIN = "join"
    LANGUAGE = "language"
    YES = "yes"
    NO = "no"
    MAYBE = "maybe"
    CHOICE = "choice"
    AREA = "area"
    HERE = "here"
    IN = "in"
    OUT = "out"
    WAITING = "waiting"
    DISTRESS = "distress"
    REPORT = "report"
    CHECKIN = "checkin"
    TALK = "talk"  # an answer within a conversation of several steps
    VOUCH = "vouch"
    LEAVE = "leave"  # one group of several
    CHANGE = "change"
    CALLED = "called"
    SIGNED = "signed"
    WROTE = "wrote"
    NEXT = "next"
    OUTCOME = "outcome"
    ERASE = "erase"
    LIST = "list"
    LINK = "link"  # to their own page
    LOCK = "lock"
    APPROVE = "approve"
    UNDO = "undo"
    MUTE = "mute"  # nothing more is to be passed on between them and the other
    RELAY = "relay"  # passed on to the other of an appointment
    THANKS = "thanks"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How plainly a text says it. What is doubtful is asked back once, and then goes to a person."""

    SURE = "sure"
    DOUBTFUL = "doubtful"


class Question(StrEnum):
    """What we last asked this person."""

    NOTHING = "nothing"
    YES_NO = "yes_no"
    ASKS = "asks"
    LIST = "list"
    SAFETY = "safety"
    AREA = "area"
    OUTCOME = "outcome"


# How an appointment ended, in the order in which the question numbers them.
OUTCOMES = tuple(outcome.value for outcome in Outcome)


@dataclass(frozen=True, slots=True)
class Expecting:
    """The open question, and how many numbers there are to choose from."""

    question: Question = Question.NOTHING
    top: int = 0

    @classmethod
    def yes_no(cls) -> Expecting:
        """One open ask: a bare Y binds to it, and a number behind it counts people."""
        return cls(Question.YES_NO)

    @classmethod
    def asks(cls, top: int) -> Expecting:
        """Several open asks, numbered 1..top: "Y2" and "2" settle which."""
        return cls(Question.ASKS, top)

    @classmethod
    def numbered(cls, top: int) -> Expecting:
        """A list or question answered by numbers 1..top, 0 or N for none; also "how many?"."""
        return cls(Question.LIST, top)

    @classmethod
    def safety(cls) -> Expecting:
        """How are you: 1 out and OK, 2 still waiting, 3 help. Digits come first in reading."""
        return cls(Question.SAFETY, 3)

    @classmethod
    def area(cls) -> Expecting:
        """A ZIP code or the name of a place."""
        return cls(Question.AREA)

    @classmethod
    def outcome(cls) -> Expecting:
        """How did it end: a digit of OUTCOMES, from 1. Digits come first in reading."""
        return cls(Question.OUTCOME, len(OUTCOMES))

    @property
    def takes_yes(self) -> bool:
        """Whether "ok", a thumb or a Liked means yes."""
        return self.question in (Question.YES_NO, Question.ASKS)


@dataclass(frozen=True, slots=True)
class Reply:
    """What was read.

    numbers: chosen from a list, in the order given.   party: how many come, they included.
    remainder: what the intent does not explain, as written; a person should read it.
    language: the language asked for (LANGUAGE).   reads_like: the language it is written in, if
    that shows.   area: a ZIP code or place (AREA).   quoted: the text of ours reacted to.
    by_carrier: a word that the carrier obeys and answers itself: send nothing.
    doubtful_stop: perhaps an opt-out: pause sending to this person and ask a human.
    certainty: doubtful where the text does not say it plainly (yes and no in one text, only a reason):
    ask back once before anything hangs on it. A YES is always sure.
    withdraws: a NO of somebody who had said yes, by its words ("I can't come anymore").
    outcome: how it ended, one of OUTCOMES (OUTCOME, and DISTRESS where they say it to that question).
    why: which of the reader's steps said so, in a few words for organizers.
    """

    intent: Intent
    numbers: tuple[int, ...] = ()
    party: int | None = None
    remainder: str = ""
    language: str | None = None
    reads_like: str | None = None
    area: str | None = None
    quoted: str | None = None
    by_carrier: bool = False
    doubtful_stop: bool = False
    certainty: Certainty = Certainty.SURE
    withdraws: bool = False
    outcome: str | None = None
    why: str = field(default="", compare=False)

    @property
    def how_sure(self) -> Certainty:
        """How surely it was read: what nobody could make out, or may be an opt-out, is doubtful too."""
        is_open = self.doubtful_stop or self.intent is Intent.UNKNOWN
        return Certainty.DOUBTFUL if is_open else self.certainty

    @property
    def needs_person(self) -> bool:
        """Whether somebody should read this text."""
        return self.doubtful_stop or bool(self.remainder) or self.intent in FOR_PEOPLE


FOR_PEOPLE = frozenset(
    {Intent.UNKNOWN, Intent.DISTRESS, Intent.REPORT, Intent.CHANGE, Intent.ERASE, Intent.OUTCOME}
)
