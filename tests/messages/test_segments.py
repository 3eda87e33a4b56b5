"""What a text costs."""

import json
import random
import shutil
import string
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.messages.segments import (
    EmptyText,
    Suggestion,
    cheaper_letters,
    count_anything,
    count_segments,
    plain,
)

FAMILY = "👨‍👩‍👧‍👦"  # one letter to a reader, 11 UTF-16 units
FLAG = "🇲🇽"  # 4 units


@pytest.mark.parametrize(
    ("body", "encoding", "parts", "units"),
    [
        ("a", "GSM-7", 1, 1),
        ("¿Viene? é ñ Ñ ü ¡ à è ì ò ù Ç", "GSM-7", 1, 29),
        ("a" * 160, "GSM-7", 1, 160),
        ("a" * 161, "GSM-7", 2, 161),
        ("a" * 306, "GSM-7", 2, 306),
        ("a" * 307, "GSM-7", 3, 307),
        ("€" * 80, "GSM-7", 1, 160),
        ("a" + "€" * 80, "GSM-7", 2, 161),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 3, 306),  # € would straddle the first two parts
        ("line\nline\r\n", "GSM-7", 1, 11),
        ("á", "UCS-2", 1, 1),
        ("í" * 70, "UCS-2", 1, 70),
        ("í" * 71, "UCS-2", 2, 71),
        ("í" * 134, "UCS-2", 2, 134),
        ("í" * 135, "UCS-2", 3, 135),
        ("a" * 160 + "ó", "UCS-2", 3, 161),
        ("8:00\u202fam", "UCS-2", 1, 7),
        ("á€", "UCS-2", 1, 2),  # extension letters count once in UCS-2
        ("😀", "UCS-2", 1, 2),
        (FAMILY * 6 + "a" * 4, "UCS-2", 1, 70),
        (FAMILY * 7, "UCS-2", 2, 77),
        ("a" * 66 + FLAG + "a" * 63, "UCS-2", 2, 133),  # the flag moves to the second part whole
        ("a" * 66 + FLAG + "a" * 64, "UCS-2", 3, 134),
        ("a\u0301", "UCS-2", 1, 2),  # a letter and its accent apart are one unsplittable letter
    ],
)
def test_counts_as_the_carrier_bills(body: str, encoding: str, parts: int, units: int) -> None:
    counted = count_segments(body)
    assert (counted.encoding, counted.parts, counted.units) == (encoding, parts, units)


def test_names_each_letter_that_makes_it_expensive_once() -> None:
    assert count_segments("Mañana sí, así: “ya”").offending == ("í", "“", "”")
    assert count_segments("Mañana ya").offending == ()


@pytest.mark.parametrize(
    ("body", "room"), [("a", 160), ("a" * 161, 306), ("á", 70), ("á" * 71, 134)]
)
def test_says_how_much_fits_into_the_same_parts(body: str, room: int) -> None:
    assert count_segments(body).room == room


@pytest.mark.parametrize("body", ["", "  \n\t", "\u200b\u200b", "\u202f", "\ufeff"], ids=repr)
def test_a_blank_text_is_refused(body: str) -> None:
    with pytest.raises(EmptyText) as refused:
        count_segments(body)
    assert refused.value.code == "empty_text"


def test_suggests_lookalikes_freely_and_accents_with_a_warning() -> None:
    assert cheaper_letters("“sí”…") == (
        Suggestion("“", '"', changes_spelling=False),
        Suggestion("í", "i", changes_spelling=True),
        Suggestion("”", '"', changes_spelling=False),
        Suggestion("…", "...", changes_spelling=False),
    )
    assert cheaper_letters("한 😀") == ()


def test_plain_straightens_punctuation_and_keeps_spelling() -> None:
    assert plain("“Así”\u202f– it’s ½\u00a0hour…\u200b") == '"Así" - it\'s 1/2 hour...'


@given(st.text(min_size=1))
def test_every_text_is_counted_or_blank(body: str) -> None:
    try:
        counted = count_segments(body)
    except EmptyText:
        return
    assert counted.parts >= 1
    assert counted.units <= counted.room
    assert (counted.encoding == "UCS-2") == bool(counted.offending)


@given(st.text(min_size=1))
def test_straightening_never_costs_more_letters_outside_gsm(body: str) -> None:
    try:
        before, after = count_segments(body), count_segments(plain(body))
    except EmptyText:
        return
    assert len(after.offending) <= len(before.offending)


# Each is one letter to a reader, and stays one whatever stands beside it.
GSM_LETTERS = st.sampled_from([*"aZ 09ñé¿Ç@_\n€^{}[]~|\\"])
ANY_LETTERS = GSM_LETTERS | st.sampled_from(
    ["á", "“", "\u202f", "한", "😀", "👍🏽", FAMILY, FLAG, "❤️", "e\u0301"]
)


def bodies(letters: st.SearchStrategy[str], alone: int, each: int) -> st.SearchStrategy[list[str]]:
    """Return texts as letters, most of them of a length where a part ends."""
    lengths = st.sampled_from([0, alone - 9, each - 9, 2 * each - 9, 3 * each - 9])
    return st.builds(
        lambda length, before, behind: before + ["b"] * length + behind,
        lengths, st.lists(letters, max_size=14), st.lists(letters, min_size=1, max_size=14),
    )  # fmt: skip


def parts_of(letters: list[str]) -> tuple[str, int]:
    """Lay the letters out part by part, each as the octets or septets that go over the air."""
    once = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà"
    twice = "^{}\\[~]|€"
    basic = set(once) | set(twice) | set(string.ascii_letters)
    coded: list[list[object]]
    if all(letter in basic for letter in letters):
        encoding, alone, each = "GSM-7", 160, 153
        coded = [["esc", letter] if letter in twice else [letter] for letter in letters]
    else:
        encoding, alone, each = "UCS-2", 70, 67
        coded = [[*struct.iter_unpack(">H", letter.encode("utf-16-be"))] for letter in letters]
    if sum(map(len, coded)) <= alone:
        return encoding, 1
    parts: list[list[object]] = [[]]
    for units in coded:
        if len(parts[-1]) + len(units) > each:
            parts.append([])
        parts[-1] += units
    return encoding, len(parts)


@given(bodies(GSM_LETTERS, 160, 153) | bodies(ANY_LETTERS, 70, 67) | bodies(ANY_LETTERS, 160, 153))
def test_no_escape_pair_or_letter_is_split_over_two_parts(letters: list[str]) -> None:
    counted = count_anything("".join(letters))
    assert (counted.encoding, counted.parts) == parts_of(letters)


ROOT = Path(__file__).parents[2]
CALCULATOR = ROOT / "node_modules" / "sms-segments-calculator"
LETTERS: tuple[tuple[str, ...], ...] = (
    tuple("abc xyz 123.,!?"), tuple("áéíóúñ¿¡ü"), tuple("^{}[]~|\\€"), tuple("한국ไทย“”…–"),
    ("😀", "👍🏽", FAMILY, FLAG, "❤️", "🇺🇸"), ("\r\n", "\n"), ("e\u0301", "a\u0300"),
    ("\u200b", "\u00a0", "\u202f"),
)  # fmt: skip


def texts_of_all_lengths(count: int) -> list[str]:
    """Return texts around the lengths where a part ends, the same at every run."""
    draw = random.Random(7)  # noqa: S311
    found = []
    for _ in range(count):
        letters = [
            one for pool in draw.sample(LETTERS, draw.choice((1, 1, 2, 3, 8))) for one in pool
        ]
        ranges = ((0, 30), (60, 75), (130, 165), (150, 480))
        length = draw.randint(*draw.choice(ranges))
        found.append(
            "".join(draw.choice(letters) if draw.random() < 0.4 else "a" for _ in range(length))
        )
    return found


@pytest.mark.skipif(
    not (shutil.which("node") and CALCULATOR.exists()), reason="the page tools are not installed"
)
def test_counts_as_the_carriers_own_calculator_does() -> None:
    texts = texts_of_all_lengths(3000)
    told = subprocess.run(
        ["node", str(ROOT / "tests" / "messages" / "calculator.mjs"), f"{ROOT}/"],
        input="\n".join(json.dumps(text) for text in texts),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = [tuple(json.loads(line)) for line in told.stdout.splitlines()]
    ours = [(one.encoding, one.parts) for one in map(count_anything, texts)]
    assert ours == theirs
