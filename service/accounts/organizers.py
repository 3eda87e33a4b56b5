"""Organizers: added, found, given a role, switched off. Every change is on the record."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, delete, func, select

from service.accounts import sessions
from service.accounts.tables import (
    ApiToken,
    CodeApp,
    Organizer,
    Passkey,
    RecoveryCode,
    SignInLink,
)
from service.accounts.tokens import revoke_all
from service.db import new_id
from service.errors import InvalidValue, NotFound, WrongState
from service.privacy import audit
from service.privacy.policy import LADDER, Role, Viewer

LONGEST_NAME = 40
LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Badge:
    """Who somebody is to be."""

    name: str
    role: Role = Role.ORGANIZER
    language: str = "en"


def read_role(typed: str) -> Role:
    """Return the role that this word names. Raises InvalidValue on `role`."""
    if typed not in LADDER:
        raise InvalidValue("role", "unknown_role", role=typed, roles=", ".join(LADDER))
    return Role(typed)


def add_organizer(
    session: Session, chapter_id: UUID, badge: Badge, *, by: Viewer, now: datetime
) -> Organizer:
    """Add an organizer, who can't sign in before they are invited. Raises InvalidValue."""
    if not badge.name.strip():
        raise InvalidValue("name", "missing")
    if len(badge.name.strip()) > LONGEST_NAME:
        raise InvalidValue("name", "too_long", limit=LONGEST_NAME)
    if badge.language not in LANGUAGES:
        raise InvalidValue("language", "unknown_language")
    organizer = Organizer(
        id=new_id(), chapter_id=chapter_id, name=badge.name.strip(), role=read_role(badge.role),
        language=badge.language, sign_in_name=_free_name(session, badge.name), created_at=now,
    )  # fmt: skip
    session.add(organizer)
    session.flush()
    _record(session, by, "organizer.add", organizer, now, badge.role)
    return organizer


def get_organizer(session: Session, chapter_id: UUID, organizer_id: UUID) -> Organizer:
    """Return one of the chapter's organizers. Raises NotFound."""
    found = session.get(Organizer, organizer_id)
    if found is None or found.chapter_id != chapter_id:
        raise NotFound(None, f"no organizer {organizer_id}")
    return found


def list_organizers(session: Session, chapter_id: UUID) -> Sequence[Organizer]:
    """Return the chapter's organizers: those who can sign in first, each group by name."""
    rows = session.exec(select(Organizer).where(Organizer.chapter_id == chapter_id)).all()
    return sorted(rows, key=lambda row: (not row.is_active, row.name.casefold()))


def find_by_sign_in_name(session: Session, sign_in_name: str) -> Organizer | None:
    """Return who signs in under this name (as `plain_name` writes it), if they still may."""
    return session.exec(
        select(Organizer).where(Organizer.sign_in_name == sign_in_name, col(Organizer.is_active))
    ).first()


def give_sign_in_name(session: Session, organizer: Organizer) -> str:
    """Return the name to type beside a code; make it if this organizer has none yet."""
    if organizer.sign_in_name is None:
        organizer.sign_in_name = _free_name(session, organizer.name)
        session.add(organizer)
        session.flush()
    return organizer.sign_in_name


def set_role(
    session: Session, organizer: Organizer, role: Role, *, by: Viewer, now: datetime
) -> None:
    """Give a role. Safe to run twice. Raises WrongState for the last admin."""
    if organizer.role is role:
        return
    if role is not Role.ADMIN:
        _keep_an_admin(session, organizer)
    before, organizer.role = organizer.role, role
    session.add(organizer)
    _record(session, by, "organizer.role", organizer, now, f"{before} -> {role}")


def switch_off(session: Session, organizer: Organizer, *, by: Viewer, now: datetime) -> None:
    """End it all at once: sessions, links, tokens, passkeys, codes. Safe to run twice.

    Raises WrongState for the last admin: somebody has to be able to let others in.
    """
    _keep_an_admin(session, organizer)
    organizer.is_active = False
    session.add(organizer)
    sessions.end_all(session, organizer.id, now=now)
    revoke_all(session, organizer.id, now=now)
    take_ways_away(session, organizer.id)
    _record(session, by, "organizer.off", organizer, now)


def switch_on(session: Session, organizer: Organizer, *, by: Viewer, now: datetime) -> None:
    """Let somebody back. They need a new invitation. Safe to run twice."""
    if organizer.is_active:
        return
    organizer.is_active = True
    session.add(organizer)
    _record(session, by, "organizer.on", organizer, now)


def take_ways_away(session: Session, organizer_id: UUID) -> None:
    """Void every way to sign in: whoever found a lost phone has nothing."""
    for table in (SignInLink, Passkey, CodeApp, RecoveryCode):
        session.exec(delete(table).where(col(table.organizer_id) == organizer_id))


@dataclass(frozen=True)
class Ways:
    """What somebody can sign in with, and the tokens that they hold."""

    passkeys: int
    has_app: bool
    tokens: Sequence[ApiToken]


def ways_of_each(session: Session, ids: Sequence[UUID]) -> dict[UUID, Ways]:
    """Return the ways of many organizers, three queries in all."""
    count = select(Passkey.organizer_id, func.count()).where(col(Passkey.organizer_id).in_(ids))
    passkeys = dict(session.exec(count.group_by(col(Passkey.organizer_id))).all())
    apps = set(
        session.exec(
            select(CodeApp.organizer_id).where(
                col(CodeApp.organizer_id).in_(ids), col(CodeApp.confirmed_at).is_not(None)
            )
        ).all()
    )
    tokens: dict[UUID, list[ApiToken]] = {id_: [] for id_ in ids}
    query = select(ApiToken).where(
        col(ApiToken.organizer_id).in_(ids), col(ApiToken.revoked_at).is_(None)
    )
    for token in session.exec(query.order_by(col(ApiToken.id))):
        tokens[token.organizer_id].append(token)
    return {id_: Ways(passkeys.get(id_, 0), id_ in apps, tokens[id_]) for id_ in ids}


def _keep_an_admin(session: Session, organizer: Organizer) -> None:
    if organizer.role is not Role.ADMIN or not organizer.is_active:
        return
    others = session.exec(
        select(func.count())
        .select_from(Organizer)
        .where(
            Organizer.chapter_id == organizer.chapter_id, Organizer.role == Role.ADMIN,
            col(Organizer.is_active), Organizer.id != organizer.id,
        )
    ).one()  # fmt: skip
    if others == 0:
        raise WrongState("last_admin")


def _free_name(session: Session, name: str) -> str:
    """Return a sign-in name that nobody has: plain letters and hyphens, a number if need be."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    wanted = re.sub(r"[^a-z0-9]+", "-", letters).strip("-") or "organizer"
    like = select(Organizer.sign_in_name).where(col(Organizer.sign_in_name).startswith(wanted))
    taken = set(session.exec(like).all())
    number = 1
    while (free := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return free


def _record(
    session: Session, by: Viewer, action: str, organizer: Organizer, now: datetime, detail: str = ""
) -> None:
    audit.record(
        session, actor=by, action=action, subject=f"organizer:{organizer.id.hex}", now=now,
        detail=detail,
    )  # fmt: skip
