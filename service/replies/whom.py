"""Whom a text is about, where somebody answers for several: by a letter, a name, or asked for.

Nobody is seen to by mistake: where it could be either, a text asks with a letter for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from service.chapters.tables import Office
from service.checkins.safety.find import Case
from service.checkins.safety.letters import give_letters, letters_of, split_letter
from service.checkins.safety.rules import Word
from service.checkins.safety.tables import Reporter, SafetyCheck, SafetyState
from service.checkins.safety.tell import first_name, initial
from service.checkins.tables import CheckIn
from service.messages import dates
from service.outbox.tables import Priority
from service.people.register import alias_words
from service.people.tables import Person

if TYPE_CHECKING:
    from service.replies.converse import Conversation


class Whom:
    """Which of somebody's cases one text of theirs means.

    body: the text without its letter.   has_letter: it names one that they were given.
    """

    def __init__(self, talk: Conversation, cases: list[Case]) -> None:
        self._talk, self._cases = talk, cases
        letters = letters_of(talk.session, talk.person.id, now=talk.now) if cases else {}
        rest, letter = split_letter(talk.body)
        self._check_id = letters.get(letter)
        self.has_letter = self._check_id is not None
        self.body = rest if self.has_letter else talk.body

    # --- which one it is ---

    def meant(self, cases: list[Case]) -> Case | None:
        """Return the one of `cases` that is meant; None where several are open and none is named.

        Whom the letter means counts, of all that are theirs, also where there is one left: it may be
        another's.
        """
        if self.has_letter:
            return next((case for case in self._cases if case.check.id == self._check_id), None)
        if len(cases) == 1:
            return cases[0]
        said = alias_words(self.body)
        named = [case for case in cases if alias_words(self.name(case.check)) & said]
        return named[0] if len(named) == 1 else None

    def seen_to(self) -> SafetyCheck | None:
        """Return the check that their letter means, where somebody else has seen to it meanwhile."""
        if self._check_id is None:
            return None
        check = self._talk.session.get_one(SafetyCheck, self._check_id)
        return check if check.state is SafetyState.RESOLVED else None

    # --- asking ---

    def ask(self, cases: list[Case], word: Word) -> None:
        """Ask whom it is about, a letter each: names may be alike."""
        talk, catalog = self._talk, self._talk.outbox.catalog
        checks = [case.check for case in cases]
        letters = give_letters(talk.session, checks, talk.person, now=talk.now)
        if checks[0].is_drill:
            talk.inbound.subject = checks[0].subject  # the answer says so
        language = talk.person.language
        said = catalog.word("safety_word", word.value, language)
        ways = [f"{said}{letters[check.id]}" for check in checks]
        labels = zip((letters[check.id] for check in checks), self._labels(cases), strict=True)
        items = catalog.join([" ".join(label) for label in labels], language, last="items")
        choices = catalog.join(ways, language, last="or")
        values = {"items": items, "choices": choices}
        talk.answer("safety_which", values, priority=Priority.URGENT)

    def _labels(self, cases: list[Case]) -> list[str]:
        """Return how each is told from the others; only those that are alike show more than they must."""
        plain = [self._label(case) for case in cases]
        return [
            self._label(case, in_full=True) if plain.count(label) > 1 else label
            for case, label in zip(cases, plain, strict=True)
        ]

    def _label(self, case: Case, *, in_full: bool = False) -> str:
        """Return the name they go by, to those who go along when; in full with a further initial."""
        check, talk = case.check, self._talk
        further = initial(talk.outbox, self._family(check)) if in_full else ""
        is_told_when = check.checkin_id and case.reporter is not Reporter.EMERGENCY_CONTACT
        at = dates.time(check.starts_at, self.zone(check)) if is_told_when else ""
        return " ".join(filter(None, (self.name(check), further, at))) or self.someone()

    # --- what is known of them ---

    def name(self, check: SafetyCheck) -> str:
        """Return the first name that they go by, or ""."""
        return first_name(self._talk.outbox, self._family(check))

    def someone(self) -> str:
        """Return what is said of somebody without a name."""
        return self._talk.outbox.catalog.word("safety", "someone", self._talk.person.language)

    def zone(self, check: SafetyCheck) -> ZoneInfo:
        """Return the zone of their office, or of an alarm without one the writer's own."""
        talk = self._talk
        if check.checkin_id is None:
            return ZoneInfo(talk.person.time_zone)
        checkin = talk.session.get_one(CheckIn, check.checkin_id)
        return ZoneInfo(talk.session.get_one(Office, checkin.office_id).time_zone)

    def _family(self, check: SafetyCheck) -> Person:
        return self._talk.session.get_one(Person, check.person_id)
