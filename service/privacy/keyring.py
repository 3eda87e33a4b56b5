"""The keys, apart from the data: one a person, one a check-in, each wrapped by the master key.

Kept in a database of its own that no data backup includes and of which only the newest copy is
kept: what was erased stays sealed in every backup. A new key is committed before the row that it
seals is written: a key without a row is harmless, a row without its key is lost.
"""

from __future__ import annotations

import hmac
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import UTCDateTime

from service.db.database import Database
from service.db.insert import insert_new
from service.errors import Misuse
from service.privacy.seal import new_key, seal, unseal

SCHEMA_VERSION = 1
REMEMBERED_KEYS = 20_000
INDEX_KEY_BYTES = 16

_metadata = sa.MetaData()
_keys = sa.Table(
    "key",
    _metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("made_at", UTCDateTime, nullable=False),
)
_version = sa.Table("schema_version", _metadata, sa.Column("version", sa.Integer, primary_key=True))


class KeyKind(StrEnum):
    """Whose key it is."""

    PERSON = "person"  # phone, alias, texts to and from them
    CHECKIN = "checkin"  # place and note
    ORGANIZER = "organizer"  # what their code app counts with
    IMPORT = "import"  # a list that was uploaded, until it is applied or thrown away
    INDEX = "index"  # what is only ever hashed: phones, alias words, callbacks


_PHONE_INDEX = UUID(int=1)
_WORD_INDEX = UUID(int=2)
_CALLBACKS = UUID(int=3)


class KeyGone(Misuse):
    """The key was destroyed, or the keyring is not the one that belongs to this data."""


class Keyring:
    """Hands out keys by kind and id; remembers unwrapped ones for a while."""

    def __init__(self, database: Database, master_key: bytes) -> None:
        self._database = database
        self._master = master_key
        self._remembered: OrderedDict[tuple[KeyKind, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Make the keyring's own tables and the index keys. Safe to run twice."""
        _metadata.create_all(self._database.writer)
        with self._database.write() as session:
            if session.scalar(sa.select(_version.c.version)) is None:
                session.execute(_version.insert().values(version=SCHEMA_VERSION))
        self.create(KeyKind.INDEX, [_PHONE_INDEX, _WORD_INDEX, _CALLBACKS])

    def create(self, kind: KeyKind, ids: Iterable[UUID]) -> None:
        """Make the keys that are missing among `ids`, committed on return. Safe to run twice."""
        rows = [
            {
                "kind": kind,
                "id": id_,
                "made_at": datetime.now(UTC),
                "wrapped": self._wrap(kind, id_),
            }
            for id_ in ids
        ]
        if not rows:
            return
        with self._database.write() as session:
            session.execute(insert_new(session, _keys), rows)

    def keys(self, kind: KeyKind, ids: Iterable[UUID]) -> dict[UUID, bytes]:
        """Return the keys of `ids` that exist, 32 bytes each; one query for those not remembered."""
        wanted = set(ids)
        found: dict[UUID, bytes] = {}
        with self._lock:
            for id_ in wanted:
                if (key := self._remembered.get((kind, id_.int))) is not None:
                    found[id_] = key
        missing = wanted - found.keys()
        if missing:
            fresh = self._fetch(kind, missing)
            self._remember(kind, fresh)
            found |= fresh
        return found

    def key(self, kind: KeyKind, id_: UUID) -> bytes:
        """Return one key. Raises KeyGone."""
        with self._lock:
            if (known := self._remembered.get((kind, id_.int))) is not None:
                return known
        try:
            return self.keys(kind, [id_])[id_]
        except KeyError:
            raise KeyGone(f"no key of kind {kind} for {id_}") from None

    def destroy(self, kind: KeyKind, ids: Iterable[UUID]) -> None:
        """Destroy keys for good: what they sealed can't be read again, in any backup."""
        gone = list(ids)
        with self._database.write() as session:
            session.execute(_keys.delete().where(_keys.c.kind == kind, _keys.c.id.in_(gone)))
        with self._lock:
            for id_ in gone:
                self._remembered.pop((kind, id_.int), None)

    def phone_key(self, e164: str) -> bytes:
        """Return the blind index of a phone number: 16 bytes, the same for the same number.

        Honest about its limit: there are few phone numbers, so whoever has this key can try all.
        """
        return self._index(_PHONE_INDEX, e164)

    def word_key(self, word: str) -> bytes:
        """Return the blind index of one whole word of an alias, whatever its case."""
        return self._index(_WORD_INDEX, word.casefold())

    def callback_mac(self, attempt_id: UUID) -> str:
        """Return 32 hex digits that only we can make: a callback that carries them is about us."""
        return self._index(_CALLBACKS, attempt_id.hex).hex()

    def close(self) -> None:
        """Close the connections."""
        self._database.dispose()

    def _index(self, which: UUID, text: str) -> bytes:
        key = self.key(KeyKind.INDEX, which)
        return hmac.new(key, text.encode(), sha256).digest()[:INDEX_KEY_BYTES]

    def _fetch(self, kind: KeyKind, ids: set[UUID]) -> dict[UUID, bytes]:
        query = sa.select(_keys.c.id, _keys.c.wrapped)
        with self._database.read() as session:
            rows = session.execute(query.where(_keys.c.kind == kind, _keys.c.id.in_(ids))).all()
        return {
            id_: bytes.fromhex(unseal(self._master, "key", id_, kind, wrapped))
            for id_, wrapped in rows
        }

    def _remember(self, kind: KeyKind, fresh: dict[UUID, bytes]) -> None:
        with self._lock:
            for id_, key in fresh.items():
                self._remembered[kind, id_.int] = key
            while len(self._remembered) > REMEMBERED_KEYS:
                self._remembered.popitem(last=False)

    def _wrap(self, kind: KeyKind, id_: UUID) -> bytes:
        return seal(self._master, "key", id_, kind, new_key().hex())


def read_master_key(path: Path) -> bytes:
    """Return the 32 bytes of the master key file (64 hex digits). Raises Misuse saying what to do."""
    try:
        if path.stat().st_mode & 0o077:
            raise Misuse(f"{path} can be read by others; run: chmod 600 {path}")
        key = bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        raise Misuse(f"no master key at {path}; `acompana migrate --new-key` makes one") from None
    except ValueError:
        raise Misuse(f"{path} is not a master key: it should hold 64 hex digits") from None
    if len(key) != 32:
        raise Misuse(f"{path} is not a master key: it should hold 64 hex digits")
    return key


def make_master_key(path: Path) -> None:
    """Write a new master key, readable by its owner only. Never overwrites one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(new_key().hex() + "\n")
