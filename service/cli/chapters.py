"""`acompana chapter` and `acompana office`: set a local group up."""

from __future__ import annotations

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from service.chapters.find import chapter_called, first_chapter
from service.chapters.tables import NO_LIST, Chapter, Office, OfficeKind, Sender
from service.checkins.alarm import add_alarm_contact, remove_alarm_contact
from service.checkins.outcome.tell import add_legal_contact, remove_legal_contact
from service.db import new_id
from service.errors import InvalidValue
from service.people.consent import opt_in
from service.people.phone import as_printed, read_phone
from service.people.register import Card, register_person
from service.people.tables import Consent
from service.settings import Settings
from service.wiring import wire

chapter_app = typer.Typer(help="Chapters: local groups with a number.", no_args_is_help=True)
office_app = typer.Typer(help="Offices where people report.", no_args_is_help=True)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Zone = Annotated[str, typer.Option(help="Time zone, like America/New_York.")]


@chapter_app.command("add")
def add_chapter(
    name: Annotated[str, typer.Argument(help="The chapter's own name.")],
    number: Annotated[str, typer.Option(help="The number that texts are sent from.")],
    contact: Annotated[str, typer.Option(help="The number where a person answers.")],
    caller: Annotated[str, typer.Option(help="First name of who calls families.")],
    hotline: Annotated[str, typer.Option(help="The region's number that verifies sightings.")],
    zone: Zone = "America/New_York",
    network: Annotated[str, typer.Option(help="The name that opens every text.")] = "Acompaña",
    messaging_service: Annotated[str, typer.Option(help="Messaging Service SID.")] = "",
    segments_per_second: Annotated[float, typer.Option(help="What the sender is allowed.")] = 3.0,
    keyword: Annotated[str, typer.Option(help="A word of its posters; who texts it joins.")] = "",
) -> None:
    """Add a chapter and the number that it texts from."""
    _check_zone(zone)
    wiring = wire(Settings())
    countries = wiring.settings.countries
    chapter = Chapter(
        id=new_id(),
        name=name,
        network_name=network,
        contact_phone=as_printed(read_phone(contact, countries, field="--contact")),
        caller_name=caller,
        hotline=as_printed(read_phone(hotline, countries, field="--hotline")),
        time_zone=zone,
        keyword=keyword,
    )
    sender = Sender(
        id=new_id(),
        chapter_id=chapter.id,
        number=read_phone(number, countries, field="--number"),
        messaging_service_sid=messaging_service,
        segments_per_second=segments_per_second,
    )
    with wiring.database.write() as session:
        session.add(chapter)
        session.flush()
        session.add(sender)
    print(f"Added {name}. Next: acompana office add, then acompana organizer invite NAME.")


@chapter_app.command("asking")
def asking(
    name: Annotated[str, typer.Argument(help="The chapter's own name.")],
    list_day: Annotated[
        str, typer.Option(help="Weekday of the weekly list: mon to sun, or none.")
    ] = "thu",
    list_at: Annotated[str, typer.Option(help="Its local time, like 18:00.")] = "18:00",
    wave_minutes: Annotated[int, typer.Option(help="Between waves; 0: no waves.")] = 240,
    people_per_place: Annotated[int, typer.Option(help="Asked in a wave for each place.")] = 3,
    most_asks: Annotated[int, typer.Option(help="In two weeks, before somebody comes last.")] = 3,
) -> None:
    """Say how a chapter asks its volunteers."""
    wiring = wire(Settings())
    with wiring.database.write() as session:
        chapter = chapter_called(session, name)
        chapter.list_weekday = _weekday(list_day)
        chapter.list_minute = _minute("--list-at", list_at)
        chapter.wave_minutes = _not_negative("--wave-minutes", wave_minutes)
        chapter.people_per_place = max(1, _not_negative("--people-per-place", people_per_place))
        chapter.most_asks = _not_negative("--most-asks", most_asks)
        session.add(chapter)
    print(f"{name}: noted.")


@chapter_app.command("alarm")
def alarm(
    name: Annotated[str, typer.Argument(help="The chapter's own name.")],
    phone: Annotated[str, typer.Option(help="Whose phone: they agreed to these texts.")],
    is_over: Annotated[bool, typer.Option("--remove", help="Text them no more.")] = False,
) -> None:
    """Say who is texted when an appointment is near and lacks people."""
    wiring = wire(Settings())
    now = wiring.clock.now()
    with wiring.database.write() as session:
        chapter = chapter_called(session, name)
        card = Card(read_phone(phone, wiring.settings.countries, field="--phone"))
        person = register_person(session, wiring.keyring, chapter, card, now=now)
        if is_over:
            remove_alarm_contact(session, chapter, person)
        else:
            if person.consent is not Consent.OPTED_OUT:
                opt_in(session, person, how="organizer", now=now)
            add_alarm_contact(session, chapter, person, now=now)
    print(f"{name}: noted.")


@chapter_app.command("legal")
def legal(
    name: Annotated[str, typer.Argument(help="The chapter's own name.")],
    phone: Annotated[str, typer.Option(help="Whose phone: they agreed to be texted and called.")],
    is_over: Annotated[bool, typer.Option("--remove", help="Page them no more.")] = False,
) -> None:
    """Say who is texted and called when an appointment ends so that legal help is needed."""
    wiring = wire(Settings())
    now = wiring.clock.now()
    with wiring.database.write() as session:
        chapter = chapter_called(session, name)
        card = Card(read_phone(phone, wiring.settings.countries, field="--phone"))
        person = register_person(session, wiring.keyring, chapter, card, now=now)
        if is_over:
            remove_legal_contact(session, chapter, person)
        else:
            if person.consent is not Consent.OPTED_OUT:
                opt_in(session, person, how="organizer", now=now)
            add_legal_contact(session, chapter, person, now=now)
    print(f"{name}: noted.")


@office_app.command("add")
def add_office(
    name: Annotated[str, typer.Argument(help="The office's name.")],
    kind: Annotated[OfficeKind, typer.Option(help="What it is.")],
    area: Annotated[str, typer.Option(help="Town or area, as volunteers read it.")],
    address: Annotated[str, typer.Option(help="Its address.")],
    meet: Annotated[str, typer.Option(help="Where companions meet, under 40 letters.")],
    zone: Zone = "America/New_York",
    wait_minutes: Annotated[int, typer.Option(help="How long it usually takes.")] = 240,
    closes: Annotated[str, typer.Option(help="When it closes, local time, like 17:00.")] = "17:00",
    zip_code: Annotated[str, typer.Option("--zip", help="To measure distances from.")] = "",
) -> None:
    """Add an office to the first chapter."""
    _check_zone(zone)
    wiring = wire(Settings())
    with wiring.database.write() as session:
        session.add(
            Office(
                id=new_id(), chapter_id=first_chapter(session).id, name=name, kind=kind, area=area,
                address=address, meeting_point=meet, time_zone=zone,
                usual_wait_minutes=wait_minutes, closes_minute=_minute("--closes", closes),
                zip_code=zip_code or None,
            )
        )  # fmt: skip
    print(f"Added {name}.")


def _weekday(name: str) -> int:
    if name == "none":
        return NO_LIST
    if name not in WEEKDAYS:
        detail = f"--list-day: no weekday {name!r}; write one of {', '.join(WEEKDAYS)}, or none"
        raise InvalidValue("--list-day", "bad_weekday", detail)
    return WEEKDAYS.index(name)


def _minute(option: str, clock: str) -> int:
    try:
        at = time.fromisoformat(clock)
    except ValueError:
        detail = f"{option}: write it like 17:00, not {clock!r}"
        raise InvalidValue(option, "bad_clock", detail) from None
    return at.hour * 60 + at.minute


def _not_negative(option: str, number: int) -> int:
    if number < 0:
        raise InvalidValue(option, "negative", f"{option}: {number} is below zero")
    return number


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        detail = f"--zone: no time zone {zone!r}; write it like America/New_York"
        raise InvalidValue("--zone", "bad_time_zone", detail) from None
