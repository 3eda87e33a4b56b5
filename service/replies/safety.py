"""What people text while somebody is out there: the answer to "how are you", IN and OUT, and fear.

`Hearing` is asked before anything else is made of a text but STOP; what it takes is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.checkins.safety.arrive import STILL_HELPS, is_here
from service.checkins.safety.contacts import answer_contact, open_question_of
from service.checkins.safety.find import Case, cases_of, knows_three
from service.checkins.safety.report import raise_alarm, say
from service.checkins.safety.rules import Word
from service.checkins.safety.tables import Reporter, SafetyCheck, SafetyState
from service.checkins.safety.tell import first_name, glad_key
from service.messages import dates
from service.messages.catalog import Value
from service.outbox.tables import ConsentNeeded, Priority
from service.people.tables import Person
from service.replies.intents import Expecting, Intent, Reply
from service.replies.lexicon import load_lexicon
from service.replies.parse import parse
from service.replies.reading import read
from service.replies.relaying import Relaying
from service.replies.whom import Whom
from service.rsvps.arrive import set_out
from service.rsvps.ask import mark_answered

if TYPE_CHECKING:
    from service.replies.converse import Conversation

DIGITS = {1: Word.OUT_AND_OK, 2: Word.WAITING, 3: Word.HELP}
WORDS = {Intent.IN: Word.IN, Intent.OUT: Word.OUT, Intent.WAITING: Word.WAITING}
AT_THE_DOOR = (Reporter.LEAD, Reporter.OUTSIDE_CONTACT)


class Hearing:
    """What one text means to the safety checks that are open around whoever wrote it."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._cases = cases_of(talk.session, talk.person.id, now=talk.now)
        self._asked = [case for case in self._cases if case.is_asked]
        self._whom = Whom(talk, self._cases)
        self.body = self._whom.body  # as it is to be read: "1B" is 1, of B

    def expecting(self) -> Expecting | None:
        """Return how the text is to be read while a question is open: digits come first.

        Where none is, a 3 counts from whoever was told "if anything changes, reply 3", and not sent
        another numbered list since.
        """
        return Expecting.safety() if self._asked or self._is_the_three() else None

    def _is_the_three(self) -> bool:
        talk = self._talk
        if not self._cases:
            return False
        reply = parse(self.body, language=talk.person.language, expecting=Expecting.safety())
        if reply.intent is not Intent.CHOICE or reply.numbers != (3,):
            return False
        listed_at = talk.weekly.asked_at
        return knows_three(talk.session, talk.person.id, since=listed_at, now=talk.now)

    def takes(self, reply: Reply) -> bool:
        """Do what the text asks for, if it is about somebody's safety; return whether it was."""
        if reply.intent is Intent.STOP:
            return False
        if reply.intent is Intent.DISTRESS:
            self.cry()
            return True
        if reply.intent is Intent.HELP and self._cases:
            self.cry()
            return True
        if reply.intent is Intent.HERE and self._is_here():
            return True
        if reply.intent is Intent.YES and self._sets_out():
            return True
        if reply.intent in (Intent.YES, Intent.NO) and self._answers_a_wish(reply):
            return True
        if (word := self._word(reply)) is not None:
            self._report(word)
            return True
        if self._whom.has_letter and not self.body:
            self._whom.ask(self._asked or self._cases, Word.OUT_AND_OK)
            return True
        return self._is_unclear(reply)

    def help_was_asked(self) -> bool:
        """Take a HELP that the carrier has answered: on the day it is a cry, and people are called."""
        if not self._cases:
            return False
        self.cry()
        return True

    def cry(self) -> None:
        """Call people at once, whatever was being asked; a person also reads what they wrote."""
        talk = self._talk
        talk.inbound.needs_person = True
        for case in self._cases:
            self._say(case, Word.DISTRESS)
        if not self._cases:
            raise_alarm(talk.session, talk.outbox, talk.person, now=talk.now)
        talk.answer("distress_heard", priority=Priority.URGENT, needed=ConsentNeeded.ALWAYS)

    # --- which word it is ---

    def _word(self, reply: Reply) -> Word | None:
        if not self._cases:
            return None
        if reply.intent is Intent.CHOICE and len(reply.numbers) == 1:
            if self._asked:
                return self._digit(reply.numbers[0])
            return Word.HELP if self._is_the_three() else None
        return WORDS.get(reply.intent)

    def _digit(self, number: int) -> Word | None:
        """Return what a digit says. "I'm fine", "ok" or OUT are no digit: from one of us they don't
        mean that somebody has spoken with the family.
        """
        word = DIGITS[number]
        if word is not Word.OUT_AND_OK or any(sign.isdecimal() for sign in self._talk.body):
            return word
        if self._asked[0].reporter is Reporter.FAMILY:
            return word
        return Word.OUT if self._talk.reads_as(Intent.OUT, self.body) else None

    def _is_unclear(self, reply: Reply) -> bool:
        """Say which digits there are, where their text was for this question alone."""
        talk = self._talk
        if not self._asked or talk.asks or reply.intent not in _FOR_THIS_QUESTION:
            return False
        Relaying(talk).takes(reply)  # the other one hears it in any case
        talk.inbound.needs_person = True
        self._name_a_drill(self._asked[0])
        self._answer("safety_digit")
        return True

    # --- whom it is about ---

    def _report(self, word: Word) -> None:
        cases = self._asked if word in DIGITS.values() and self._asked else self._cases
        cases = [case for case in cases if not self._is_anothers(case)] or cases
        case = self._whom.meant(cases)
        if case is None and word is Word.HELP:
            for each in cases:
                self._say(each, word)
            self._heard_a_cry()
            return
        if case is None and (over := self._whom.seen_to()) is not None:
            self._tell_over(over)
            return
        if case is None:
            self._whom.ask(cases, word)
            return
        check = self._say(case, word)
        if word is Word.HELP:
            self._heard_a_cry()
        else:
            self._tell_back(case, check, word)

    def _is_anothers(self, case: Case) -> bool:
        """Whether somebody else on call has taken what they once were called about too."""
        taken_by = case.check.taken_person_id
        is_taken = case.check.state is SafetyState.TAKEN and taken_by is not None
        return is_taken and case.reporter is Reporter.ON_CALL and taken_by != self._talk.person.id

    def _tell_over(self, check: SafetyCheck) -> None:
        language, catalog = self._talk.person.language, self._talk.outbox.catalog
        name = self._whom.name(check) or self._whom.someone()
        who = catalog.word("safety", "one_of_us", language)
        self._answer("safety_over", {"name": name, "who": who})

    def _say(self, case: Case, word: Word) -> SafetyCheck:
        talk = self._talk
        talk.inbound.subject = case.check.subject
        return say(
            talk.session, talk.outbox, case.check, case.reporter, word, person=talk.person,
            now=talk.now,
        )  # fmt: skip

    def _name_a_drill(self, case: Case) -> None:
        """Let the answer say that it is about a drill, where it is."""
        if case.check.is_drill:
            self._talk.inbound.subject = case.check.subject

    def _is_here(self) -> bool:
        """Note that they are at the door of today's appointment, or of each of several."""
        talk = self._talk
        rsvps = [
            (case, rsvp)
            for case in self._cases
            if (rsvp := is_here(talk.session, case.check, talk.person)) is not None
        ]
        if not rsvps:
            return False
        talk.inbound.subject = rsvps[0][0].check.subject
        leads = any(case.reporter is Reporter.LEAD for case, _ in rsvps)
        talk.answer("here_noted_lead" if leads else "here_noted")
        return True

    def _sets_out(self) -> bool:
        """Note that they are on the way to today's appointment: "on my way", "voy en camino"."""
        talk = self._talk
        lexicon = load_lexicon()
        words, _ = read(talk.body, lexicon)
        if not words.find(lexicon.get("on_my_way", "anywhere")):
            return False
        for case in self._cases:
            if case.check.starts_at > talk.now - STILL_HELPS and set_out(
                talk.session, talk.person.id, case.check.subject
            ):
                talk.inbound.subject, talk.inbound.needs_person = case.check.subject, False
                mark_answered(talk.session, talk.person.id, case.check.subject, now=talk.now)
                talk.answer("way_noted")
                return True
        return False

    # --- what they hear ---

    def _heard_a_cry(self) -> None:
        self._talk.inbound.needs_person = True
        self._talk.answer("distress_heard", priority=Priority.URGENT, needed=ConsentNeeded.ALWAYS)

    def _tell_back(self, case: Case, check: SafetyCheck, word: Word) -> None:
        at_the_door = case.reporter in AT_THE_DOOR
        if word is Word.IN and at_the_door and check.state is SafetyState.ARMED:
            self._answer("in_noted", {"hour": self._hour(check)})
        elif word is Word.OUT and at_the_door:
            self._answer("out_noted")
        elif check.state is SafetyState.RESOLVED:
            self._answer("safety_spoken")
        elif check.state is SafetyState.WAITING:
            self._answer("safety_waiting", {"hour": self._hour(check)})
        elif not self._is_glad(case, check):
            self._answer("safety_heard")

    def _is_glad(self, case: Case, check: SafetyCheck) -> bool:
        """Tell a family that is out that we are glad, once for each date; return whether that was said."""
        is_said_to_be_out = check.state is SafetyState.OK and case.reporter is Reporter.FAMILY
        return is_said_to_be_out and self._answer("safety_ok", once=glad_key(check))

    def _answer(
        self, template: str, values: dict[str, Value] | None = None, *, once: str = ""
    ) -> bool:
        return self._talk.answer(template, values, priority=Priority.URGENT, once=once)

    def _hour(self, check: SafetyCheck) -> str:
        return dates.hour(check.next_at, self._whom.zone(check), self._talk.person.language)

    # --- "may we call you, if we can't reach them?" ---

    def _answers_a_wish(self, reply: Reply) -> bool:
        talk = self._talk
        wish = None if talk.asks else open_question_of(talk.session, talk.person.id)
        if wish is None:
            return False
        agrees = reply.intent is Intent.YES
        answer_contact(talk.session, wish, talk.person, agrees=agrees, now=talk.now)
        if not agrees:
            talk.answer("contact_no")
            return True
        family = talk.session.get_one(Person, wish.family_id)
        talk.answer(
            "contact_yes", {"name": first_name(talk.outbox, family) or self._whom.someone()}
        )
        return True


_FOR_THIS_QUESTION = (Intent.UNKNOWN, Intent.YES, Intent.NO, Intent.MAYBE, Intent.CHOICE)
