"""Organizers approve and take back messages to many by text, with a one-time code from their phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import UUID

from service.accounts.sign_in import viewer_of
from service.accounts.tables import CodeFor, Organizer
from service.accounts.text_codes import Used, use_code
from service.blasts.drafts import hold
from service.blasts.second import approve
from service.blasts.tables import Blast
from service.errors import DomainError
from service.rallies.send import send_approved
from service.rallies.take_back import take_back_draft

if TYPE_CHECKING:
    from service.replies.converse import Conversation

_DIGITS = re.compile(r"(?<!\d)\d{4}(?!\d)")


class Sending:
    """What one person's text with a code does. Each step returns which text answers it."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk

    def approve(self, remainder: str) -> str:
        """A second person's yes: the message leaves at once, or at its time."""
        used = self._use(remainder, CodeFor.APPROVE)
        if used is None:
            return "code_unknown"
        talk, draft_id = self.talk, UUID(used.about)
        organizer = talk.session.get_one(Organizer, used.organizer_id)
        draft = hold(talk.session, draft_id)
        try:
            with talk.session.begin_nested():
                # A change makes the codes about it stop working: what waits is what they were texted.
                approve(talk.session, draft, by=organizer, seen=draft.asked_about, now=talk.now)
                send_approved(talk.session, talk.outbox, draft_id, by=organizer, now=talk.now)
        except DomainError:
            return "approve_changed"
        return "approved"

    def undo(self, remainder: str) -> str:
        """Take one's own message back before it leaves."""
        used = self._use(remainder, CodeFor.UNDO)
        if used is None:
            return "code_unknown"
        talk = self.talk
        organizer = talk.session.get_one(Organizer, used.organizer_id)
        blast = talk.session.get_one(Blast, UUID(used.about))
        try:
            with talk.session.begin_nested():
                take_back_draft(talk.session, blast, by=viewer_of(organizer), now=talk.now)
        except DomainError:
            return "undo_late"
        return "undone"

    def _use(self, remainder: str, purpose: CodeFor) -> Used | None:
        found = _DIGITS.search(remainder)
        self.talk.inbound.needs_person = False
        if found is None:
            return None
        person = self.talk.person.id
        used = use_code(self.talk.session, person, purpose, found.group(), now=self.talk.now)
        if used is None:
            return None
        organizer = self.talk.session.get(Organizer, used.organizer_id)
        is_theirs = organizer is not None and organizer.is_active and organizer.person_id == person
        return used if is_theirs else None
