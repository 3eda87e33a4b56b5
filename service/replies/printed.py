"""The commands that a text prints in capitals: would we understand who answers with them? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from service.replies.intents import Intent
from service.replies.parse import parse

_CAPITALS = r"[A-ZÁÉÍÓÚÑÜ]+"
_WORD = re.compile(rf"(?<![\w{{]){_CAPITALS}(?![\w}}])")
# What a text asks people to write: "Reply Y or N", "escriba CAMBIO".
_ASKED = re.compile(
    r"\b(?i:reply|text|write|answer|text back|responda|escriba|conteste|mande|ponga)(?i: with| con)? "
    rf"((?:{_CAPITALS}(?!\w)(?:, | or | o | and | y )?)+)"
)
# What the reader knows only within a conversation of several steps, or with words behind it.
_WITHIN = frozenset({"LATER", "LUEGO", "ME", "YO", "AREA", "ZONA"})
_NO_COMMANDS = (Intent.UNKNOWN, Intent.THANKS)
_OTHERWISE = {"ALTO": "STOP"}  # another word for the same, where that is printed too


def check_commands(says: str, usual: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield (code, word) for each command of the usual text that is gone, and each that we can't read."""
    printed = set(_WORD.findall(says))
    for word in dict.fromkeys(_WORD.findall(usual)):
        is_there = word in printed or _OTHERWISE.get(word) in printed
        if not is_there and _is_command(word, language):
            yield "word_needed", word
    for asked in _ASKED.findall(says):
        for word in _WORD.findall(asked):
            if not _is_command(word, language) and word not in ("O", "Y"):
                yield "word_not_understood", word


def _is_command(word: str, language: str) -> bool:
    if word in _WITHIN:
        return True
    if word == "Y" and language == "es":
        return False  # there it is "and"
    return parse(word, language=language).intent not in _NO_COMMANDS
