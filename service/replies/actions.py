"""CALLED, SIGNED, WROTE: counted once a person, and told truly where it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from service.chapters.find import get_chapter
from service.messages import dates
from service.people.members import chapters_of
from service.rallies.actions.count import Noted, Said, note_done
from service.rallies.actions.tables import ActionKind
from service.replies.intents import Intent, Reply

if TYPE_CHECKING:
    from service.replies.converse import Conversation

KINDS = {
    Intent.CALLED: ActionKind.CALL,
    Intent.SIGNED: ActionKind.SIGN,
    Intent.WROTE: ActionKind.WRITE,
}


def hear(talk: Conversation, reply: Reply) -> bool:
    """Count it and answer; return False where nobody was asked to do that."""
    person = talk.person
    chapters = {person.chapter_id, talk.chapter_id, *chapters_of(talk.session, person)}
    noted = note_done(
        talk.session, person.id, chapters, KINDS[reply.intent], texted=talk.chapter_id, now=talk.now
    )
    if noted is None:
        return False
    talk.inbound.subject = noted.action.subject
    _tell(talk, noted)
    return True


def _tell(talk: Conversation, noted: Noted) -> None:
    count = str(noted.count)
    if noted.said is Said.COUNTED:
        talk.answer("action_counted", {"count": count})
    elif noted.said is Said.AGAIN:
        talk.answer("action_again", {"count": count})
    else:
        zone = ZoneInfo(get_chapter(talk.session, talk.chapter_id).time_zone)
        ended = noted.action.ended_at or noted.action.deadline
        day = dates.day(min(ended, noted.action.deadline), zone, talk.person.language)
        talk.answer("action_over", {"day": day})
