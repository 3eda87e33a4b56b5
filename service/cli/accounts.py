"""`acompana organizer`: accounts, sign-in links and API tokens."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlmodel import Session, col, select

from service.accounts.sign_in import make_link
from service.accounts.tables import Organizer
from service.accounts.tokens import make_token
from service.chapters.find import first_chapter
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import NotFound
from service.people.consent import opt_in
from service.people.phone import read_phone
from service.people.register import Card, register_person
from service.privacy.policy import Role
from service.settings import Settings
from service.wiring import Wiring, wire

app = typer.Typer(help="Organizers: accounts, sign-in links, API tokens.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The organizer's name, as shown in the console.")]


@app.command("add")
def add(
    name: Name,
    chapter: Annotated[str, typer.Option(help="Chapter (default: the first one).")] = "",
    language: Annotated[str, typer.Option(help="en or es.")] = "en",
    is_admin: Annotated[bool, typer.Option("--admin", help="May change settings.")] = False,
    phone: Annotated[str, typer.Option(help="Their own phone, for alarms.")] = "",
) -> None:
    """Add an organizer and print a sign-in link that works once."""
    wiring = wire(Settings())
    now = wiring.clock.now()
    with wiring.database.write() as session:
        organizer = Organizer(
            id=new_id(),
            chapter_id=_chapter(session, chapter).id,
            name=name,
            role=Role.ADMIN if is_admin else Role.ORGANIZER,
            language=language,
            created_at=now,
        )
        session.add(organizer)
        session.flush()
        if phone:
            _give_phone(session, wiring, organizer, phone)
        secret = make_link(session, organizer, now=now)
    print(f"{wiring.settings.public_url}/signin/{secret}")


@app.command("link")
def link(name: Name) -> None:
    """Print a sign-in link that works once, for 12 hours."""
    wiring = wire(Settings())
    with wiring.database.write() as session:
        secret = make_link(session, _organizer(session, name), now=wiring.clock.now())
    print(f"{wiring.settings.public_url}/signin/{secret}")


@app.command("phone")
def set_phone(
    name: Name,
    phone: Annotated[str, typer.Argument(help="Their own phone, which may ring at night.")],
) -> None:
    """Say which phone is alarmed when nobody is on call, or nobody on call answers."""
    wiring = wire(Settings())
    with wiring.database.write() as session:
        _give_phone(session, wiring, _organizer(session, name), phone)
    print(f"{name} is alarmed there from now on.")


@app.command("token")
def token(
    name: Name, label: Annotated[str, typer.Option(help="What the token is for.")] = "api"
) -> None:
    """Print a bearer token for the JSON API. It is shown this once."""
    wiring = wire(Settings())
    with wiring.database.write() as session:
        organizer = _organizer(session, name)
        print(make_token(session, organizer, label=label, now=wiring.clock.now()))


def _give_phone(session: Session, wiring: Wiring, organizer: Organizer, phone: str) -> None:
    """Note an organizer's own phone; they agreed to be texted and called there."""
    now = wiring.clock.now()
    number = read_phone(phone, wiring.settings.countries, field="--phone")
    card = Card(number, alias=organizer.name, language=organizer.language)
    chapter = session.get_one(Chapter, organizer.chapter_id)
    person = register_person(session, wiring.keyring, chapter, card, now=now)
    opt_in(session, person, how="organizer", now=now)
    organizer.person_id = person.id
    session.add(organizer)


def _organizer(session: Session, name: str) -> Organizer:
    found = session.exec(
        select(Organizer).where(Organizer.name == name, col(Organizer.is_active))
    ).first()
    if found is None:
        raise NotFound(None, f"no organizer called {name!r}; `acompana organizer add` makes one")
    return found


def _chapter(session: Session, name: str) -> Chapter:
    if not name:
        return first_chapter(session)
    found = session.exec(select(Chapter).where(Chapter.name == name)).first()
    if found is None:
        raise NotFound(None, f"no chapter called {name!r}")
    return found
