"""`acompana chapter` and `acompana office`: set a local group up."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from service.chapters.find import first_chapter
from service.chapters.tables import Chapter, Office, OfficeKind, Sender
from service.db import new_id
from service.errors import InvalidValue
from service.people.phone import as_printed, read_phone
from service.settings import Settings
from service.wiring import wire

chapter_app = typer.Typer(help="Chapters: local groups with a number.", no_args_is_help=True)
office_app = typer.Typer(help="Offices where people report.", no_args_is_help=True)
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
) -> None:
    """Add an office to the first chapter."""
    _check_zone(zone)
    wiring = wire(Settings())
    with wiring.database.write() as session:
        session.add(
            Office(
                id=new_id(), chapter_id=first_chapter(session).id, name=name, kind=kind, area=area,
                address=address, meeting_point=meet, time_zone=zone,
                usual_wait_minutes=wait_minutes, closes_minute=_minute(closes),
            )
        )  # fmt: skip
    print(f"Added {name}.")


def _minute(closes: str) -> int:
    """Return the minute of the day that a time names."""
    hour, _, minute = closes.partition(":")
    if hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60:
        return int(hour) * 60 + int(minute)
    raise InvalidValue("--closes", "bad_clock", f"--closes: write it like 17:00, not {closes!r}")


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        detail = f"--zone: no time zone {zone!r}; write it like America/New_York"
        raise InvalidValue("--zone", "bad_time_zone", detail) from None
