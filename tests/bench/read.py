"""Row read: one text read, beside the least that any reader of words would do."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path

import regex

from service.replies.lexicon import load_lexicon
from service.replies.parse import Expecting, parse
from tests.bench.report import Line, Report

CORPUS = Path(__file__).parents[1] / "replies" / "sentences.toml"
WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
ROUNDS = 5
HOSTILE = (
    "no ", "no me ", "i can not ", "12 34 ", "👍", "a.", "…", "(((", "at 9 ", "abcdefgh ", "a", "no1",
    "no no no ", "don't text ", "abcdefgh", "\u200b", "\ufdfa",
)  # fmt: skip
LONGEST = 1600  # letters of the longest text that a carrier passes on


def read(report: Report) -> None:
    """Measure the average text of the corpus, and the worst of some that are made to be slow.

    limit: the same words found by one pattern and looked up in a dictionary, once each.
    """
    tables = tomllib.loads(CORPUS.read_text("utf-8"))
    texts = [text for meanings in tables.values() for some in meanings.values() for text in some]
    known = load_lexicon().known
    asked = Expecting.yes_no()

    def look_up(text: str) -> int:
        return sum(word in known for word in WORD.findall(text.casefold()))

    def read_one(text: str) -> object:
        return parse(text, expecting=asked)

    least = _microseconds(look_up, texts)
    ours = _microseconds(read_one, texts)
    report.add(Line("read", ours, least, "one pattern, one look-up a word", "us/text"))
    worst = max(_microseconds(read_one, [(one * LONGEST)[:LONGEST]]) for one in HOSTILE)
    report.add(Line("read-hostile", worst / 1000, None, "", "ms/text", f"{LONGEST} letters"))


def _microseconds(read_one: Callable[[str], object], texts: Iterable[str]) -> float:
    """Return the microseconds of processor time that a text takes, in the best of some rounds."""
    texts = list(texts)
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for text in texts:
            read_one(text)
        best = min(best, time.process_time() - began)
    return best / len(texts) * 1_000_000
