"""One text of one person: what it asks for is done, and it is answered. Never with silence where a
word is expected; never with a word where the carrier has spoken already.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from service.chapters.find import get_chapter
from service.checkins.find import next_of_family
from service.inbox.tables import Inbound
from service.inbox.threads import chapter_id_of
from service.messages.catalog import Value
from service.outbox.drill import kind_in
from service.outbox.enqueue import Outbox, Text
from service.outbox.send_link import text_link
from service.outbox.tables import ConsentNeeded, Priority
from service.people.consent import opt_in
from service.people.tables import Consent, Family, Person, Volunteer
from service.people.visits import has_page
from service.replies import actions
from service.replies.ending import Ending
from service.replies.intents import Expecting, Intent, Reply
from service.replies.membership import Membership
from service.replies.next_date import NextDate
from service.replies.orders import Orders
from service.replies.own_dates import OwnDates
from service.replies.parse import parse
from service.replies.practising import is_told_a_drill_ends_here, speaks_as_family
from service.replies.precedence import ALWAYS, COMMANDS, EVEN_IF_GONE
from service.replies.relaying import Relaying
from service.replies.rsvp import Answering
from service.replies.safety import Hearing
from service.replies.second_chapter import TEXTS_PER_WEEK, leave_by_text
from service.replies.sending import Sending
from service.replies.tables import TalkKind
from service.replies.talks.talking import Talking
from service.replies.weekly import Weekly
from service.replies.which import Which
from service.rsvps.respond import next_coming
from service.rsvps.tables import Ask


class Conversation:
    """What one inbound text sets off, within one transaction."""

    def __init__(
        self, session: Session, outbox: Outbox, person: Person, inbound: Inbound, body: str,
        now: datetime, *, countries: Sequence[str] = ("US",),
    ) -> None:  # fmt: skip
        self.session = session
        self.chapter_id = chapter_id_of(session, inbound)
        self.outbox = outbox.of(self.chapter_id)
        self.person = person
        self.inbound = inbound
        self.body = body
        self.now = now
        self.countries = countries
        self.volunteer = session.get(Volunteer, person.id)
        self.family = session.get(Family, person.id)
        self.which = Which(self)
        self.weekly = Weekly(self)
        self.membership = Membership(self)
        self.talking = Talking(self)

    @property
    def asks(self) -> Sequence[Ask]:
        """What they were asked and have not answered."""
        return self.which.asks

    def go_on(self) -> None:
        """Do what the text asks for."""
        if self.inbound.opt_out_type:
            self._carrier_has_answered()
            return
        hearing = Hearing(self)
        ending = Ending(self)
        reply = self._read(hearing.body, hearing.expecting() or ending.expecting())
        is_heard = hearing.takes(reply)
        if is_heard:
            ending.also_hears(reply)
        if is_heard or ending.takes(reply):
            self.membership.note_consent(reply)
            return
        if self.person.consent is Consent.OPTED_OUT and reply.intent not in EVEN_IF_GONE:
            self.inbound.needs_person = reply.intent is not Intent.THANKS
            return
        if reply.doubtful_stop and reply.intent is not Intent.STOP:
            self.membership.doubtful()
            return
        self._speak_their_language(reply)
        if reply.intent not in ALWAYS and self._is_asked_who_they_are():
            return
        self.membership.note_consent(reply)
        if reply.intent not in ALWAYS and (
            Orders(self).take(reply) or self._is_in_a_conversation(reply)
        ):
            return
        if not Relaying(self).takes(reply):
            handle = _HANDLERS.get(reply.intent, Conversation._unknown)
            handle(self, reply)

    def speak_as(self, chapter_id: UUID) -> None:
        """Answer as another chapter from here on."""
        self.chapter_id, self.outbox = chapter_id, self.outbox.of(chapter_id)

    def take_up(self, body: str) -> None:
        """Go on with a text of theirs that had to wait."""
        self.body = body
        self.go_on()

    def _read(self, body: str, first: Expecting | None) -> Reply:
        expecting = first or self.weekly.expecting() or self.which.expecting()
        reply = parse(body, language=self.person.language, expecting=expecting)
        if reply.intent is Intent.UNKNOWN and self.membership.is_keyword():
            reply = Reply(Intent.JOIN, reads_like=reply.reads_like, why="the chapter's keyword")
        sure, why = reply.how_sure, reply.why
        self.inbound.was_read_as(reply.intent, sure, why, needs_person=reply.needs_person)
        return reply

    # --- coming and going ---

    def _carrier_has_answered(self) -> None:
        self.inbound.intent = self.inbound.opt_out_type.lower()
        if self.inbound.opt_out_type == "START":
            self.membership.come_back(how="carrier")
        if self.inbound.opt_out_type == "HELP":
            Hearing(self).help_was_asked()
        if self.inbound.opt_out_type == "STOP":
            self.membership.leave()

    def _join(self, reply: Reply) -> None:
        self.membership.join(reply)

    def _vouch(self, _reply: Reply) -> None:
        self.membership.vouch()

    def _approve(self, reply: Reply) -> None:
        self.answer(Sending(self).approve(reply.remainder))

    def _undo(self, reply: Reply) -> None:
        self.answer(Sending(self).undo(reply.remainder))

    def _leave(self, reply: Reply) -> None:
        if not leave_by_text(self):
            self.membership.stop_all(reply)

    def _speak_their_language(self, reply: Reply) -> None:
        """The first text of a stranger says which language we answer in."""
        is_stranger = self.volunteer is None and self.family is None
        if is_stranger and reply.reads_like is not None and not self.membership.was_heard_before():
            self.person.language = reply.reads_like
            self.session.add(self.person)

    # --- conversations of several steps ---

    def _is_in_a_conversation(self, reply: Reply) -> bool:
        """Take the text as an answer to the last question of a conversation, if it is one."""
        asked_at = self.talking.asked_at
        if asked_at is None:
            return False
        is_older = any(ask.asked_at > asked_at for ask in self.which.asks)
        means_more = reply.intent in (*COMMANDS, Intent.THANKS)
        if reply.intent is Intent.NEXT and self.talking.is_about_a_date:
            means_more = False  # "next tuesday" is a day
        may_mean_else = is_older or means_more
        if may_mean_else and not self.talking.is_about_them and not self.talking.understands():
            return False
        self.inbound.was_read_as(Intent.TALK, "", self.inbound.why, needs_person=False)
        self.talking.go_on()
        return True

    def _is_asked_who_they_are(self) -> bool:
        """After a year of silence the number may be somebody else's: that is asked first."""
        if self.talking.running is not None or not self.membership.was_silent_for_a_year():
            return False
        self.talking.begin(TalkKind.RECYCLED, about=self.inbound.id.hex)
        return True

    def _checkin(self, _reply: Reply) -> None:
        self.inbound.needs_person = self.person.consent is Consent.OPTED_OUT
        if self.inbound.needs_person:
            # Asking for company is coming back; the carrier may still block us.
            opt_in(self.session, self.person, how="text", now=self.now)
        self.talking.begin(TalkKind.INTAKE)

    def _next(self, reply: Reply) -> None:
        if not (NextDate(self).take(reply) or is_told_a_drill_ends_here(self)):
            self._checkin(reply)

    def _erase(self, _reply: Reply) -> None:
        OwnDates(self).ask_to_erase()

    # --- answers to what we asked ---

    def _answer(self, reply: Reply) -> None:
        if self.weekly.take(reply):
            return
        if reply.intent is Intent.YES and not self.which.asks and self.membership.confirms_signup():
            return
        if not self.which.asks and speaks_as_family(self):
            self._family_says(reply)
        elif not self.which.answer(reply):
            if self.volunteer is None and self.family is None:
                self.membership.answer_stranger()
            else:
                self.answer("nothing_open")

    def _choice(self, reply: Reply) -> None:
        if not self.weekly.take(reply):
            self.which.choose(reply)

    def _list(self, _reply: Reply) -> None:
        if self.volunteer is None:
            OwnDates(self).tell()
        else:
            self.which.offer()

    def _link(self, _reply: Reply) -> None:
        if has_page(self.session, self.person):
            text_link(self.session, self.outbox, self.person, now=self.now)
        else:
            self.membership.answer_stranger()

    def _area(self, reply: Reply) -> None:
        self.person.area = (reply.area or "")[:40]
        self.session.add(self.person)
        self.answer("area_saved", {"area": self.person.area})

    # --- what is for a person to read ---

    def _family_says(self, reply: Reply) -> None:
        """A family's no is never a refusal: a person calls."""
        if reply.intent is Intent.YES:
            self.inbound.needs_person = bool(reply.remainder)
            self.answer("nothing_open")
            return
        self.inbound.needs_person = True
        self.answer("family_change_heard")

    def _change(self, reply: Reply) -> None:
        if self.family is None and not speaks_as_family(self):
            self._unknown(reply)
            return
        self.inbound.needs_person = True
        self.answer("family_change_heard")

    def _report(self, _reply: Reply) -> None:
        self.inbound.needs_person = True
        chapter = get_chapter(self.session, self.chapter_id)
        self.answer("report_hotline", {"hotline": chapter.hotline})

    def _done(self, reply: Reply) -> None:
        if not actions.hear(self, reply):
            self._unknown(reply)

    def _here(self, reply: Reply) -> None:
        rsvp = next_coming(self.session, self.person.id, now=self.now)
        # An appointment of today has been heard already: this would be one of another day.
        if rsvp is None or kind_in(rsvp.subject) == "checkin":
            self._unknown(reply)
        else:
            self.inbound.subject = rsvp.subject
            Answering(self, rsvp.subject).arrive()

    def _unknown(self, _reply: Reply) -> None:
        self.inbound.needs_person = True
        if self.volunteer is None and self.family is None:
            self.membership.answer_stranger()
        elif not self.which.once_more():
            self.answer("unknown_text")

    # --- commands ---

    def _help(self, _reply: Reply) -> None:
        self.answer("help", {"count": str(TEXTS_PER_WEEK)}, needed=ConsentNeeded.ALWAYS)
        self.talking.ask_again()

    def _language(self, reply: Reply) -> None:
        self.person.language = reply.language or self.person.language
        self.session.add(self.person)
        self.answer("language_switched")
        self.talking.ask_again()

    def _thanks(self, _reply: Reply) -> None:
        """Politeness wants no answer."""

    # --- how an answer leaves ---

    def answer(
        self, template: str, values: Mapping[str, Value] | None = None, *,
        needed: ConsentNeeded = ConsentNeeded.ANSWER, priority: Priority = Priority.NORMAL,
        once: str = "", to: Person | None = None,
    ) -> bool:  # fmt: skip
        """Answer with a text, once; quiet hours do not hold it. Return whether it was not said before."""
        text = Text(
            template,
            once_key=once or f"answer:{self.inbound.id.hex}:{template}",
            subject=self.inbound.subject or f"person:{self.person.id.hex}",
            values=values or {},
            priority=priority,
            consent_needed=needed,
            quiet_exempt=True,
        )
        return self.outbox.text(self.session, to or self.person, text, now=self.now)

    def reads_as(self, intent: Intent, body: str) -> bool:
        """Return whether this much of the text means this where no question is open."""
        return parse(body, language=self.person.language).intent is intent

    def is_expected_somewhere(self) -> bool:
        """Whether somebody counts on them, so that a person should know that they left."""
        is_companion = next_coming(self.session, self.person.id, now=self.now) is not None
        return (
            is_companion or next_of_family(self.session, self.person.id, now=self.now) is not None
        )


_HANDLERS: dict[Intent, Callable[[Conversation, Reply], None]] = {
    Intent.STOP: lambda talk, reply: talk.membership.stop(reply),
    Intent.START: lambda talk, _reply: talk.membership.start(),
    Intent.JOIN: Conversation._join,
    Intent.VOUCH: Conversation._vouch,
    Intent.LEAVE: Conversation._leave,
    Intent.APPROVE: Conversation._approve,
    Intent.UNDO: Conversation._undo,
    Intent.HELP: Conversation._help,
    Intent.LANGUAGE: Conversation._language,
    Intent.YES: Conversation._answer,
    Intent.NO: Conversation._answer,
    Intent.MAYBE: Conversation._answer,
    Intent.CHOICE: Conversation._choice,
    Intent.LIST: Conversation._list,
    Intent.LINK: Conversation._link,
    Intent.AREA: Conversation._area,
    Intent.CHECKIN: Conversation._checkin,
    Intent.CHANGE: Conversation._change,
    Intent.NEXT: Conversation._next,
    Intent.ERASE: Conversation._erase,
    Intent.REPORT: Conversation._report,
    Intent.HERE: Conversation._here,
    Intent.CALLED: Conversation._done,
    Intent.SIGNED: Conversation._done,
    Intent.WROTE: Conversation._done,
    Intent.THANKS: Conversation._thanks,
}
