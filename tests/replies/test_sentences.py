"""Reading what stands in no list, by its sentences. The rows are in sentences.toml; more may be added."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

import pytest

from service.cli.explain import IN_WORDS, explain_reply
from service.replies.clauses import LETTERS as CLAUSE_LETTERS
from service.replies.kinds import load_kinds
from service.replies.leaving import LETTERS as LEAVING_LETTERS
from service.replies.lexicon import load_lexicon, near
from service.replies.parse import Expecting, Intent, Reply, parse

ROWS = [
    (language, text, meaning)
    for language, meanings in tomllib.loads(
        Path(__file__).with_name("sentences.toml").read_text("utf-8")
    ).items()
    for meaning, texts in meanings.items()
    for text in texts
]
ASKED = Expecting.yes_no()


def read(text: str, expecting: Expecting = ASKED) -> Reply:
    return parse(text, expecting=expecting)


@pytest.mark.parametrize(("language", "text", "meaning"), ROWS, ids=repr)
def test_reads_what_no_list_has(language: str, text: str, meaning: str) -> None:
    asks = 0 if meaning == "join" else 1
    told = explain_reply({"text": text, "language": language, "open_asks": asks})
    assert told["intent"] == meaning, told


@pytest.mark.parametrize(
    "text",
    [
        "yes I can come, no I can't make it", "si voy, no puedo ir", "I'll be there but I can't come",
        "I'm coming, actually no I can't make it",
    ],
)  # fmt: skip
def test_yes_and_no_in_one_text_is_asked_back(text: str) -> None:
    assert read(text).intent is not Intent.YES


@pytest.mark.parametrize("text", ["my kids are sick", "tengo turno ese dia", "our car broke down"])
def test_a_reason_alone_is_a_doubtful_no(text: str) -> None:
    reply = read(text)
    assert (reply.intent, reply.certainty) == (Intent.NO, "doubtful")
    assert reply.needs_person


def test_what_is_understood_to_the_last_word_needs_nobody() -> None:
    assert not read("that is correct").needs_person
    assert not read("ahi los veo").needs_person
    assert read("we can come along with two pots of soup").needs_person


@pytest.mark.parametrize(
    "text",
    [
        "take me off the list for Saturday", "don't text me before 8, I'm asleep", "Don't stop texting me",
        "quitenme de la lista del martes", "no me escriban en la noche", "no one texted me the address",
        "I can't, but don't take me off the list", "no puedo pero no me quiten de la lista",
        "le voy a dar de baja a mi telefono", "I quit my job so I have time",
        "voy a salir de trabajar tarde", "I get off at 5", "I can stop by with messages for them",
    ],
)  # fmt: skip
def test_what_only_sounds_like_leaving_is_none(text: str) -> None:
    assert read(text).intent is not Intent.STOP


@pytest.mark.parametrize(
    ("text", "withdraws"),
    [("I can't come anymore", True), ("ya no puedo ir", True), ("I can't come", False)],
)
def test_a_no_after_a_yes_says_so(text: str, withdraws: bool) -> None:
    for expecting in (ASKED, Expecting()):
        reply = read(text, expecting)
        assert (reply.intent, reply.withdraws) == (Intent.NO, withdraws)
    told = explain_reply({"text": text, "open_asks": 0})
    assert told["intent"] == ("withdraw" if withdraws else "no")


@pytest.mark.parametrize(
    ("text", "intent", "remainder"),
    [
        ("NEXT 3/14 9:30", Intent.NEXT, "3/14 9:30"),
        ("PROXIMA 14 de marzo 9:30", Intent.NEXT, "14 de marzo 9:30"),
        ("next appointment is March 14 at 9", Intent.NEXT, "March 14 at 9"),
        ("LOCK 482913", Intent.LOCK, "482913"),
        ("lock", Intent.LOCK, ""), ("CITAS", Intent.LIST, ""), ("Events", Intent.LIST, ""),
        ("BORRAR", Intent.ERASE, ""), ("delete my data", Intent.ERASE, ""), ("left", Intent.OUT, ""),
    ],
)  # fmt: skip
def test_commands_and_what_they_are_about(text: str, intent: Intent, remainder: str) -> None:
    reply = read(text, Expecting())
    assert (reply.intent, reply.remainder) == (intent, remainder)


def test_next_without_a_date_is_no_command() -> None:
    assert read("maybe next time").intent is Intent.NO
    assert read("la próxima").intent is Intent.NO


@pytest.mark.parametrize(
    ("text", "intent", "outcome"),
    [
        ("1", Intent.OUTCOME, "came_home"), ("2", Intent.OUTCOME, "new_date"),
        ("5 gps", Intent.OUTCOME, "monitor"), ("9", Intent.OUTCOME, "unknown"),
        ("ankle monitor", Intent.OUTCOME, "monitor"), ("le dieron otra fecha", Intent.OUTCOME, "new_date"),
        ("she came home", Intent.OUTCOME, "came_home"), ("le piden pasaporte", Intent.OUTCOME, "ticket"),
        ("detained", Intent.DISTRESS, "detained"), ("lo detuvieron", Intent.DISTRESS, "detained"),
    ],
)  # fmt: skip
def test_how_it_ended(text: str, intent: Intent, outcome: str | None) -> None:
    reply = read(text, Expecting.outcome())
    assert (reply.intent, reply.outcome) == (intent, outcome)


def test_danger_pages_people_whatever_was_asked() -> None:
    assert read("detained", Expecting.outcome()).outcome == "detained"
    assert read("detained").intent is Intent.DISTRESS
    assert read("5 le pusieron grillete", Expecting.outcome()).needs_person


@pytest.mark.parametrize(
    "text",
    [
        "what about the van",
        "why",
        "the van broke down",
        "who is going",
        "no se",
        "y que tal la van",
        "office closed",
        "oficina cerrada",
        "se fue la luz",
        "somebody took my seat",
        "doors locked",
        "who",
    ],
)
def test_no_question_or_sentence_is_taken_for_a_place(text: str) -> None:
    assert read(text, Expecting.area()).intent is not Intent.AREA


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("text", ["y la troca", "y la troca?", "y el carro verde", "y mi troca"])
def test_a_spanish_and_is_no_yes_whoever_writes_it(language: str, text: str) -> None:
    for expecting in (Expecting.area(), ASKED):
        assert parse(text, language=language, expecting=expecting).intent is Intent.UNKNOWN


@pytest.mark.parametrize(
    "text",
    ["West Hartford", "north end", "I live in Hartford", "Cicero", "La Villita", "Van Nuys"],
)
def test_a_place_is_still_one(text: str) -> None:
    assert read(text, Expecting.area()).intent is Intent.AREA


@pytest.mark.parametrize(
    "text", ["I'm in Ohio", "Thank you for thinking of me, I'm in Ohio until Sunday", "im in class"]
)
def test_where_somebody_is_is_no_yes(text: str) -> None:
    assert read(text).intent is not Intent.YES
    assert read("I'm in, see you there").intent is Intent.YES


def test_every_intent_has_its_word_in_the_inbox() -> None:
    known = {
        "yes", "no", "maybe", "stop", "start", "help", "join", "language", "withdraw", "arrived",
        "left", "outcome", "safety", "distress", "next", "checkin", "action", "choose", "thanks",
        "other",
    }  # fmt: skip
    assert {IN_WORDS.get(intent, intent.value) for intent in Intent} <= known


@pytest.mark.parametrize(
    ("name", "letters"), [("clauses", CLAUSE_LETTERS), ("leaving", LEAVING_LETTERS)]
)
def test_a_phrase_is_of_one_kind(name: str, letters: dict[str, str]) -> None:
    file = resources.files("service.replies.lexicon").joinpath(f"{name}.toml")
    written = [
        phrase
        for languages in tomllib.loads(file.read_text("utf-8")).values()
        for phrases in languages.values()
        for phrase in phrases
    ]
    assert len(written) == len(set(written)) == len(load_kinds(name, letters).letters)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("definetely", "definitely"), ("abslutely", "absolutely"), ("probbaly", "probably"),
        ("want", "want"), ("cant", "cant"), ("carmen", "carmen"), ("pregunte", "pregunte"),
    ],
)  # fmt: skip
def test_one_slip_in_a_long_word_is_seen_through(written: str, meant: str) -> None:
    lexicon = load_lexicon()
    assert near(written, lexicon.known, lexicon.near) == meant
