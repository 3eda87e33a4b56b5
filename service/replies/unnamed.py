"""A text without what tells who wrote it or whom it is about, as far as rules can see. Pure.

What is left is still somebody's words: a person reads each line before it goes to anybody else.
"""

from __future__ import annotations

from collections.abc import Collection

import regex

from service.replies.lexicon import Lexicon, bare

NOBODY = "xxx"
MOST_NAMES = 3  # words of one name: "soy Ana Lucia Perez"

_LINK = regex.compile(r"\S*(?:@|://|www\.)\S*|\b[\w-]+\.(?:com|org|net|info|gov|edu)\S*")
_STREET = regex.compile(
    r"\b\d+\w?\s+(?:[\p{L}\d.]+\s+){1,3}?(?:st|street|ave|avenue|av|rd|road|blvd|lane|ln|apt)\b\.?"
    r"|\b(?:calle|avenida|colonia|barrio|carretera|apt|apto)\s+(?:[\p{L}\d.#]+\s*){1,3}",
    regex.IGNORECASE,
)
_NUMBER = regex.compile(r"\d(?:[\s().-]{0,2}\d){2,}")
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’`´][\p{L}\p{M}]+)*")
_BEGINS = regex.compile(r"(?:^|[.!?¡¿\n])\W*$")
# After these comes a name, unless it is a word that the reader knows ("I'm coming", "soy de aqui").
_NAMED = frozenset(
    (
        "soy", "llamo", "llama", "nombre es", "habla", "parte de", "name is", "names", "this is",
        "its", "it is", "im", "i am", "called", "named", "con", "with", "don", "dona", "senor",
        "senora", "sra", "sr", "mr", "mrs", "ms", "pastor", "padre", "father", "hermano", "hermana",
        "sister", "brother", "hija", "hijo", "esposa", "esposo", "mama", "papa", "tia", "tio",
        "comadre", "compadre", "daughter", "son", "wife", "husband", "mom", "dad", "aunt", "uncle",
        "friend", "amigo", "amiga", "neighbor", "vecina", "vecino", "hi", "hello", "hola", "dear",
    )
)  # fmt: skip
_SIGNED = frozenset(("here", "aqui"))  # "Ana here"


def without_people(text: str, names: Collection[str], lexicon: Lexicon) -> str:
    """Return a text with names as "xxx", long numbers as zeros, and streets and links as "xxx".

    names: bare words of names that the chapter knows; one that is also a word of the lexicon stays.
    """
    said = _STREET.sub(NOBODY, _LINK.sub(NOBODY, text))
    said = _NUMBER.sub(lambda match: regex.sub(r"\d", "0", match[0]), said)
    words = list(_WORD.finditer(said))
    bares = [bare(word[0]) for word in words]
    hidden: set[int] = set()
    for place, word in enumerate(words):
        if bares[place] in lexicon.known or bares[place] == NOBODY:
            continue
        is_first = _BEGINS.search(said, 0, word.start()) is not None
        before, two_before = (" ".join(bares[max(0, place - n) : place]) for n in (1, 2))
        is_named = (
            bares[place] in names
            or (word[0][:1].isupper() and not word[0].isupper() and not is_first)
            or before in _NAMED
            or two_before in _NAMED
            or bares[place + 1 : place + 2] in ([one] for one in _SIGNED)
            or (place - 1 in hidden and _is_one_name(hidden, place))
        )
        if is_named:
            hidden.add(place)
    return _hide(said, [words[place] for place in sorted(hidden)])


def _is_one_name(hidden: set[int], place: int) -> bool:
    return not all(place - back in hidden for back in range(1, MOST_NAMES + 1))


def _hide(said: str, words: list[regex.Match[str]]) -> str:
    for word in reversed(words):
        said = said[: word.start()] + NOBODY + said[word.end() :]
    return said
