"""Languages by the names that people give them. Pure."""

from __future__ import annotations

from functools import cache

from babel import Locale

from service.replies.lexicon import LANGUAGES, bare, load_lexicon

SHORTEST_NAME = 4  # shorter ones are words of other kinds too, but for those in the lexicon


def languages_named(text: str) -> list[str]:
    """Return the languages named in a text as ISO codes, in order: "mam y español" -> [mam, es]."""
    names, longest = _names()
    words = [token.bare for token in load_lexicon().tokens(text)]
    found: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(longest, len(words) - at), 0, -1):
            code = names.get(" ".join(words[at : at + length]))
            if code is not None:
                found.append(code)
                at += length
                break
        else:
            at += 1
    return list(dict.fromkeys(found))


@cache
def _names() -> tuple[dict[str, str], int]:
    """Return name in bare words -> code, and the words of the longest name."""
    names: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in Locale(language).languages.items():
            if code.isalpha() and len(name) >= SHORTEST_NAME:
                names.setdefault(" ".join(map(bare, name.split())), code)
    names |= load_lexicon().languages
    return names, max(len(name.split()) for name in names)
