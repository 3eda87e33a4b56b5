"""Keep an uploaded list while an organizer looks at it: sealed, for a day at most, then gone for good."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, or_, select

from service.db import new_id
from service.errors import InvalidValue, NotFound, WrongState
from service.people.import_.columns import Field, Layout, guess_layout
from service.people.import_.judge import LONGEST_SOURCE, Row, Usual, judge_rows
from service.people.import_.read import Rows
from service.people.tables import Consent, ListState, Membership, Person, UploadedList
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.policy import Viewer
from service.privacy.seal import seal, unseal

LONGEST_WAIT = timedelta(days=1)
LONGEST_AGREED = 40
A_QUERY = 500


def keep_list(
    session: Session, keyring: Keyring, chapter_id: UUID, rows: Rows, *, by: Viewer, now: datetime
) -> UploadedList:
    """Keep the rows, their layout guessed."""
    list_id = new_id()
    keyring.create(KeyKind.IMPORT, [list_id])  # committed before the row that it seals
    key = keyring.key(KeyKind.IMPORT, list_id)
    kept = UploadedList(
        id=list_id, chapter_id=chapter_id, by_id=by.id, by_name=by.name, made_at=now,
        table_sealed=seal(key, "uploaded_list", list_id, "table", json.dumps(rows)),
        layout=_written(guess_layout(rows)),
    )  # fmt: skip
    session.add(kept)
    session.flush()
    return kept


def get_list(session: Session, chapter_id: UUID, list_id: UUID) -> UploadedList:
    """Return one of the chapter's lists. Raises NotFound."""
    kept = session.get(UploadedList, list_id)
    if kept is None or kept.chapter_id != chapter_id:
        raise NotFound(None, f"no list {list_id}")
    return kept


def rows_of(keyring: Keyring, kept: UploadedList) -> Rows:
    """Return the rows of a list that is still kept. Raises WrongState when it is gone."""
    if kept.table_sealed is None:
        raise WrongState("list_gone")
    key = keyring.key(KeyKind.IMPORT, kept.id)
    rows: Rows = json.loads(unseal(key, "uploaded_list", kept.id, "table", kept.table_sealed))
    return rows


def layout_of(kept: UploadedList) -> Layout:
    """Return where the header is and which column holds what."""
    columns = {Field(name): at for name, at in kept.layout["columns"].items()}
    return Layout(kept.layout["header"], columns)


def say_layout(kept: UploadedList, layout: Layout, usual: Usual, *, agreed: str) -> None:
    """Note what an organizer said about the list. Raises InvalidValue naming the field."""
    if kept.state is not ListState.WAITING:
        raise WrongState("list_gone")
    if Field.PHONE not in layout.columns:
        raise InvalidValue("column_phone", "column_missing")
    if len(usual.source) > LONGEST_SOURCE:
        raise InvalidValue("source", "too_long", limit=LONGEST_SOURCE)
    if len(agreed) > LONGEST_AGREED:
        raise InvalidValue("agreed", "too_long", limit=LONGEST_AGREED)
    if not usual.source and Field.SOURCE not in layout.columns:
        raise InvalidValue("source", "source_missing")
    kept.layout = _written(layout)
    kept.language, kept.source, kept.agreed = usual.language, usual.source, agreed


def judge_list(keyring: Keyring, kept: UploadedList, countries: Collection[str]) -> list[Row]:
    """Return the list's rows, judged."""
    usual = Usual(kept.language, kept.source)
    return judge_rows(rows_of(keyring, kept), layout_of(kept), usual, countries)


def standings(
    session: Session, keyring: Keyring, chapter_id: UUID, phones: Sequence[str]
) -> dict[str, str]:
    """Return phone -> how they stand, for those we know: known, opted_out, elsewhere.

    elsewhere: with another chapter only. They can be added to this one, by its own list.
    """
    found: dict[str, str] = {}
    for start in range(0, len(phones), A_QUERY):
        some = phones[start : start + A_QUERY]
        by_key = {keyring.phone_key(phone): phone for phone in some}
        people = session.exec(select(Person).where(col(Person.phone_key).in_(by_key))).all()
        asked = select(Membership.person_id).where(
            Membership.chapter_id == chapter_id,
            or_(Membership.is_volunteer, col(Membership.invited_at).is_not(None)),
            col(Membership.person_id).in_([person.id for person in people]),
        )
        theirs = set(session.exec(asked))
        for person in people:
            is_ours = person.chapter_id == chapter_id or person.id in theirs
            standing = "known" if is_ours else "elsewhere"
            if person.consent is Consent.OPTED_OUT:
                standing = "opted_out"
            found[by_key[person.phone_key]] = standing
    return found


def drop_list(session: Session, kept: UploadedList, *, state: ListState) -> None:
    """Take the rows away. The key goes with `destroy_keys`, once this is committed."""
    kept.state, kept.table_sealed = state, None
    session.add(kept)


def drop_old_lists(session: Session, keyring: Keyring, *, now: datetime) -> int:
    """Drop lists that nobody said yes to for a day, and every key that is not needed; return how many."""
    old = session.exec(
        select(UploadedList).where(
            UploadedList.state == ListState.WAITING, UploadedList.made_at < now - LONGEST_WAIT
        )
    ).all()
    for kept in old:
        drop_list(session, kept, state=ListState.DROPPED)
    session.flush()
    over = (ListState.DONE, ListState.DROPPED)
    recent = UploadedList.made_at > now - 4 * LONGEST_WAIT
    keyring.destroy(
        KeyKind.IMPORT,
        session.exec(
            select(UploadedList.id).where(col(UploadedList.state).in_(over), recent)
        ).all(),
    )
    return len(old)


def _written(layout: Layout) -> dict[str, object]:
    return {"header": layout.header, "columns": {f.value: at for f, at in layout.columns.items()}}
