"""What changes nothing: case, accents, space, marks, courtesies and pictures that mean nothing."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.replies.lexicon import load_lexicon
from service.replies.parse import Expecting, Intent, parse
from tests.replies.test_parse import rows

SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))
# Every text of the corpus that says something; a bare picture, mark or question has its own rows.
TEXTS = sorted(
    {
        text
        for table in ("", "party", "note")
        for question, text, _ in rows(table)
        if question == "yes_no"
    }
    | {text for meanings in SENTENCES.values() for texts in meanings.values() for text in texts}
)
ASKED = Expecting.yes_no()
# Reactions are written by phones, always in the same way.
WORDED = [
    text
    for text in TEXTS
    if any(c.isalpha() for c in text) and parse(text, expecting=ASKED).quoted is None
]


def meaning(text: str) -> tuple[str, int | None, bool]:
    reply = parse(text, expecting=ASKED)
    return reply.intent.value, reply.party, reply.doubtful_stop


def bare(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    return "".join(c for c in letters if not unicodedata.combining(c))


ALIKE: dict[str, Callable[[str], str]] = {
    "capitals": str.upper,
    "small letters": str.lower,
    "space around": lambda text: f"  {text} \n",
    "wide space": lambda text: text.replace(" ", "   "),
    "no-break space": lambda text: text.replace(" ", "\u00a0"),
    "decomposed": lambda text: unicodedata.normalize("NFD", text),
    "a full stop": lambda text: f"{text}." if text[-1:].isalnum() else text,
    "shouted": lambda text: f"{text}!!" if text[-1:].isalnum() else text,
    "please": lambda text: text if "?" in text else f"please {text}",
    "a picture that is unknown": lambda text: f"{text} 🦕",
}


@pytest.mark.parametrize("name", ALIKE)
def test_the_whole_corpus_reads_alike(name: str) -> None:
    change = ALIKE[name]
    differ = {text: change(text) for text in WORDED if meaning(change(text)) != meaning(text)}
    assert differ == {}


def test_missing_accents_change_nothing_but_what_they_tell_apart() -> None:
    """Without its accent "sí" may be an "if": such a text is asked about, and is never another answer."""
    for text in WORDED:
        with_accents, without = meaning(text)[0], meaning(bare(text))[0]
        assert without == with_accents or without in ("maybe", "unknown"), text


@pytest.mark.parametrize("thanks", ["gracias", "thank you", "por favor", "please"])
def test_thanks_change_no_answer(thanks: str) -> None:
    """But "ok, thanks" is thanks where "ok" alone is a yes."""
    differ = [
        text
        for text in WORDED
        if meaning(text)[0] in ("yes", "no", "maybe", "stop") and text[-1:].isalnum()
        if meaning(f"{text}, {thanks}")[0] not in (meaning(text)[0], "thanks")
    ]
    assert differ == []


@given(st.sampled_from(WORDED), st.data())
def test_any_mixture_of_cases_reads_alike(text: str, data: st.DataObject) -> None:
    ups = data.draw(st.lists(st.booleans(), min_size=len(text), max_size=len(text)))
    mixed = "".join(
        c.upper() if up and len(c.upper()) == 1 else c for c, up in zip(text, ups, strict=True)
    )
    assert meaning(mixed) == meaning(text)


PIECES = st.sampled_from(
    ["no ", "i can not ", "si ", "10 ", "👍", "…", "(", '"', "at 9 ", "\n", "a"]
)


@given(st.lists(PIECES, min_size=1, max_size=4), st.integers(1, 400))
def test_no_hostile_text_raises(pieces: list[str], times: int) -> None:
    parse(("".join(pieces) * times)[:1600], language="es", expecting=ASKED)


def test_no_phrase_of_the_lexicon_raises_whole_or_cut_short() -> None:
    """ "ice on my" is all of one phrase and the beginning of a longer one."""
    said = {phrase for phrases in load_lexicon().phrases.values() for phrase in phrases}
    for phrase in said:
        for text in (phrase, phrase.rpartition(" ")[0], f"no {phrase}"):
            parse(text)


@pytest.mark.parametrize(
    ("text", "intent"), [("ice on my", Intent.UNKNOWN), ("no gracias alto", Intent.STOP)]
)
def test_a_phrase_at_the_end_is_no_longer_than_the_text(text: str, intent: Intent) -> None:
    assert parse(text).intent is intent
