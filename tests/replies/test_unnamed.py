"""What is taken out of a text before it leaves for those who keep the lexicon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.replies.lexicon import load_lexicon
from service.replies.unnamed import without_people

NAMES = frozenset({"azucena", "quique", "rosa", "will"})


def blank(text: str) -> str:
    return without_people(text, NAMES, load_lexicon())


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("soy Juanita Perales y si voy", "soy xxx xxx y si voy"),
        ("hola soy juanita si puedo", "hola soy xxx si puedo"),
        ("me llamo eulalia gomez", "me llamo xxx xxx"),
        ("Hi this is Gertrude, count me in", "Hi this is xxx, count me in"),
        ("it's gertie I can come", "it's xxx I can come"),
        ("Gertrude here, I'll be there", "xxx here, I'll be there"),
        ("voy con mi esposo filemon", "voy con mi esposo xxx"),
        ("no puedo, gracias Eulalia", "no puedo, gracias xxx"),
        ("ok quique nos vemos", "ok xxx nos vemos"),
        ("I will be there", "I will be there"),
        ("I'm coming", "I'm coming"),
        ("soy yo, si voy", "soy yo, si voy"),
        ("call me 413-555-0142", "call me 000-000-0000"),
        ("mi numero es 4135550142 si voy", "mi numero es 0000000000 si voy"),
        ("si vivo en el 06103", "si vivo en el 00000"),
        ("yes, pick me up at 450 Main St", "yes, pick me up at xxx"),
        ("recojame en la calle Cedro 12", "recojame en la xxx"),
        ("write to ana@example.org or www.example.org/x", "write to xxx or xxx"),
        ("nel, y 3", "nel, y 3"),
    ],
)
def test_nobody_is_left_in_it(text: str, left: str) -> None:
    assert blank(text) == left


@given(st.text(max_size=200))
def test_no_long_number_is_left_whatever_the_text(text: str) -> None:
    left = blank(f"{text} 4135550142 {text}")
    assert "4135550142" not in left
