"""Read sealed fields on somebody's behalf: as much as the policy shows, whole only on the record."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from service.errors import NotAllowed
from service.privacy import audit
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.policy import Field, Sight, Viewer, mask, may_reveal, sight
from service.privacy.seal import unseal


class SealedField(NamedTuple):
    """A sealed value and its place. `owner_id` names the key; `chapter_id` whose data it is.

    also_in: other chapters that know the person whom it is about.
    """

    field: Field
    kind: KeyKind
    owner_id: UUID
    chapter_id: UUID | None
    table: str
    row_id: UUID
    column: str
    blob: bytes | None
    also_in: frozenset[UUID] = frozenset()

    def seen_from(self, chapter_id: UUID | None) -> UUID | None:
        """Return the chapter as whose data somebody of `chapter_id` sees it."""
        return chapter_id if chapter_id in self.also_in else self.chapter_id


class Reader:
    """What one viewer can read. Made per request or per batch; holds no session."""

    def __init__(self, keyring: Keyring, viewer: Viewer) -> None:
        self._keyring = keyring
        self.viewer = viewer

    def fetch_keys(self, fields: Iterable[SealedField]) -> None:
        """Fetch the keys of many fields at once, before showing them one by one."""
        for kind in KeyKind:
            ids = {f.owner_id for f in fields if f.kind is kind}
            if ids:
                self._keyring.keys(kind, ids)

    def show(self, sealed: SealedField) -> str:
        """Return what the viewer sees: the text, a mask, or "" where it is hidden, empty or erased."""
        seen = sight(self.viewer, sealed.field, sealed.seen_from(self.viewer.chapter_id))
        if seen is Sight.HIDDEN or not sealed.blob:
            return ""
        text = self._open(sealed)
        return text if seen is Sight.FULL else mask(sealed.field, text)

    def reveal(self, session: Session, sealed: SealedField, *, reason: str, now: datetime) -> str:
        """Return the whole text and write down who saw it and why. Raises NotAllowed."""
        chapter_id = sealed.seen_from(self.viewer.chapter_id)
        is_open = sight(self.viewer, sealed.field, chapter_id) is Sight.FULL
        if not is_open and not may_reveal(self.viewer, sealed.field, chapter_id):
            raise NotAllowed(None, f"{self.viewer.role} may not reveal {sealed.field}")
        audit.record(
            session,
            actor=self.viewer,
            action=f"reveal.{sealed.field}",
            subject=f"{sealed.kind}:{sealed.owner_id.hex}",
            now=now,
            detail=reason,
        )
        return self._open(sealed) if sealed.blob else ""

    def _open(self, sealed: SealedField) -> str:
        key = self._keyring.key(sealed.kind, sealed.owner_id)
        return unseal(key, sealed.table, sealed.row_id, sealed.column, sealed.blob or b"")
