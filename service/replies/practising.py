"""What a guest's texts are in the drill of an appointment, where a real one would make more of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.checkins.find import drill_of_family, drill_of_guest, next_of_family
from service.rsvps.ask import newest_ask_of

if TYPE_CHECKING:
    from service.replies.converse import Conversation


def speaks_as_family(talk: Conversation) -> bool:
    """Return whether a yes, a no or CHANGE is a family's word: of one with an appointment to come, or
    of the guest who plays one. The answer says then that it is a drill.

    What they were asked since, for real, comes first.
    """
    person_id = talk.person.id
    if talk.family is not None and next_of_family(talk.session, person_id, now=talk.now):
        return True
    drill = drill_of_family(talk.session, person_id)
    if drill is None:
        return False
    last = newest_ask_of(talk.session, person_id)
    if last is not None and last.asked_at > (drill.approved_at or drill.created_at):
        return False
    talk.inbound.subject = drill.subject
    return True


def is_told_a_drill_ends_here(talk: Conversation) -> bool:
    """Answer whoever tells a next date in a drill: nothing is registered; return whether they were."""
    drill = drill_of_guest(talk.session, talk.person.id)
    if drill is None:
        return False
    talk.inbound.subject, talk.inbound.needs_person = drill.subject, False
    talk.answer("drill_no_next")
    return True
