"""Read what a person texted: its intent, and what is left for a person to read. Pure.

The order is the rule: leaving comes before everything, danger before everything else, then the
question that is open, then commands, and only then yes and no. What is not sure is not guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from service.replies.answers import Heard, read_answer
from service.replies.clauses import is_statement
from service.replies.intents import OUTCOMES, Expecting, Intent, Question, Reply
from service.replies.leaving import is_about_event, leaves
from service.replies.lexicon import LANGUAGES, Lexicon, load_lexicon
from service.replies.reactions import Reaction, read_reaction
from service.replies.reading import Words, chosen, left_over, one_digit, read, without_courtesies

__all__ = ["Expecting", "Intent", "Question", "Reply", "parse"]

MOST_WORDS = 60  # of a longer text the rest is a person's to read

ZIP = 5  # digits of a ZIP code
JOINING = frozenset({"and", "but", "y", "pero"})

# Commands that are the whole text, in the order in which they are tried.
COMMANDS = (
    Intent.ERASE, Intent.LIST, Intent.START, Intent.HELP, Intent.JOIN, Intent.CHECKIN,
    Intent.CHANGE, Intent.HERE, Intent.IN, Intent.OUT, Intent.WAITING, Intent.CALLED,
    Intent.SIGNED, Intent.WROTE, Intent.REPORT, Intent.LOCK, Intent.APPROVE,
    Intent.UNDO, Intent.VOUCH, Intent.LINK, Intent.NEXT, Intent.MUTE,
)  # fmt: skip
WISHES = (
    Intent.CHECKIN, Intent.REPORT, Intent.ERASE, Intent.CHANGE, Intent.HERE, Intent.IN, Intent.OUT,
    Intent.WAITING, Intent.JOIN, Intent.HELP,
)  # fmt: skip


@cache
def _commands() -> dict[str, Intent]:
    """Return what each command means; of two intents with one word the first of COMMANDS wins."""
    lexicon = load_lexicon()
    return {word: intent for intent in reversed(COMMANDS) for word in lexicon.get(intent)}


@cache
def _outcomes() -> dict[str, str]:
    """Return how it ended by what people write; of two that share their words the first wins."""
    lexicon = load_lexicon()
    return {said: name for name in reversed(OUTCOMES) for said in lexicon.get("outcome", name)}


def parse(text: str, *, language: str = "en", expecting: Expecting | None = None) -> Reply:
    """Return what a text means. Never raises; an empty text is UNKNOWN.

    text: as it came.   language: the person's, "en" or "es"; both are understood from everyone.
    expecting: the open question, none by default.
    """
    return _Reader(text, language, expecting or Expecting(), load_lexicon()).reply()


class _Reader:
    """One text being read; each step returns a Reply or None."""

    def __init__(self, text: str, language: str, expecting: Expecting, lexicon: Lexicon) -> None:
        self.text, self.language, self.expecting, self.lexicon = text, language, expecting, lexicon
        self.all, self.pictures = read(text, lexicon)
        self.core = without_courtesies(self.all, lexicon)
        # A letter says in its first words what it is about; leaving and danger are looked for in all.
        self.head = self.core.part(0, MOST_WORDS)
        self.is_question = "?" in text or "¿" in text

    def reply(self) -> Reply:
        steps: tuple[tuple[Callable[[], Reply | None], str], ...] = (
            (self.reaction, "a reaction to one of our texts"),
            (self.leave_one, "a group to leave, and nothing else"),
            (self.opt_out, "words that end our texts"),
            (self.danger, "words of danger"),
            (self.numbers, "a number, as the open question asks"),
            (self.asked_outcome, "how it ended"),
            (self.with_argument, "a command and what it is about"),
            (self.command, "a command, and nothing else"),
            (self.place, "a ZIP code or a place"),
            (self.wish, "a longer text that says what they want"),
            (self.answer, "an answer as people give it"),
            (self.courtesy, "thanks, ok or a picture, and nothing else"),
            (self.outcome, "how it ended"),
        )
        found, why = next(
            ((reply, why) for step, why in steps if (reply := step())),
            (
                Reply(Intent.UNKNOWN, remainder=self.text.strip()),
                "nothing that the lexicon knows for sure",
            ),
        )
        is_doubtful = (
            found.intent not in (Intent.STOP, Intent.LEAVE)
            and found.quoted is None
            and self.is_doubtful()
        )
        return replace(
            found,
            remainder=self.text.strip() if len(self.core) > len(self.head) else found.remainder,
            doubtful_stop=is_doubtful,
            why=f"{why}; perhaps an opt-out, so a person is asked" if is_doubtful else why,
            reads_like=self.reads_like(),
        )

    # --- leaving and danger ----------------------------------------------------------------------

    def reaction(self) -> Reply | None:
        """Tapbacks come before STOP: they quote our own text, which names it."""
        found = read_reaction(self.text, self.lexicon)
        if found is None:
            return None
        kind, quoted = found
        if kind is Reaction.UNCLEAR or self.expecting.question is Question.SAFETY:
            return Reply(Intent.UNKNOWN, remainder=self.text.strip(), quoted=quoted)
        if kind is Reaction.NOTHING or not self.expecting.takes_yes:
            return Reply(Intent.THANKS, quoted=quoted)
        return Reply(Intent.YES if kind is Reaction.YES else Intent.NO, quoted=quoted)

    def leave_one(self) -> Reply | None:
        """One group of several: these very words; any others that sound like leaving end it all."""
        is_it = self.head.bare() in self.lexicon.get("leave")
        return Reply(Intent.LEAVE) if is_it else None

    def opt_out(self) -> Reply | None:
        if " ".join(self.text.casefold().split()) in self.lexicon.get("stop", "carrier"):
            return Reply(Intent.STOP, by_carrier=True)
        sober = self.core.without(self.lexicon.get("stop", "harmless"))
        if sober.is_only(self.lexicon.get("stop", "carrier", "whole")):
            return Reply(Intent.STOP)
        if sober.find(self.lexicon.get("stop", "anywhere")) and not is_about_event(sober):
            return Reply(Intent.STOP, remainder=self.text.strip())
        return Reply(Intent.STOP, remainder=self.text.strip()) if leaves(sober) else None

    def is_doubtful(self) -> bool:
        """Whether this may be an opt-out that our lists do not know."""
        if "doubtful_stop" in self.pictures:
            return True
        if not self.sounds_doubtful(self.all):
            return False
        return self.sounds_doubtful(self.all.without(self.lexicon.get("stop", "harmless")))

    def sounds_doubtful(self, words: Words) -> bool:
        return bool(words.find(self.lexicon.get("stop", "doubtful"))) or self.joins("stop", words)

    def joins(self, section: str, words: Words) -> bool:
        """Return whether one of a section's verbs and one of its things stand in the same text."""
        verbs, things = (self.lexicon.get(section, way) for way in ("verbs", "things"))
        return bool(words.find(verbs) and words.find(things))

    def danger(self) -> Reply | None:
        sober = self.core.without(self.lexicon.get("distress", "harmless"))
        said = self.lexicon.get("distress", "anywhere")
        is_danger = (
            "distress" in self.pictures
            or sober.find(said)
            or self.joins("distress", sober)
            or self.all.trimmed(self.lexicon.get("polite")).bare() in self.lexicon.get("distress")
        )
        if not is_danger:
            return None
        asked = self.expecting.question is Question.OUTCOME
        outcome = self.which_outcome() if asked else None
        return Reply(Intent.DISTRESS, remainder=self.text.strip(), outcome=outcome)

    # --- the open question -----------------------------------------------------------------------

    def numbers(self) -> Reply | None:
        question, top = self.expecting.question, self.expecting.top
        if question not in (Question.ASKS, Question.LIST, Question.SAFETY, Question.OUTCOME):
            return None
        said = self.all.part(0, MOST_WORDS).trimmed(self.lexicon.courtesies)
        if said.opens_with(self.lexicon.plain):
            return None  # "Y2", "no 1": the answer comes first
        if said.bare() in self.lexicon.get("choice", "none"):
            return Reply(Intent.NO)
        if question is Question.OUTCOME:
            digit = one_digit(said.part(0, 1), top) if said.tokens else None
            if not digit:
                return None
            note = left_over(said.part(1), self.lexicon)
            return Reply(Intent.OUTCOME, remainder=note, outcome=OUTCOMES[digit - 1])
        if question is Question.SAFETY:
            if digit := one_digit(said, top):
                return Reply(Intent.CHOICE, (digit,))
            if said.opens_with(self.lexicon.get("safety", "at_the_hour")):
                return None
        if found := chosen(said, top, self.lexicon):
            numbers, rest = found
            return Reply(Intent.CHOICE, numbers, remainder=left_over(rest, self.lexicon))
        is_well = {self.all.bare(), said.bare()} & self.lexicon.get("safety", "well")
        return Reply(Intent.CHOICE, (1,)) if question is Question.SAFETY and is_well else None

    def asked_outcome(self) -> Reply | None:
        """How it ended, anywhere in the answer to our question."""
        if self.expecting.question is not Question.OUTCOME or not (name := self.which_outcome()):
            return None
        is_all = name == _outcomes().get(self.head.bare())
        return Reply(Intent.OUTCOME, outcome=name, remainder="" if is_all else self.text.strip())

    def outcome(self) -> Reply | None:
        """How it ended, unasked: all of a text that says nothing else."""
        name = _outcomes().get(self.head.bare())
        return Reply(Intent.OUTCOME, outcome=name) if name else None

    def which_outcome(self) -> str | None:
        """Return the one outcome that the words name; None for none or several."""
        found = [name for name in OUTCOMES if self.head.find(self.lexicon.get("outcome", name))]
        return found[0] if len(found) == 1 else None

    def with_argument(self) -> Reply | None:
        """NEXT and a date; LOCK, APPROVE or UNDO and a code."""
        for intent in (Intent.NEXT, Intent.LOCK, Intent.APPROVE, Intent.UNDO):
            if length := self.head.opens_with(self.lexicon.get(intent, "starts")):
                rest = self.head.part(length)
                if any(token.is_number for token in rest.tokens):
                    return Reply(intent, remainder=rest.written())
        return None

    def command(self) -> Reply | None:
        said = self.head.bare()
        intent = _commands().get(said)
        if intent is not None:
            return Reply(intent)
        for language in LANGUAGES:
            section = f"language.{language}"
            asked = self.lexicon.get(section, "anywhere")
            if said in self.lexicon.get(section) or self.head.find(asked):
                return Reply(Intent.LANGUAGE, language=language)
        return None

    def place(self) -> Reply | None:
        """A ZIP code or town: after AREA or ZONA, alone, or as the answer to our question."""
        asked = self.expecting.question is Question.AREA
        zips = [word for word in self.head.bares if len(word) == ZIP and word.isdecimal()]
        length = self.head.opens_with(self.lexicon.get("area", "starts"))
        if zips and (asked or length or len(self.head) == 1):
            return Reply(Intent.AREA, area=zips[0])
        if length and (rest := self.head.part(length)).tokens:
            return Reply(Intent.AREA, area=rest.written())
        if not asked or self.is_question or self.answer() or self.wish():
            return None
        if self.head.bares[:1] and self.head.bares[0] in JOINING:
            return None  # "y la troca" goes on with something else
        rest = self.head.part(self.head.opens_with(self.lexicon.get("area", "after_question")))
        if rest.find(self.lexicon.get("area", "never")):
            return None
        if 1 <= len(rest) <= 4 and not is_statement(rest):
            return Reply(Intent.AREA, area=rest.written())
        return None

    # --- what else people write about -----------------------------------------------------------

    def wish(self) -> Reply | None:
        """Longer texts that begin or contain a command; an open ask takes "I want to help" as yes."""
        if not self.head.find(self.lexicon.any_of(*WISHES, ways=("starts", "anywhere"))):
            return None
        asked = self.expecting.takes_yes
        if self.has(Intent.CHECKIN, "anywhere") or (
            not asked and self.has(Intent.CHECKIN, "starts")
        ):
            return self.with_text(Intent.CHECKIN)
        if self.has(Intent.REPORT, "anywhere"):
            return self.with_text(Intent.REPORT)
        for intent in (
            Intent.ERASE,
            Intent.CHANGE,
            Intent.HERE,
            Intent.IN,
            Intent.OUT,
            Intent.WAITING,
        ):
            if self.has(intent, "starts") or self.has(intent, "anywhere"):
                return self.with_text(intent)
        if length := self.head.opens_with(self.lexicon.get("join", "starts")):
            return Reply(Intent.JOIN, remainder=left_over(self.head.part(length), self.lexicon))
        if self.has(Intent.HELP, "anywhere"):
            return self.with_text(Intent.HELP)
        if not asked and self.has(Intent.JOIN, "anywhere"):
            return Reply(Intent.JOIN)
        return None

    def has(self, intent: Intent, way: str) -> bool:
        phrases = self.lexicon.get(intent, way)
        if not phrases or not self.head.find(phrases):
            return False
        words = self.head.without(self.lexicon.get(intent, "harmless"))
        return bool(words.opens_with(phrases) if way == "starts" else words.find(phrases))

    def with_text(self, intent: Intent) -> Reply:
        return Reply(intent, remainder=self.text.strip())

    # --- yes, no, maybe, thank you ---------------------------------------------------------------

    def answer(self) -> Reply | None:
        sober = self.head.without(self.lexicon.get("no", "harmless"))
        reply = read_answer(
            Heard(sober, self.language, self.expecting, self.is_question, self.lexicon)
        )
        if reply is None or reply.intent is not Intent.NO:
            return reply
        is_late = self.head.find(self.lexicon.get("withdraw")) is not None
        return replace(reply, withdraws=True) if is_late else reply

    def courtesy(self) -> Reply | None:
        """A picture, an "ok" or thanks, and nothing else."""
        is_ok = self.head.is_only(self.lexicon.get("ok"))
        if self.head.tokens and not is_ok:
            return None
        signs = self.pictures & {"yes", "no", "maybe"}
        if len(signs) == 1 and self.expecting.takes_yes:
            return Reply(Intent(next(iter(signs))))
        is_thanks = self.all.find(self.lexicon.get("thanks")) is not None
        if is_ok and self.expecting.takes_yes and not is_thanks:
            return Reply(Intent.YES)
        if is_ok or is_thanks or self.pictures & {"thanks", "yes"}:
            return Reply(Intent.THANKS)
        return None

    def reads_like(self) -> str | None:
        """Return the language of most words that belong to one language alone."""
        known = [self.lexicon.only.get(word) for word in self.all.bares]
        (most, best), (next_most, _), *_ = sorted(
            ((known.count(language), language) for language in LANGUAGES), reverse=True
        )
        return best if most > next_most else None
