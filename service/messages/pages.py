"""Find the words of the pages, in the reader's language, from pages.en.toml and pages.es.toml.

Texts that are sent, and what pages say about errors, are in catalog.py. Pure once loaded.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from service.errors import Misuse
from service.messages.catalog import LANGUAGES

Forms = str | tuple[str, str]  # plain words, or (for exactly one, for anything else)


class NoSuchWords(Misuse):
    """A page asked for words that do not exist, or the two files differ."""


@dataclass(frozen=True)
class PageWords:
    """All words of the pages: language -> "section.name" -> words."""

    words: Mapping[str, Mapping[str, Forms]]

    def say(self, key: str, language: str, /, **values: object) -> str:
        """Return the words `key`, their placeholders filled; `count` chooses one or many.

        Whole numbers are grouped: 1,200. Raises NoSuchWords for an unknown key or language, or a value
        that is missing.
        """
        found = self.words.get(language, {}).get(key)
        if found is None:
            raise NoSuchWords(f"no words {key!r} in {language!r}; add them to pages.*.toml")
        if isinstance(found, tuple):
            found = found[0] if values.get("count") == 1 else found[1]
        try:
            return found.format_map({name: grouped(value) for name, value in values.items()})
        except KeyError as missing:
            raise NoSuchWords(f"words {key!r} need a value for {missing}") from None

    def keys(self) -> frozenset[str]:
        """Return every key."""
        return frozenset(self.words[LANGUAGES[0]])

    def placeholders(self, key: str, language: str) -> frozenset[str]:
        """Return the {names} that the words take."""
        found = self.words[language][key]
        return frozenset(
            re.findall(r"{(\w+)}", found if isinstance(found, str) else "".join(found))
        )


def grouped(value: object) -> object:
    """Return a whole number as people read it, 1,200 in both languages here; all else as it is."""
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else value


@cache
def load_pages() -> PageWords:
    """Return the words that ship with the service, read once."""
    folder = resources.files("service.messages")
    return PageWords(
        {
            language: dict(_flat(tomllib.loads(folder.joinpath(f"pages.{language}.toml").read_text("utf-8"))))
            for language in LANGUAGES
        }
    )  # fmt: skip


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Forms]]:
    for name, value in table.items():
        key = f"{above}{name}"
        if isinstance(value, str):
            yield key, value
        elif set(value) == {"one", "many"}:
            yield key, (value["one"], value["many"])
        else:
            yield from _flat(value, f"{key}.")
