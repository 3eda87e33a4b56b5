"""What an organizer may order by text, from the phone on their account: RALLY, and LOCK."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import regex

from service.accounts.lock import (
    end_every_session,
    organizer_at,
    organizers_with_phones,
    use_lock_code,
    waits,
)
from service.accounts.sign_in import viewer_of
from service.accounts.tables import Organizer
from service.calls.plan import Call, plan_call
from service.chapters.find import get_chapter
from service.chapters.halt import halt
from service.errors import InvalidForm
from service.messages import dates
from service.people.tables import Person
from service.privacy import audit
from service.privacy.policy import Role
from service.rallies.by_text import Told, confirm_texted, keep_texted, waiting_draft
from service.rallies.tables import RallyKind, TextedDraft
from service.replies.dates.when import read_when
from service.replies.intents import Intent, Reply
from service.replies.lexicon import bare

if TYPE_CHECKING:
    from service.replies.converse import Conversation

# The first word says what it is.
KINDS = {
    "rally": RallyKind.RALLY, "mitin": RallyKind.RALLY, "march": RallyKind.MARCH,
    "marcha": RallyKind.MARCH, "vigil": RallyKind.VIGIL, "vigilia": RallyKind.VIGIL,
}  # fmt: skip
_CODE = regex.compile(r"\s*\d{3}[ -]?\d{3}[.!]?\s*")


class Orders:
    """One person's orders. Whoever is no organizer is read as anybody else."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._session = talk.session

    def take(self, reply: Reply) -> bool:
        """Do what an organizer orders; return False where this text is no order of theirs."""
        talk = self._talk
        if reply.intent is Intent.LOCK:
            return self._lock(reply)
        if _CODE.fullmatch(talk.body):
            waiting = waiting_draft(self._session, talk.person.id, now=talk.now)
            if waiting is not None:
                self._confirm(waiting)
            return waiting is not None
        first, _, rest = talk.body.strip().partition(" ")
        kind = KINDS.get(bare(first.strip(":,.!")))
        return kind is not None and self._rally(kind, rest)

    # --- a rally -------------------------------------------------------------------------------

    def _rally(self, kind: RallyKind, rest: str) -> bool:
        talk = self._talk
        organizer = organizer_at(self._session, talk.person.id, least=Role.ORGANIZER)
        if organizer is None:
            return False
        self._understood("a rally, texted by an organizer")
        told = self._read(kind, rest)
        if told is None:
            talk.answer("rally_text_how")
            return True
        code = keep_texted(
            self._session, talk.outbox.keyring, organizer, talk.person.id, told, now=talk.now
        )
        language, zone = talk.person.language, self._zone()
        values = {
            "day": dates.day(told.starts_at, zone, language),
            "time": dates.time(told.starts_at, zone),
            "place": told.place,
            "code": f"{code[:3]} {code[3:]}",
        }
        talk.answer("rally_text_code", values)
        return True

    def _read(self, kind: RallyKind, rest: str) -> Told | None:
        """Read "Fri 5pm, 90 Main St, Hartford": the time before the first comma, the place behind it."""
        talk = self._talk
        when, _, place = rest.partition(",")
        zone = self._zone()
        read = read_when(when, language=talk.person.language, now=talk.now.astimezone(zone))
        if read.day is None or read.at is None or not place.strip():
            return None
        starts_at = datetime.combine(read.day, read.at, zone)
        return Told(kind, place.strip(), starts_at) if starts_at > talk.now else None

    def _confirm(self, waiting: TextedDraft) -> None:
        talk = self._talk
        self._understood("the code of a rally")
        digits = "".join(letter for letter in talk.body if letter.isdigit())
        try:
            rally = confirm_texted(
                self._session, talk.outbox.catalog, talk.outbox.keyring, waiting, digits,
                now=talk.now,
            )  # fmt: skip
        except InvalidForm:
            talk.answer("rally_text_how")
            return
        if rally is not None:
            talk.inbound.subject = rally.subject
        talk.answer("rally_text_kept" if rally is not None else "rally_text_wrong")

    # --- the lock ------------------------------------------------------------------------------

    def _lock(self, reply: Reply) -> bool:
        talk = self._talk
        organizer = organizer_at(self._session, talk.person.id, least=Role.DISPATCHER)
        if organizer is None:
            return False
        self._understood("the lock, texted by an organizer")
        waiting = waits(self._session, organizer, now=talk.now)
        if not reply.remainder:
            talk.answer("lock_how")
        elif waiting:
            talk.answer("lock_wait", {"minutes": str(-(-int(waiting.total_seconds()) // 60))})
        elif use_lock_code(
            self._session, talk.outbox.keyring, organizer, reply.remainder, now=talk.now
        ):
            self._stop_everything(organizer)
        else:
            talk.answer("lock_wrong")
        return True

    def _stop_everything(self, organizer: Organizer) -> None:
        """Stop every text, sign everybody out, and say so by voice: no text leaves any more."""
        talk, session = self._talk, self._session
        by = viewer_of(organizer)
        halt(session, organizer.chapter_id, by=by, now=talk.now)
        ended = end_every_session(session, organizer.chapter_id, now=talk.now)
        subject = f"lock:{organizer.id.hex}"
        audit.record(
            session, actor=by, action="lock.by_text", subject=subject, now=talk.now,
            detail=f"{ended} sessions",
        )  # fmt: skip
        for one in organizers_with_phones(session, organizer.chapter_id):
            person = session.get_one(Person, one.person_id)
            call = Call(
                "lock_told",
                once_key=f"lock:{talk.inbound.id.hex}:{one.id.hex}",
                subject=subject,
                keys="",
                values={"who": organizer.name},
            )
            plan_call(session, talk.outbox.keyring, talk.outbox.catalog, person, call, now=talk.now)

    # --- parts ---------------------------------------------------------------------------------

    def _understood(self, why: str) -> None:
        inbound = self._talk.inbound
        inbound.needs_person, inbound.why = False, why
        if inbound.intent not in (Intent.LOCK,):
            inbound.intent, inbound.certainty = Intent.TALK, ""

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(get_chapter(self._session, self._talk.chapter_id).time_zone)
