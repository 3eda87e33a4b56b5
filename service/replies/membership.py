"""Coming, leaving and coming back: who gets our texts, and who vouches for whom."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import regex
from sqlmodel import col, func, select

from service.chapters.find import get_chapter
from service.inbox.leave import confirmation_key
from service.inbox.tables import Inbound
from service.outbox.tables import ConsentNeeded
from service.outbox.withdraw import withdraw_person
from service.people.change_hands import WHY, change_hands
from service.people.consent import hold, opt_in, opt_out
from service.people.members import is_in_another, standing_of
from service.people.offer import change_offer, signup_in
from service.people.pending import newest_form, typed_in
from service.people.register import make_volunteer, rename
from service.people.tables import Consent, FormKind, Person
from service.people.vouch import make_vouch_code, use_vouch_code
from service.replies.dates.when import read_when
from service.replies.gone import leave_everything
from service.replies.intents import Intent, Reply
from service.replies.second_chapter import (
    TEXTS_PER_WEEK,
    come_back_to,
    join_second,
    keyword_chapter,
    stop_template,
    was_invited,
)
from service.replies.tables import TalkKind
from service.replies.talks.joining import Told
from service.replies.talks.save import save_offer

if TYPE_CHECKING:
    from service.replies.converse import Conversation

MOST_GUESSES = 5  # texts with a code a day; more are not looked at
SILENT_FOR = timedelta(days=365)  # numbers are given to somebody else after less
_CODE = regex.compile(r"(?<!\d)\d{4}(?!\d)")


class Membership:
    """One person's coming and going."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._session = talk.session
        self._wanted: UUID | None = None  # whose word they texted

    def stop(self, reply: Reply) -> None:
        """Confirm an opt-out, once; it has been in force since the text was written down.

        Whoever says it again may be texted by something of ours all the same: a person reads it.
        """
        self.leave()
        if not reply.by_carrier:
            template = stop_template(self._session, self._talk.person)
            once = confirmation_key(self._session, self._talk.person)
            if not self._talk.answer(template, needed=ConsentNeeded.ALWAYS, once=once):
                self._talk.inbound.needs_person = True

    def stop_all(self, reply: Reply) -> None:
        """Leave the only chapter that they belong to: that ends everything, as STOP does."""
        opt_out(self._session, self._talk.person, how="text", now=self._talk.now)
        withdraw_person(self._session, self._talk.person.id, reason="opted_out", now=self._talk.now)
        self.stop(reply)

    def leave(self) -> None:
        """Give the places of somebody who left to others; a person reads it where they counted."""
        talk = self._talk
        talk.inbound.needs_person = talk.is_expected_somewhere()
        leave_everything(self._session, talk.outbox, talk.person, now=talk.now)

    def answer_stranger(self) -> None:
        """Answer a number that we don't know once a day; a person reads all of it."""
        talk = self._talk
        talk.inbound.needs_person = True
        now = talk.now.astimezone(ZoneInfo(talk.person.time_zone))
        names_a_day = read_when(talk.body, language=talk.person.language, now=now).day is not None
        template = "unknown_sender_date" if names_a_day else "unknown_sender"
        talk.answer(template, once=f"{template}:{talk.person.id.hex}:{now.date()}")

    def doubtful(self) -> None:
        """Perhaps an opt-out: nothing more goes out until that is clear."""
        self._talk.inbound.needs_person = True
        hold(self._session, self._talk.person, how="text", now=self._talk.now)
        self._talk.answer("doubtful_stop")

    def start(self) -> None:
        """Take somebody back who left."""
        self.come_back(how="text")
        if self._talk.volunteer is None:
            self._talk.answer("opt_in")
        else:
            self._talk.answer("welcome_back", {"count": str(TEXTS_PER_WEEK)})

    def come_back(self, *, how: str) -> None:
        """Note that they want our texts again: those of the chapter that they wrote to."""
        come_back_to(self._talk)
        opt_in(self._session, self._talk.person, how=how, now=self._talk.now)

    def is_keyword(self) -> bool:
        """Return whether the text is the word of a chapter's posters; it may be another's."""
        self._wanted = keyword_chapter(self._session, self._talk.body, self._talk.chapter_id)
        return self._wanted is not None

    def join(self, reply: Reply) -> None:
        """Welcome a new volunteer; a code of a member's vouches for them.

        Who is with another chapter already is asked once whether they want this one too.
        """
        talk = self._talk
        if self.confirms_signup():
            return
        wanted = self._wanted or talk.chapter_id
        code = _CODE.search(talk.body)
        if is_in_another(self._session, talk.person, wanted):
            if not (was_invited(self._session, talk.person, wanted) or code):
                talk.talking.begin(TalkKind.SECOND, about=wanted.hex)
                return
            join_second(talk, wanted)
            if code is not None and self._may_guess():
                self._vouched_by(code.group())
            return
        talk.speak_as(wanted)
        come_back_to(talk)
        is_new = self._opt_in() or standing_of(self._session, talk.person.id, wanted) is None
        if reply.reads_like in ("en", "es") and is_new:
            talk.person.language = reply.reads_like
        talk.volunteer = make_volunteer(
            self._session, talk.person, wanted, now=talk.now, how="text"
        )
        self._session.add(talk.person)
        if code is not None and self._may_guess():
            self._vouched_by(code.group())
        elif not is_new:
            talk.answer("already_joined")
        if is_new:
            talk.answer("welcome", {"count": str(TEXTS_PER_WEEK)})
            talk.talking.begin(TalkKind.JOINING)

    def confirms_signup(self) -> bool:
        """Take the text as the yes to what they sent on our page; return whether they had."""
        talk, keyring = self._talk, self._talk.outbox.keyring
        pending = newest_form(self._session, talk.person, FormKind.JOIN, now=talk.now)
        if pending is None:
            return False
        self._opt_in()
        volunteer = make_volunteer(
            self._session, talk.person, talk.chapter_id, now=talk.now, how="web"
        )
        talk.volunteer = volunteer
        signup = signup_in(typed_in(keyring, pending))
        if signup.alias and talk.person.alias_sealed is None:
            rename(self._session, keyring, talk.person, signup.alias)
        change_offer(self._session, talk.person, volunteer, signup.offered)
        pending.subject = f"person:{talk.person.id.hex}"
        self._session.add(pending)
        talk.answer("welcome_known", {"count": str(TEXTS_PER_WEEK)})
        if signup.code:
            self._vouched_by(signup.code)
        offered = signup.offered
        save_offer(talk, Told(offered.area, offered.languages, offered.roles))
        return True

    def vouch(self) -> None:
        """Give a member a code for somebody they know."""
        talk = self._talk
        code = make_vouch_code(
            self._session, talk.outbox.keyring, talk.chapter_id, talk.person, now=talk.now
        )
        if code is None:
            talk.answer("vouch_not_you")
        else:
            talk.answer("vouch_code", {"digits": code})

    def note_consent(self, reply: Reply) -> None:
        """Texting in is consent, for who was invited; a no and a stop are not.

        Who was held because of a doubtful text goes on by a clear yes or no.
        """
        consent = self._talk.person.consent
        is_clear = (
            reply.intent in (Intent.YES, Intent.NO, Intent.CHOICE) and not reply.doubtful_stop
        )
        if (consent is Consent.INVITED and reply.intent not in (Intent.NO, Intent.STOP)) or (
            consent is Consent.HELD and is_clear
        ):
            self._opt_in()

    def was_heard_before(self) -> bool:
        """Return whether this is not the first text from this number."""
        return self._heard_since(None)

    # --- a number that may be somebody else's by now ---

    def was_silent_for_a_year(self) -> bool:
        """Return whether nobody has heard from this number for so long that it may have changed hands."""
        talk = self._talk
        since = talk.now - SILENT_FOR
        if talk.person.created_at > since or (talk.volunteer is None and talk.family is None):
            return False
        return not self._heard_since(since)

    def changed_hands(self) -> Person:
        """Give the number to whoever has it now; return them. Who had it is for a person to call."""
        talk = self._talk
        chapter = get_chapter(self._session, talk.chapter_id)
        withdraw_person(self._session, talk.person.id, reason=WHY, now=talk.now)
        talk.inbound.needs_person = True
        return change_hands(self._session, talk.outbox.keyring, chapter, talk.person, now=talk.now)

    # --- parts ---

    def _heard_since(self, since: datetime | None) -> bool:
        before = select(Inbound.id).where(
            Inbound.person_id == self._talk.person.id, Inbound.id != self._talk.inbound.id
        )
        if since is not None:
            before = before.where(Inbound.received_at > since)
        return self._session.exec(before.limit(1)).first() is not None

    def _opt_in(self) -> bool:
        return opt_in(self._session, self._talk.person, how="text", now=self._talk.now)

    def _vouched_by(self, code: str) -> None:
        talk = self._talk
        is_good = use_vouch_code(
            self._session, talk.outbox.keyring, talk.chapter_id, talk.person, code, now=talk.now
        )
        talk.answer("vouched" if is_good else "vouch_code_unknown")

    def _may_guess(self) -> bool:
        return self._joins_today(self._talk.person.id) <= MOST_GUESSES

    def _joins_today(self, person_id: UUID) -> int:
        return self._session.exec(
            select(func.count()).where(
                col(Inbound.person_id) == person_id,
                col(Inbound.intent) == Intent.JOIN,
                col(Inbound.received_at) > self._talk.now - timedelta(days=1),
            )
        ).one()
