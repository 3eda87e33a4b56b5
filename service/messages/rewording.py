"""What a chapter may say in its own words, and what each text has to keep. Pure once loaded.

The rules are data: rewording.toml.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from service.errors import InvalidValue
from service.messages.catalog import Catalog, CatalogError, placeholders
from service.messages.segments import LONGEST_BODY, count_anything

# Not for a text to a family, or to anybody: a phone on a table must tell nothing.
GIVES_AWAY = re.compile(
    r"\b(ICE|ERO|ISAP|USCIS|immigra\w*|inmigra\w*|migra\w*|deport\w*|detain\w*|deten\w*"
    r"|arrest\w*|court|corte|judge|juez|lawyer|abogad\w*|asylum|asilo|removal|check-?in|chequeo"
    r"|ankle|grillete|agent\w*|hearing|audiencia|status|papeles)\b",
    re.IGNORECASE,
)
# The phone company acts on these itself: who answers with one is signed out, or in.
CARRIER_WORDS = re.compile(r"\b(YES|CANCEL|END|QUIT|CANCELAR|TERMINAR|SALIR|PARAR|BAJA)\b")
READ_BY_FAMILIES = ("family", "anyone")

Values = Mapping[str, str]  # what stands in braces -> what fills it in
# (the new words, the original's, the language) -> what is wrong with the commands that they print
CheckCommands = Callable[[str, str, str], Iterator[tuple[str, str]]]


@dataclass(frozen=True)
class Rules:
    """What rewording.toml says. groups: in order, group -> keys.   fixed: key -> reason."""

    groups: Mapping[str, tuple[str, ...]]
    fixed: Mapping[str, str]
    optional: frozenset[str]
    needs: Mapping[str, frozenset[str]]
    words: Mapping[str, Mapping[str, tuple[str, ...]]]

    def group_of(self, key: str) -> str:
        """Return the group that a text belongs to, "" for none."""
        return next((group for group, keys in self.groups.items() if key in keys), "")

    def needed(self, catalog: Catalog, key: str) -> frozenset[str]:
        """Return what must stand in braces in a text."""
        usual = catalog.template(key).placeholders
        return (usual - self.optional) | self.needs.get(key, frozenset())


@cache
def load_rules() -> Rules:
    """Return the rules that ship with the service, read once."""
    file = resources.files("service.messages").joinpath("rewording.toml")
    told = tomllib.loads(file.read_text("utf-8"))
    return Rules(
        groups=MappingProxyType({group: tuple(keys) for group, keys in told["group"].items()}),
        fixed=MappingProxyType(
            {key: reason for reason, keys in told["fixed"].items() for key in keys}
        ),
        optional=frozenset(told["optional"]["places"]),
        needs=MappingProxyType({key: frozenset(names) for key, names in told["needs"].items()}),
        words=MappingProxyType(
            {
                language: MappingProxyType({key: tuple(words) for key, words in texts.items()})
                for language, texts in told["words"].items()
            }
        ),
    )


def most_parts(catalog: Catalog, key: str, language: str, longest: Values) -> int:
    """Return how many parts a text may cost: what its file says, or what the original costs here."""
    template = catalog.template(key)
    return max(template.parts, parts_of(template.says[language], longest))


def parts_of(says: str, longest: Values) -> int:
    """Return how many parts a text costs where what stands in braces is at its longest."""
    return count_anything(says.format_map(longest)).parts


def check_rewording(
    catalog: Catalog, key: str, language: str, says: str, longest: Values, commands: CheckCommands,
    *, field: str,
) -> InvalidValue | None:  # fmt: skip
    """Return what is wrong with a chapter's own words for a text, most in the way first; else None.

    `longest` fills every brace of the original.
    """
    problems = _problems(catalog, key, language, says, longest, commands)
    return next((InvalidValue(field, code, **values) for code, values in problems), None)


def _problems(
    catalog: Catalog, key: str, language: str, says: str, longest: Values, commands: CheckCommands
) -> Iterator[tuple[str, dict[str, str | int]]]:
    if not says.strip():
        yield "missing", {}
        return
    if len(says) > LONGEST_BODY:
        yield "too_long", {"limit": LONGEST_BODY}
        return
    named = _named(says)
    if named is None:
        yield "bad_braces", {}
        return
    template = catalog.template(key)
    if unknown := sorted(named - template.placeholders):
        yield "unknown_place", {"name": unknown[0]}
        return
    for name in sorted(load_rules().needed(catalog, key) - named):
        yield "place_needed", {"name": name}
    yield from _wrong_words(key, language, says, template.to)
    for code, word in commands(says, template.says[language], language):
        yield code, {"word": word}
    parts, most = parts_of(says, longest), most_parts(catalog, key, language, longest)
    if parts > most:
        yield "over_budget", {"parts": parts, "most": most}


def _wrong_words(
    key: str, language: str, says: str, to: str
) -> Iterator[tuple[str, dict[str, str | int]]]:
    for word in load_rules().words[language].get(key, ()):
        if word not in says.casefold():
            yield "word_needed", {"word": word}
    if found := CARRIER_WORDS.search(says):
        yield "carrier_word", {"word": found[0]}
    if to in READ_BY_FAMILIES and (found := GIVES_AWAY.search(says)):
        yield "gives_away", {"word": found[0]}


def _named(says: str) -> frozenset[str] | None:
    """Return what stands in braces; None where one is left open, or holds no plain name."""
    if "{{" in says or "}}" in says:
        return None
    try:
        return placeholders(says)
    except (CatalogError, ValueError):
        return None
