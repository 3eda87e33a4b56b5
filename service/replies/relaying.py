"""What a family and whoever leads write to each other: no command, no answer to us, no cry of distress.

`Relaying` is asked after everything that a text can mean to us: see `replies/precedence.py`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from service.checkins.relay import (
    Line,
    has_room,
    has_taken_part,
    is_answering,
    name_of,
    open_lines,
    pass_on,
    switch,
    wrote_since,
)
from service.outbox.tables import Priority
from service.people.register import alias_words
from service.people.tables import Family, Person, Volunteer
from service.privacy.policy import SYSTEM
from service.privacy.scrub import scrub
from service.replies.intents import Intent, Reply
from service.replies.precedence import PASSED_ON

if TYPE_CHECKING:
    from service.replies.converse import Conversation

A_TALK = timedelta(minutes=30)  # within it, nothing is said of each text that is passed on
ENOUGH_TO_TELL = 3  # words, from which on a text is taken to be in its writer's language
KNOWN_TONGUES = ("en", "es")


class Relaying:
    """What one text is to the others of an appointment that is near or going on."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk

    def takes(self, reply: Reply) -> bool:
        """Pass the text on if it is for the other one, or end that; return whether it was about it."""
        if reply.intent is Intent.MUTE:
            return self._ends()
        if not self._may_be_for_them(reply):
            return False
        lines = open_lines(self._talk.session, self._talk.person.id, now=self._talk.now)
        if not lines or not self._is_for_them(reply):
            return False
        line = self._the_one_meant(lines)
        if line is None:
            self._ask_for_whom(lines)
            return True
        if not has_room(self._talk.session, line, now=self._talk.now):
            return False
        self._pass_on(line, reply)
        return True

    def _ends(self) -> bool:
        """Stop passing on for their appointments; return whether there were any."""
        talk = self._talk
        lines = open_lines(talk.session, talk.person.id, now=talk.now)
        for line in lines:
            switch(talk.session, line.checkin, is_on=False, by=SYSTEM, role=line.role, now=talk.now)
        if not lines:
            return False
        talk.inbound.subject, talk.inbound.needs_person = lines[0].checkin.subject, False
        talk.answer(
            "relay_ended", {"name": self._names([one for line in lines for one in line.others])}
        )
        return True

    # --- whether it is for them ---

    def _may_be_for_them(self, reply: Reply) -> bool:
        talk = self._talk
        if reply.intent not in PASSED_ON or reply.quoted is not None or not talk.body.strip():
            return False
        return reply.intent is Intent.UNKNOWN or not self._is_asked()

    def _is_for_them(self, reply: Reply) -> bool:
        """A question of ours that is open is answered first; a bare yes, no or thanks goes on only
        where the last that they read was the other's words.
        """
        if reply.intent is Intent.UNKNOWN and not self._is_asked():
            return True
        if reply.intent is not Intent.UNKNOWN and reply.remainder:
            return True
        return is_answering(self._talk.session, self._talk.person.id)

    def _is_asked(self) -> bool:
        """Return whether a question of ours to them is open."""
        return bool(self._talk.asks) or self._talk.weekly.expecting() is not None

    def _the_one_meant(self, lines: list[Line]) -> Line | None:
        """Return the only one, or the one whose name they write; None where it could be several."""
        if len(lines) == 1:
            return lines[0]
        said = alias_words(self._talk.body)
        named = [line for line in lines if alias_words(self._names(line.others)) & said]
        return named[0] if len(named) == 1 else None

    def _ask_for_whom(self, lines: list[Line]) -> None:
        """Nobody's words go to the wrong family: they write the name in front."""
        talk = self._talk
        talk.inbound.needs_person = True
        if lines[0].checkin.is_drill:
            talk.inbound.subject = lines[0].checkin.subject
        talk.answer("relay_which", {"name": self._names(lines[0].others[:1])})

    # --- on its way ---

    def _pass_on(self, line: Line, reply: Reply) -> None:
        talk = self._talk
        talk.inbound.subject = line.checkin.subject
        reachable = line.reachable
        if not reachable:
            talk.inbound.needs_person = True
            talk.answer("relay_gone", {"name": self._names(line.others)})
            return
        is_first = not has_taken_part(talk.session, line.checkin.id, talk.person.id)
        is_talking = wrote_since(talk.session, line.checkin.id, talk.person.id, talk.now - A_TALK)
        tongues = [self._carry(line, to, reply) for to in reachable]
        says_no = reply.intent is Intent.NO and line.role == "family"
        is_heard_by_us = talk.inbound.intent is Intent.UNKNOWN or not says_no
        talk.inbound.intent, talk.inbound.certainty = Intent.RELAY, ""
        # A family's no, and words that the other can't read, are also ours to see to.
        talk.inbound.needs_person = any(tongues) or not is_heard_by_us
        self._tell_back(reachable, is_first=is_first, is_talking=is_talking)

    def _carry(self, line: Line, to: Person, reply: Reply) -> str:
        talk = self._talk
        tongue = self._foreign_to(to, reply)
        pass_on(
            talk.session, talk.outbox, line, talk.inbound, talk.person, to, scrub(talk.body.strip()),
            tongue=tongue, now=talk.now,
        )  # fmt: skip
        return tongue

    def _tell_back(self, to: list[Person], *, is_first: bool, is_talking: bool) -> None:
        if is_talking:
            return
        template = "relay_first" if is_first else "relay_passed"
        self._talk.answer(template, {"name": self._names(to)}, priority=Priority.URGENT)

    def _foreign_to(self, to: Person, reply: Reply) -> str:
        """Return the language of the words where the reader does not speak it, or ""."""
        talk = self._talk
        tongue = reply.reads_like
        if tongue is None and len(talk.body.split()) >= ENOUGH_TO_TELL:
            own = talk.family.speaks if talk.family is not None else ""
            tongue = own or talk.person.language
        if not tongue or tongue in _spoken_by(talk, to):
            return ""
        return tongue if tongue in KNOWN_TONGUES else "other"

    def _names(self, people: list[Person] | tuple[Person, ...]) -> str:
        talk = self._talk
        language = talk.person.language
        names = dict.fromkeys(name_of(talk.outbox, one, language) for one in people)
        return talk.outbox.catalog.join(names, language, last="and")


def _spoken_by(talk: Conversation, person: Person) -> set[str]:
    spoken = {person.language}
    volunteer = talk.session.get(Volunteer, person.id)
    family = talk.session.get(Family, person.id)
    if volunteer is not None:
        spoken |= set(volunteer.languages)
    if family is not None and family.speaks:
        spoken.add(family.speaks)
    return spoken
