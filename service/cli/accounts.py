"""`acompana organizer`: who works the console and the API, invited, given a role, switched off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from sqlmodel import Session, col, select

from service.accounts import sessions
from service.accounts.organizers import (
    Badge,
    add_organizer,
    list_organizers,
    read_role,
    set_role,
    switch_off,
    switch_on,
    take_ways_away,
    ways_of_each,
)
from service.accounts.sign_in import make_invitation
from service.accounts.tables import Organizer
from service.accounts.tokens import make_token, revoke_all
from service.chapters.find import chapter_called
from service.chapters.tables import Chapter
from service.errors import NotFound
from service.people.consent import opt_in
from service.people.phone import read_phone
from service.people.register import Card, register_person
from service.privacy import audit
from service.privacy.policy import Role, Viewer
from service.settings import Settings
from service.wiring import Wiring, wire

app = typer.Typer(help="Organizers: invitations, roles, API tokens.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="The organizer's name, as shown in the console.")]
InChapter = Annotated[str, typer.Option(help="Chapter (default: the first one).")]
COMMAND_LINE = Viewer(Role.SYSTEM, "command line")


@app.command("invite")
def invite(
    name: Name,
    chapter: InChapter = "",
    role: Annotated[
        str, typer.Option(help="viewer, dispatcher, organizer or admin (the first one: admin).")
    ] = "",
    language: Annotated[str, typer.Option(help="en or es.")] = "en",
    lost: Annotated[
        bool, typer.Option("--lost", help="Void all that they could sign in with before.")
    ] = False,
    phone: Annotated[str, typer.Option(help="Their own phone, for alarms.")] = "",
) -> None:
    """Print a link to set up a way to sign in: for somebody new, or again. Works once, for a day."""
    with _writing() as (wiring, session, now):
        found = _find(session, chapter_called(session, chapter), name)
        if found is None:
            found = _add(session, chapter_called(session, chapter), name, role, language, now)
        elif role:
            set_role(session, found, read_role(role), by=COMMAND_LINE, now=now)
        if lost:
            sessions.end_all(session, found.id, now=now)
            take_ways_away(session, found.id)
        if phone:
            _give_phone(session, wiring, found, phone)
        secret = make_invitation(session, found.id, now=now)
        audit.record(
            session, actor=COMMAND_LINE, action="organizer.invite",
            subject=f"organizer:{found.id.hex}", now=now,
        )  # fmt: skip
        link = f"{wiring.settings.public_url}/signin/{secret}"
    print(link)


@app.command("list")
def list_all(chapter: InChapter = "") -> None:
    """List organizers: role, passkeys, code app, tokens."""
    wiring = wire(Settings())
    with wiring.database.read() as session:
        found = list_organizers(session, chapter_called(session, chapter).id)
        ways = ways_of_each(session, [each.id for each in found])
        for each in found:
            way = ways[each.id]
            parts = [each.role if each.is_active else "off", f"{way.passkeys} passkeys"]
            parts += ["code app"] if way.has_app else []
            parts += [f"{len(way.tokens)} tokens"] if way.tokens else []
            print(f"{each.name} ({each.sign_in_name or 'no sign-in name yet'}): {', '.join(parts)}")


@app.command("role")
def role_of(
    name: Name,
    role: Annotated[str, typer.Argument(help="viewer, dispatcher, organizer or admin.")],
    chapter: InChapter = "",
) -> None:
    """Say what an organizer may do."""
    with _writing() as (_, session, now):
        organizer = _get(session, chapter_called(session, chapter), name)
        set_role(session, organizer, read_role(role), by=COMMAND_LINE, now=now)


@app.command("off")
def off(name: Name, chapter: InChapter = "") -> None:
    """Switch an account off: sessions, links, passkeys, codes and tokens end at once."""
    with _writing() as (_, session, now):
        organizer = _get(session, chapter_called(session, chapter), name)
        switch_off(session, organizer, by=COMMAND_LINE, now=now)


@app.command("on")
def on(name: Name, chapter: InChapter = "") -> None:
    """Let somebody back in; then invite them anew."""
    with _writing() as (_, session, now):
        organizer = _get(session, chapter_called(session, chapter), name, is_active=False)
        switch_on(session, organizer, by=COMMAND_LINE, now=now)


@app.command("phone")
def set_phone(
    name: Name,
    phone: Annotated[str, typer.Argument(help="Their own phone, which may ring at night.")],
    chapter: InChapter = "",
) -> None:
    """Say which phone is alarmed when nobody is on call, or nobody on call answers."""
    with _writing() as (wiring, session, _):
        organizer = _get(session, chapter_called(session, chapter), name)
        _give_phone(session, wiring, organizer, phone)
    print(f"{name} is alarmed there from now on.")


@app.command("token")
def token(
    name: Name,
    label: Annotated[str, typer.Option(help="What the token is for.")] = "api",
    chapter: InChapter = "",
) -> None:
    """Print a bearer token for the JSON API. It is shown this once and may do what its owner may."""
    with _writing() as (_, session, now):
        organizer = _get(session, chapter_called(session, chapter), name)
        made = make_token(session, organizer, label=label, now=now)
        audit.record(
            session, actor=COMMAND_LINE, action="token.make",
            subject=f"organizer:{organizer.id.hex}", now=now,
        )  # fmt: skip
    print(made)


@app.command("revoke")
def revoke(name: Name, chapter: InChapter = "") -> None:
    """Take every token of an organizer back."""
    with _writing() as (_, session, now):
        organizer = _get(session, chapter_called(session, chapter), name)
        many = revoke_all(session, organizer.id, now=now)
        audit.record(
            session, actor=COMMAND_LINE, action="token.revoke",
            subject=f"organizer:{organizer.id.hex}", now=now, detail=str(many),
        )  # fmt: skip
    print(f"{many} taken back")


@contextmanager
def _writing() -> Iterator[tuple[Wiring, Session, datetime]]:
    wiring = wire(Settings())
    with wiring.database.write() as session:
        yield wiring, session, wiring.clock.now()


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


def _add(
    session: Session, chapter: Chapter, name: str, role: str, language: str, now: datetime
) -> Organizer:
    is_first = not list_organizers(session, chapter.id)
    usual = Role.ADMIN if is_first else Role.ORGANIZER
    badge = Badge(name, read_role(role) if role else usual, language)
    return add_organizer(session, chapter.id, badge, by=COMMAND_LINE, now=now)


def _find(
    session: Session, chapter: Chapter, name: str, *, is_active: bool = True
) -> Organizer | None:
    return session.exec(
        select(Organizer).where(
            Organizer.chapter_id == chapter.id, Organizer.name == name,
            col(Organizer.is_active).is_(is_active),
        )
    ).first()  # fmt: skip


def _get(session: Session, chapter: Chapter, name: str, *, is_active: bool = True) -> Organizer:
    found = _find(session, chapter, name, is_active=is_active)
    if found is None:
        raise NotFound(None, f"no organizer called {name!r}; `acompana organizer list` names them")
    return found
