"""How a chapter speaks: the catalog with its name, its phone and its own words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlmodel import Session

from service.chapters.own_texts import CHANGED, TEXT, newest
from service.chapters.tables import Chapter
from service.messages.catalog import Catalog, Text
from service.messages.rewording import load_rules

_known: dict[UUID, tuple[int, Mapping[str, Text]]] = {}  # chapter -> the version that counts now


def voice_of(session: Session, catalog: Catalog, chapter: Chapter) -> Catalog:
    """Return the catalog as this chapter speaks it.

    Costs a statement when its texts have changed since this process last looked, and none otherwise.
    """
    speaking = catalog.speaking_as(network=chapter.network_name, phone=chapter.contact_phone)
    return speaking.in_own_words(own_words(session, catalog, chapter))


def own_words(session: Session, catalog: Catalog, chapter: Chapter) -> Mapping[str, Text]:
    """Return what the chapter says in its own words: key -> language -> words.

    Words that no longer fit are left out: the original gained or lost braces, or is fixed by now.
    """
    version = chapter.texts_version
    if version == 0:
        return {}
    if session.info.get(CHANGED):  # in this very transaction, which may yet be rolled back
        return _read(session, catalog, chapter.id)
    known = _known.get(chapter.id)
    if known is None or known[0] != version:
        known = _known[chapter.id] = (version, _read(session, catalog, chapter.id))
    return known[1]


def _read(session: Session, catalog: Catalog, chapter_id: UUID) -> Mapping[str, Text]:
    fixed = load_rules().fixed
    found: dict[str, Text] = {}
    for key, rows in newest(session, chapter_id, TEXT).items():
        says = {
            language: row.says
            for language, row in rows.items()
            if row.says and catalog.takes(key, row.says) and key not in fixed
        }
        if says:
            found[key] = MappingProxyType(says)
    return MappingProxyType(found)
