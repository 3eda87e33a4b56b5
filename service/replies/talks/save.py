"""What comes of a conversation that went to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from service.chapters.find import get_chapter, get_office, list_offices
from service.chapters.tables import Office
from service.checkins.follow import follow, is_registered
from service.checkins.register import Registration, find_same, register
from service.checkins.tables import CheckIn
from service.inbox.tables import Inbound
from service.messages import dates
from service.people.consent import opt_in
from service.people.register import LANGUAGES, Card
from service.people.tables import Volunteer
from service.privacy.policy import SYSTEM
from service.privacy.read import Reader
from service.rallies import words as rally_words
from service.rallies.find import coming_up
from service.rallies.tables import Rally, RallyKind, RallyState
from service.replies.own_dates import OwnDates
from service.replies.talks import intake, joining, sure
from service.rsvps.ask import open_asks

if TYPE_CHECKING:
    from service.replies.converse import Conversation


def save_appointment(talk: Conversation, told: intake.Told) -> None:
    """Register what a family or a sponsor told. Raises InvalidValue on `starts_at`."""
    if told.follows is not None:
        save_next(talk, told, told.follows)
        return
    chapter = get_chapter(talk.session, talk.chapter_id)
    office_id = told.office or list_offices(talk.session, chapter.id)[0].id
    zone = ZoneInfo(get_office(talk.session, chapter.id, office_id).time_zone)
    is_own = not told.phone
    phone = told.phone or Reader(talk.outbox.keyring, SYSTEM).show(talk.person.sealed_phone())
    language = talk.person.language
    if not is_own and told.speaks in LANGUAGES:
        language = told.speaks
    registration = Registration(
        card=Card(phone, language=language),
        office_id=office_id,
        starts_at=told.starts_at(zone),
        how="text",
        people=told.people or 1,
        needs_ride=bool(told.ride),
        pickup=told.pickup or "",
        speaks=told.speaks,
        registered_by=None if is_own else talk.person.id,
    )
    is_known = find_same(talk.session, talk.outbox.keyring, registration) is not None
    checkin = register(talk.session, talk.outbox, chapter, registration, now=talk.now)
    talk.inbound.subject = checkin.subject
    talk.inbound.needs_person = talk.inbound.needs_person or told.speaks not in LANGUAGES
    if is_own:
        opt_in(talk.session, talk.person, how="text", now=talk.now)
    if is_known or not is_own:
        day, time = dates.day(checkin.starts_at, zone, talk.person.language), checkin.starts_at
        template = "intake_known" if is_known else "intake_for_other"
        talk.answer(template, {"day": day, "time": dates.time(time, zone)})


def save_next(talk: Conversation, told: intake.Told, follows: UUID) -> None:
    """Register the appointment after another, and tell whoever told us. Raises InvalidValue."""
    before = talk.session.get_one(CheckIn, follows)
    zone = ZoneInfo(talk.session.get_one(Office, before.office_id).time_zone)
    by = talk.person.id if told.is_for_other else None
    starts_at = told.starts_at(zone)
    is_known = is_registered(talk.session, before, starts_at)
    made = follow(
        talk.session, talk.outbox, before, starts_at, told_by=by, repeats=told.repeats,
        now=talk.now,
    )  # fmt: skip
    talk.inbound.subject = made.subject
    if not told.is_for_other:
        opt_in(talk.session, talk.person, how="text", now=talk.now)
    if is_known or told.is_for_other:
        day = dates.day(made.starts_at, zone, talk.person.language)
        template = "intake_known" if is_known else "next_noted"
        talk.answer(template, {"day": day, "time": dates.time(made.starts_at, zone)})


def save_offer(talk: Conversation, told: joining.Told) -> None:
    """Note what a new volunteer can do, and offer the next training."""
    volunteer = talk.session.get_one(Volunteer, talk.person.id)
    talk.person.area = told.area
    volunteer.languages = list(told.languages)
    volunteer.roles = sorted({*volunteer.roles, *(told.roles or ())})
    talk.session.add(volunteer)
    talk.session.add(talk.person)
    training = _next_training(talk)
    if training is None:
        talk.answer("joined")
        return
    zone = get_chapter(talk.session, talk.chapter_id).time_zone
    said = rally_words.words(training, zone, talk.person.language, talk.outbox.catalog)
    open_asks(
        talk.session, [talk.person.id], training.subject, now=talk.now,
        expires_at=training.starts_at, chapter_id=talk.chapter_id,
    )  # fmt: skip
    talk.inbound.subject = training.subject
    talk.answer("joined_training", {"day": said.day, "time": said.time, "place": said.place})


def save_erasure(talk: Conversation, told: sure.Told) -> None:
    """Erase what is theirs, if they meant it."""
    if told.is_yes:
        OwnDates(talk).erase()
    else:
        OwnDates(talk).keep()


def save_whose_number(talk: Conversation, told: sure.Told) -> None:
    """Go on with what they first wrote, or greet whoever has the number now."""
    if not told.is_yes:
        talk.answer("recycled_sorry", to=talk.membership.changed_hands())
        return
    first = talk.session.get_one(Inbound, UUID(told.about))
    reader = Reader(talk.outbox.keyring, SYSTEM)
    talk.take_up(reader.show(first.sealed_text(talk.chapter_id)))


def _next_training(talk: Conversation) -> Rally | None:
    upcoming = coming_up(talk.session, talk.chapter_id, now=talk.now)
    return next(
        (
            rally
            for rally in upcoming
            if rally.kind is RallyKind.TRAINING
            and rally.state is RallyState.ANNOUNCED
            and rally.starts_at > talk.now
        ),
        None,
    )
