"""What a family may do with what is theirs: see it, and have it erased."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from service.chapters.tables import Office
from service.checkins.find import all_of_family
from service.messages import dates
from service.messages.catalog import Value
from service.outbox.tables import ConsentNeeded
from service.people.consent import ask_to_be_erased, hold, release
from service.privacy.policy import SYSTEM
from service.replies.forget import take_all_back
from service.replies.tables import TalkKind

if TYPE_CHECKING:
    from service.replies.converse import Conversation

MOST_LISTED = 4


class OwnDates:
    """One person's own appointments and data."""

    def __init__(self, talk: Conversation) -> None:
        self._talk = talk
        self._session = talk.session

    def tell(self) -> None:
        """List their appointments."""
        talk = self._talk
        language, catalog = talk.person.language, talk.outbox.catalog
        items = []
        for checkin in all_of_family(self._session, talk.person.id, now=talk.now)[:MOST_LISTED]:
            zone = ZoneInfo(self._session.get_one(Office, checkin.office_id).time_zone)
            values: dict[str, Value] = {
                "day": dates.day(checkin.starts_at, zone, language),
                "time": dates.time(checkin.starts_at, zone),
            }
            items.append(catalog.text("own_date", language, **values))
        if items:
            talk.answer("own_dates", {"items": catalog.join(items, language, last="items")})
        else:
            talk.answer("own_dates_none")

    def ask_to_erase(self) -> None:
        """Ask whether they mean it: nothing of it can be undone. Until then nothing else is sent."""
        hold(self._session, self._talk.person, how="text", now=self._talk.now)
        self._talk.talking.begin(TalkKind.ERASING)

    def keep(self) -> None:
        """Leave all as it is."""
        release(self._session, self._talk.person, how="text", now=self._talk.now)
        self._talk.answer("erase_not")

    def erase(self) -> None:
        """Take back what they registered and promised; what we know of them goes once they are told."""
        talk = self._talk
        take_all_back(self._session, talk.outbox, talk.person, by=SYSTEM, now=talk.now)
        talk.answer("erased", needed=ConsentNeeded.ALWAYS)
        ask_to_be_erased(self._session, talk.person, now=talk.now)
