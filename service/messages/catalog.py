"""Find the words: every text and page error, in the reader's language, from en.toml and es.toml."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from service.errors import Misuse

LANGUAGES = ("en", "es")
AUDIENCES = ("volunteer", "family", "organizer", "anyone")

Audience = Literal["volunteer", "family", "organizer", "anyone"]
Value = str | int
Text = Mapping[str, str]  # language -> words


class CatalogError(Misuse):
    """A text was asked for that does not exist, with values that do not fit, or a file is wrong."""


@dataclass(frozen=True, slots=True)
class Template:
    """One text in both languages.

    to: who reads it.   parts: how many segments it may cost at usual lengths.
    placeholders: the values it needs, the same in every language.
    """

    key: str
    to: Audience
    parts: int
    placeholders: frozenset[str]
    says: Text


@dataclass(frozen=True)
class Catalog:
    """All words that people read. Immutable; one instance serves the whole process."""

    templates: Mapping[str, Template]
    spoken: Mapping[str, Template]
    errors: Mapping[str, Text]
    counted: Mapping[str, Mapping[str, tuple[str, str]]]
    words: Mapping[tuple[str, str], Text]
    samples: Mapping[str, Mapping[str, str]]
    defaults: Mapping[str, Value] = field(default_factory=dict)
    own: Mapping[str, Text] = field(default_factory=dict)

    def speaking_as(self, **defaults: Value) -> Catalog:
        """Return this catalog with values filled in wherever a text needs them.

        Usual: `catalog.speaking_as(network="Acompaña", phone="413-555-0142")`.
        """
        return replace(self, defaults=MappingProxyType({**self.defaults, **defaults}))

    def in_own_words(self, own: Mapping[str, Text]) -> Catalog:
        """Return this catalog saying some texts in a chapter's words: key -> language -> words.

        What is not there is said as the files say it. The words must be such as `takes` approves.
        """
        return replace(self, own=MappingProxyType(dict(own)))

    def takes(self, key: str, says: str) -> bool:
        """Return whether there is a text `key` that can be said in these words: all braces are known."""
        try:
            return key in self.templates and placeholders(says) <= self.templates[key].placeholders
        except (CatalogError, ValueError):
            return False

    def text(self, key: str, language: str, /, **values: Value) -> str:
        """Return the text `key`, its placeholders filled.

        Raises CatalogError for an unknown key or language, a missing value, or one too many.
        """
        template = self.template(key)
        usual = _in_language(template.says, language, f"text {key!r}")
        says = self.own[key].get(language, usual) if key in self.own else usual
        return _fill(says, template.placeholders, values, self.defaults, f"text {key!r}")

    def speech(self, key: str, language: str, /, **values: Value) -> str:
        """Return what a call says, its placeholders filled. Raises CatalogError as `text` does."""
        if key not in self.spoken:
            raise CatalogError(f"nothing spoken {key!r}; add [spoken.{key}] to en.toml and es.toml")
        template = self.spoken[key]
        says = _in_language(template.says, language, f"spoken {key!r}")
        return _fill(says, template.placeholders, values, self.defaults, f"spoken {key!r}")

    def error(self, code: str, language: str, /, **values: Value) -> str:
        """Return what a page says about a domain error; values that it has no use for are let be.

        An error without words reads as `invalid`, so that nobody ever sees a code; a guard test
        keeps that from being needed.
        """
        words = self.errors.get(code) or self.errors["invalid"]
        says = _in_language(words, language, f"error {code!r}")
        wanted = placeholders(says)
        known = {name: _grouped(value) for name, value in values.items() if name in wanted}
        return _fill(says, wanted, known, self.defaults, f"error {code!r}")

    def word(self, group: str, name: str, language: str) -> str:
        """Return a small word: groups role, part_of_day, event, language, join."""
        words = self.words.get((group, name))
        if words is None:
            raise CatalogError(f"no word {group}.{name}; add it under [word.{group}]")
        return _in_language(words, language, f"word {group}.{name}")

    def count(self, thing: str, number: int, language: str) -> str:
        """Return a number with its word: "1 driver", "unas 4 horas". Things: roles, party, hours."""
        forms = self.counted.get(thing)
        if forms is None:
            raise CatalogError(f"nothing to count called {thing!r}; add [counted.{thing}]")
        if language not in forms:
            raise CatalogError(f"no language {language!r} for {thing!r}")
        one, many = forms[language]
        return (one if number == 1 else many).format(count=number)

    def missing(self, seats: Mapping[str, int], language: str) -> str:
        """Return the open seats, role -> how many: "1 driver, 2 companions". Zeros are left out."""
        roles = [self.count(role, number, language) for role, number in seats.items() if number]
        return self.join(roles, language, last="list")

    def join(self, items: Iterable[str], language: str, *, last: str = "and") -> str:
        """Return items as a list: "Ana, Rosa and Tom". last: and, or, list or items ("; ")."""
        parts = list(items)
        final = self.word("join", last, language)
        comma = final if last == "items" else self.word("join", "comma", language)
        if len(parts) < 2:
            return "".join(parts)
        return comma.join(parts[:-1]) + final + parts[-1]

    def template(self, key: str) -> Template:
        """Return the text's description. Raises CatalogError if there is none."""
        if key not in self.templates:
            raise CatalogError(f"no text {key!r}; add [text.{key}] to en.toml and es.toml")
        return self.templates[key]

    def keys(self) -> tuple[str, ...]:
        """Return the keys of all texts, in the order of the files."""
        return tuple(self.templates)

    def sample(self, key: str, language: str) -> str:
        """Return the text filled with values of usual length, for previews and checks."""
        samples = self.samples[language]
        needs = self.template(key).placeholders
        return self.text(key, language, **{name: samples[name] for name in needs})


@cache
def load_catalog() -> Catalog:
    """Return the catalog that ships with the service, read once.

    Raises CatalogError when the languages differ in keys, placeholders, readers or budgets.
    """
    folder = resources.files("service.messages")
    return build_catalog(
        {name: folder.joinpath(f"{name}.toml").read_text("utf-8") for name in LANGUAGES}
    )


def build_catalog(sources: Mapping[str, str]) -> Catalog:
    """Build a catalog from TOML, language -> file content. Raises CatalogError as load_catalog."""
    files = {language: tomllib.loads(source) for language, source in sources.items()}
    return Catalog(
        templates=MappingProxyType({t.key: t for t in _templates(files, "text")}),
        spoken=MappingProxyType({t.key: t for t in _templates(files, "spoken")}),
        errors=MappingProxyType(_by_key({k: f["error"] for k, f in files.items()}, "error")),
        counted=MappingProxyType(_counted(files)),
        words=MappingProxyType(_words(files)),
        samples=MappingProxyType({k: MappingProxyType(f["sample"]) for k, f in files.items()}),
    )


def _templates(files: Mapping[str, Any], section: str) -> Iterable[Template]:
    entries = _by_key(
        {language: file.get(section, {}) for language, file in files.items()}, section
    )
    for key, versions in entries.items():
        readers = {entry["to"] for entry in versions.values()}
        budgets = {entry.get("parts", 1) for entry in versions.values()}
        needs = {placeholders(entry["says"]) for entry in versions.values()}
        if len(readers) > 1 or len(budgets) > 1 or len(needs) > 1 or readers - set(AUDIENCES):
            raise CatalogError(
                f"[{section}.{key}] differs between languages or has an unknown reader: "
                f"to={sorted(readers)}, parts={sorted(budgets)}, "
                f"placeholders={[sorted(names) for names in needs]}"
            )
        says = MappingProxyType({language: entry["says"] for language, entry in versions.items()})
        yield Template(key, readers.pop(), budgets.pop(), needs.pop(), says)


def _counted(files: Mapping[str, Any]) -> dict[str, Mapping[str, tuple[str, str]]]:
    tables = _by_key({language: file["counted"] for language, file in files.items()}, "counted")
    return {
        thing: {language: (forms["one"], forms["many"]) for language, forms in versions.items()}
        for thing, versions in tables.items()
    }


def _words(files: Mapping[str, Any]) -> dict[tuple[str, str], Text]:
    groups = _by_key({language: file["word"] for language, file in files.items()}, "word")
    return {
        (group, name): words
        for group, versions in groups.items()
        for name, words in _by_key(versions, f"word.{group}").items()
    }


def _by_key(tables: Mapping[str, Mapping[str, Any]], section: str) -> dict[str, Mapping[str, Any]]:
    """Turn language -> key -> entry into key -> language -> entry; the keys must agree."""
    first, *others = tables.values()
    for other in others:
        if odd := set(first) ^ set(other):
            raise CatalogError(f"[{section}] is not the same in every language: {sorted(odd)}")
    return {
        key: MappingProxyType({language: table[key] for language, table in tables.items()})
        for key in first
    }


def _in_language(words: Text, language: str, what: str) -> str:
    if language not in words:
        raise CatalogError(f"{what} has no language {language!r}; it has {sorted(words)}")
    return words[language]


def _grouped(value: Value) -> Value:
    """Return a number as people read it: 5,006."""
    return f"{value:,}" if isinstance(value, int) else value


def _fill(
    says: str,
    needs: frozenset[str],
    values: Mapping[str, Value],
    defaults: Mapping[str, Value],
    what: str,
) -> str:
    if surplus := sorted(set(values) - needs):
        raise CatalogError(f"{what} has no place for {surplus}; it takes {sorted(needs)}")
    filled = {**defaults, **values}
    if missing := sorted(needs - set(filled)):
        raise CatalogError(f"{what} needs a value for {missing}")
    return says.format_map(filled)


def placeholders(says: str) -> frozenset[str]:
    """Return the {names} of a text. Only plain names: no {0}, {a.b}, {a[0]}, {a!r} or {a:>5}."""
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(says):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise CatalogError(f"write placeholders as plain {{names}}: {says!r}")
        names.add(name)
    return frozenset(names)
