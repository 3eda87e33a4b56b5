"""`acompana shift`: who is called when a family goes silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from sqlmodel import Session

from service.chapters.find import first_chapter
from service.chapters.shifts import add_shift, coming_shifts, gap_in_cover
from service.chapters.tables import Chapter
from service.checkins.safety.tell import first_name
from service.errors import InvalidValue
from service.people.consent import opt_in
from service.people.phone import read_phone
from service.people.register import Card, register_person
from service.people.tables import Person
from service.settings import Settings
from service.wiring import wire

app = typer.Typer(help="Shifts: who is on call, and when.", no_args_is_help=True)
LOOKS_AHEAD = timedelta(days=7)
WRITTEN = "%Y-%m-%d %H:%M"


@app.command("add")
def add(
    phone: Annotated[str, typer.Argument(help="The phone that rings. Its holder agreed to it.")],
    begins: Annotated[str, typer.Option("--from", help="Local time, like 2026-03-10 08:00.")],
    hours: Annotated[float, typer.Option(help="How long, at most 24.")] = 12.0,
    name: Annotated[str, typer.Option(help="First name, if the phone is new to us.")] = "",
    language: Annotated[str, typer.Option(help="en or es, if the phone is new to us.")] = "en",
) -> None:
    """Put somebody of the first chapter on call."""
    wiring = wire(Settings())
    now = wiring.clock.now()
    with wiring.database.write() as session:
        chapter = first_chapter(session)
        starts_at = _read(begins, chapter)
        card = Card(
            read_phone(phone, wiring.settings.countries, field="phone"), alias=name,
            language=language,
        )  # fmt: skip
        person = register_person(session, wiring.keyring, chapter, card, now=now)
        opt_in(session, person, how="organizer", now=now)
        add_shift(
            session, chapter.id, person.id, starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=hours), by="command line", now=now,
        )  # fmt: skip
        print(_cover(session, chapter, now))


@app.command("list")
def list_shifts() -> None:
    """Print who is on call and coming, and when nobody is."""
    wiring = wire(Settings())
    now = wiring.clock.now()
    with wiring.database.read() as session:
        chapter = first_chapter(session)
        zone = ZoneInfo(chapter.time_zone)
        for shift in coming_shifts(session, chapter.id, now=now):
            person = session.get_one(Person, shift.person_id)
            begins, ends = (at.astimezone(zone) for at in (shift.starts_at, shift.ends_at))
            who = first_name(wiring.outbox, person) or "?"
            print(f"{begins:%a %Y-%m-%d %H:%M} to {ends:%a %H:%M}  {who}")
        print(_cover(session, chapter, now))


def _cover(session: Session, chapter: Chapter, now: datetime) -> str:
    """Say until when somebody is on call."""
    gap = gap_in_cover(session, chapter.id, since=now, until=now + LOOKS_AHEAD)
    if gap is None:
        return "Somebody is on call for the whole of the next seven days."
    return f"Nobody is on call from {gap.astimezone(ZoneInfo(chapter.time_zone)):%a {WRITTEN}}."


def _read(text: str, chapter: Chapter) -> datetime:
    try:
        local = datetime.strptime(text, WRITTEN)  # noqa: DTZ007  (its zone is the chapter's)
    except ValueError:
        detail = f"--from: write it like 2026-03-10 08:00, not {text!r}"
        raise InvalidValue("--from", "bad_date", detail) from None
    return local.replace(tzinfo=ZoneInfo(chapter.time_zone))
