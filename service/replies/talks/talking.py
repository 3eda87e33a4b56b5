"""One text within a conversation of several steps: read, kept, answered; at its end, saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from service.chapters.find import get_chapter, list_offices
from service.chapters.tables import Office
from service.errors import InvalidValue
from service.privacy.keyring import KeyKind
from service.privacy.seal import seal
from service.replies.lexicon import load_lexicon
from service.replies.reading import read, without_courtesies
from service.replies.second_chapter import take_answer
from service.replies.tables import Talk, TalkKind
from service.replies.talks import intake, joining, sure
from service.replies.talks.intake import Intake, Step
from service.replies.talks.joining import Joining
from service.replies.talks.keep import find_talk, forget, is_running, keep, open_talk, stop, told_in
from service.replies.talks.save import (
    save_appointment,
    save_erasure,
    save_offer,
    save_whose_number,
)
from service.replies.talks.sure import Sure
from service.replies.talks.turns import Around, Did, Place, Say, Script, Turn

if TYPE_CHECKING:
    from service.replies.converse import Conversation

SCRIPTS: Mapping[TalkKind, Script[Any]] = {
    TalkKind.INTAKE: Intake(),
    TalkKind.JOINING: Joining(),
    TalkKind.RECYCLED: Sure("recycled_ask"),
    TalkKind.ERASING: Sure("erase_sure"),
    TalkKind.SECOND: Sure("join_second"),
    TalkKind.NEXT: Intake(),
}
# What they are told when a person goes on.
HAND_OVER = {TalkKind.INTAKE: "intake_person", TalkKind.NEXT: "intake_person"}
LEFT_AT = ("later", "forget")


class Talking:
    """The conversation of several steps that somebody is in, if they are in one."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._session = talk.session
        self._state = find_talk(talk.session, talk.person.id)

    @property
    def running(self) -> Talk | None:
        """The conversation that waits for an answer."""
        return self._state if is_running(self._state, self._talk.now) else None

    @property
    def is_about_a_date(self) -> bool:
        """Whether it is about when an appointment is."""
        return self.running is not None and self.running.kind in (TalkKind.INTAKE, TalkKind.NEXT)

    @property
    def asked_at(self) -> datetime | None:
        """When its question was asked."""
        return self._state.asked_at if self.running and self._state else None

    @property
    def is_about_them(self) -> bool:
        """Whether it is asked who they are: before that is clear, nothing else is answered."""
        return self.running is not None and self.running.kind is TalkKind.RECYCLED

    def begin(self, kind: TalkKind, about: str | None = None) -> None:
        """Ask the first question, or go on where it stopped. about: default, the text itself."""
        state = self._state
        if state is not None and state.kind is kind:
            say = self._ask_again(state)
            self._go(state, Turn(Did.ASKED, self._told(state), state.step, say))
            return
        state = open_talk(self._session, self._talk.person.id, kind, now=self._talk.now)
        self._state = state
        text = self._talk.body if about is None else about
        self._go(state, SCRIPTS[kind].begin(text, self._around()))

    def begin_next(self, told: intake.Told, text: str) -> None:
        """Ask for what is missing of an appointment that follows another."""
        state = open_talk(self._session, self._talk.person.id, TalkKind.NEXT, now=self._talk.now)
        self._state = state
        self._go(state, Intake().follow(told, text, self._around()))

    def go_on(self) -> None:
        """Take the text as the answer to the question that was asked."""
        state = self.running
        if state is None or self._leaves(state):
            return
        told, step = self._told(state), state.step
        turn = SCRIPTS[state.kind].answer(step, told, self._talk.body, self._around())
        self._go(state, turn)
        if turn.did not in (Did.ASKED, Did.DONE):
            return
        if step == Step.PICKUP:
            self._keep_elsewhere("place_kept")
        elif step == Step.WHOSE and turn.told.phone:
            self._keep_elsewhere("number_kept")

    def _keep_elsewhere(self, instead_of_it: str) -> None:
        """A pick-up point is erased a day after the ride, and another's number when they ask: neither
        lies in the thread of who wrote it."""
        talk = self._talk
        key = talk.outbox.keyring.key(KeyKind.PERSON, talk.person.id)
        instead = talk.outbox.catalog.word("intake", instead_of_it, talk.person.language)
        talk.inbound.text_sealed = seal(key, "inbound", talk.inbound.id, "text", instead)

    def understands(self) -> bool:
        """Return whether the text is an answer to the question that was asked."""
        state = self.running
        if state is None:
            return False
        turn = SCRIPTS[state.kind].answer(
            state.step, self._told(state), self._talk.body, self._around()
        )
        return turn.did is not Did.UNCLEAR or any(self._wants(one) for one in LEFT_AT)

    def ask_again(self) -> None:
        """Put the question once more, in the language that they have just chosen."""
        if state := self.running:
            self._say(self._ask_again(state))

    # --- what a turn does ---

    def _go(self, state: Talk, turn: Turn[Any]) -> None:
        if turn.did is Did.DONE:
            self._save(state, turn.told)
            return
        asked_again = state.asked_again.split() if turn.did is not Did.ASKED else []
        is_for_person = turn.did is Did.FOR_PERSON
        if turn.did is Did.UNCLEAR and turn.say is not None:
            is_for_person = turn.say.template in asked_again  # once is enough: somebody calls them
            asked_again.append(turn.say.template)
        keep(
            self._session, self._talk.outbox.keyring, state, step=turn.step or state.step,
            told=SCRIPTS[state.kind].dump(turn.told), asked_again=" ".join(asked_again),
            now=self._talk.now,
        )  # fmt: skip
        if is_for_person:
            self._hand_over(state)
        elif turn.say is not None:
            self._say(turn.say)

    def _hand_over(self, state: Talk) -> None:
        """Tell them once that a person calls; the question stays open, should they answer it yet."""
        self._talk.inbound.needs_person = True
        template = HAND_OVER.get(state.kind, "unknown_text")
        self._talk.answer(template, once=f"{template}:{state.id.hex}")

    def _save(self, state: Talk, told: Any) -> None:
        if isinstance(told, intake.Told):
            try:
                save_appointment(self._talk, told)
            except InvalidValue as error:
                if error.field != "starts_at":
                    raise
                self._go(state, Intake().again(told))
                return
        forget(self._session, state)
        self._state = None
        if isinstance(told, joining.Told):
            save_offer(self._talk, told)
        elif isinstance(told, sure.Told) and state.kind is TalkKind.ERASING:
            save_erasure(self._talk, told)
        elif isinstance(told, sure.Told) and state.kind is TalkKind.SECOND:
            take_answer(self._talk, told)
        elif isinstance(told, sure.Told):
            save_whose_number(self._talk, told)

    def _leaves(self, state: Talk) -> bool:
        """Leave with a word: for now, or for good."""
        if self._wants("later"):
            stop(self._session, state, now=self._talk.now)
            self._talk.answer("talk_later")
        elif self._wants("forget"):
            forget(self._session, state)
            self._talk.answer("talk_forgotten")
        else:
            return False
        return True

    def _wants(self, section: str) -> bool:
        lexicon = load_lexicon()
        words, _ = read(self._talk.body, lexicon)
        said = {words.bare(), without_courtesies(words, lexicon).bare()}
        return bool(said & lexicon.get(section))

    # --- what a step is given ---

    def _told(self, state: Talk) -> Any:
        written = told_in(self._talk.outbox.keyring, state, self._talk.chapter_id)
        return SCRIPTS[state.kind].load(written)

    def _ask_again(self, state: Talk) -> Say:
        return SCRIPTS[state.kind].ask(state.step, self._told(state), self._around())

    def _say(self, say: Say) -> None:
        self._talk.answer(say.template, say.values)

    def _around(self) -> Around:
        talk = self._talk
        chapter = get_chapter(self._session, talk.chapter_id)
        offices = list_offices(self._session, chapter.id)
        return Around(
            now=talk.now.astimezone(ZoneInfo(chapter.time_zone)),
            time_zone=chapter.time_zone,
            language=talk.person.language,
            country=talk.countries[0],
            countries=tuple(talk.countries),
            catalog=talk.outbox.catalog,
            places=tuple(Place(one.id, _label(one), one.time_zone) for one in offices),
        )


def _label(office: Office) -> str:
    """Return where an office is, and not what it is for: a phone on a table must tell nothing."""
    return office.address if office.area in office.address else f"{office.area}, {office.address}"
