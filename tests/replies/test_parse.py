"""Reading what people text. The rows are in phrases.toml; more of them may be added there."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.replies.parse import Expecting, Intent, Reply, parse

PHRASES = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text("utf-8"))
STOP_WORDS = [
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT",
    "ALTO", "PARAR", "PARE", "BAJA", "SALIR", "CANCELAR", "TERMINAR",
]  # fmt: skip
PLAIN = ("choose", "party", "note", "doubt")


def expecting(name: str) -> Expecting:
    question, _, top = name.partition("_")
    if question in ("asks", "list"):
        return (Expecting.asks if question == "asks" else Expecting.numbered)(int(top))
    return {
        "nothing": Expecting(),
        "yes_no": Expecting.yes_no(),
        "safety": Expecting.safety(),
        "area": Expecting.area(),
    }[name]


def rows(table: str) -> Iterator[tuple[str, str, str]]:
    """Yield (question, text, meaning) from one kind of table; "" for the plain ones."""
    for question, content in PHRASES.items():
        lists = content.get(table, {}) if table else content
        for key, value in lists.items():
            if isinstance(value, list):
                yield from ((question, text, key) for text in value)
            elif isinstance(value, str):
                yield question, key, value


def read(question: str, text: str) -> Reply:
    """Read as someone of either language: unless it is told apart on purpose, it is the same."""
    english = parse(text, language="en", expecting=expecting(question))
    spanish = parse(text, language="es", expecting=expecting(question))
    if english != spanish:
        assert text.casefold().startswith("y"), (english, spanish)
        return spanish if text.startswith("y ") and not text[2:3].isdigit() else english
    return english


@pytest.mark.parametrize(("question", "text", "meaning"), list(rows("")), ids=repr)
def test_reads(question: str, text: str, meaning: str) -> None:
    reply = read(question, text)
    intent, _, language = meaning.partition("_")
    assert reply.intent == intent, reply
    if intent == "language":
        assert reply.language == language
    assert not reply.doubtful_stop


@pytest.mark.parametrize(("question", "text", "number"), list(rows("party")), ids=repr)
def test_counts_who_comes(question: str, text: str, number: str) -> None:
    reply = read(question, text)
    assert (reply.intent, reply.party, reply.remainder) == (Intent.YES, int(number), "")


@pytest.mark.parametrize(("question", "text", "read_as"), list(rows("note")), ids=repr)
def test_leaves_the_rest_for_a_person(question: str, text: str, read_as: str) -> None:
    reply = read(question, text)
    intent, _, remainder = read_as.partition(": ")
    assert (reply.intent, reply.remainder, reply.party in (None, 2, 3)) == (intent, remainder, True)
    assert reply.needs_person


@pytest.mark.parametrize(("question", "text", "meaning"), list(rows("doubt")), ids=repr)
def test_in_doubt_it_may_be_an_opt_out(question: str, text: str, meaning: str) -> None:
    reply = read(question, text)
    assert (reply.intent, reply.doubtful_stop) == (meaning, True)


@pytest.mark.parametrize(("question", "text", "chosen"), list(rows("choose")), ids=repr)
def test_numbers_choose_where_there_is_a_list(question: str, text: str, chosen: str) -> None:
    reply = read(question, text)
    intent, _, what = chosen.partition(" ")
    assert reply.intent == intent, reply
    if intent == "area":
        assert reply.area == what
    else:
        assert reply.numbers == tuple(int(number) for number in what.split())


@pytest.mark.parametrize("word", ["STOP", "stop", " Stop ", "CANCEL", "end", "opt out"])
def test_the_carrier_answers_its_own_words(word: str) -> None:
    assert parse(word).by_carrier
    assert not parse(word + " please").by_carrier


@pytest.mark.parametrize("word", ["ALTO", "baja", "stop please", "no mas mensajes"])
def test_we_answer_all_others(word: str) -> None:
    assert not parse(word).by_carrier


def test_spanish_and_is_not_an_english_yes() -> None:
    assert parse("y donde es", language="es", expecting=Expecting.yes_no()).intent == "unknown"
    assert parse("Y", language="es", expecting=Expecting.yes_no()).intent == "yes"
    assert parse("Y but late", language="en", expecting=Expecting.yes_no()).intent == "yes"


def test_a_reaction_says_what_it_is_about() -> None:
    reply = parse("Liked “Acompaña: can you go with a neighbor…”", expecting=Expecting.yes_no())
    assert reply.quoted == "Acompaña: can you go with a neighbor"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("ola kiero alludar", "es"),
        ("I want to help", "en"),
        ("hola", "es"),
        ("N", None),
        ("", None),
    ],
)
def test_tells_the_language_of_a_stranger(text: str, language: str | None) -> None:
    assert parse(text).reads_like == language


QUESTIONS = st.sampled_from(["nothing", "yes_no", "asks_3", "list_9", "safety", "area"])
MARKS = st.text(alphabet=" .!?,;:\n\t-*_\"'()¡«»…\u00a0", max_size=4)
WORDS_PEOPLE_USE = st.sampled_from(
    [text for table in ("", "party", "note", "doubt") for _, text, _ in rows(table)]
)


@given(st.text(), QUESTIONS, st.sampled_from(["en", "es"]))
def test_reads_anything_without_failing(text: str, question: str, language: str) -> None:
    reply = parse(text, language=language, expecting=expecting(question))
    assert isinstance(reply.intent, Intent)
    assert all(0 < number <= 9 for number in reply.numbers)


@given(st.lists(WORDS_PEOPLE_USE, min_size=1, max_size=4), QUESTIONS, MARKS)
def test_reads_any_mixture_without_failing(parts: list[str], question: str, mark: str) -> None:
    parse(f"{mark} ".join(parts), expecting=expecting(question))


@given(st.sampled_from(STOP_WORDS), st.data(), QUESTIONS, MARKS, MARKS)
def test_a_stop_word_is_stop_however_it_is_written(
    word: str, data: st.DataObject, question: str, before: str, after: str
) -> None:
    cases = data.draw(st.lists(st.booleans(), min_size=len(word), max_size=len(word)))
    mixed = "".join(c.upper() if up else c.lower() for c, up in zip(word, cases, strict=True))
    assert parse(before + mixed + after, expecting=expecting(question)).intent is Intent.STOP


def test_a_very_long_text_is_read_too() -> None:
    for word in ("si ", "no ", "y 3 ", "ok ", "stop this deportation ", "👍", "1 "):
        for question in ("yes_no", "asks_3", "safety"):
            parse(word * 400, language="es", expecting=expecting(question))


def test_of_a_letter_nothing_is_lost() -> None:
    letter = "yes I can come " + "and then we talked about the garden " * 20 + "bring water"
    reply = parse(letter, expecting=Expecting.yes_no())
    assert (reply.intent, reply.remainder) == (Intent.YES, letter.strip())
    assert parse(letter + " now take me off your list").intent is Intent.STOP
    assert parse(letter + " they took my husband").intent is Intent.DISTRESS
