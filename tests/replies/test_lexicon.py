"""The word lists do not contradict each other, and every command that we print is understood."""

import re
from itertools import combinations

import pytest

from service.messages.catalog import LANGUAGES, load_catalog
from service.replies.lexicon import load_lexicon
from service.replies.parse import Expecting, Intent, parse
from service.replies.reading import LONGEST_PHRASE

LEXICON = load_lexicon()
# What our texts tell people to write, and what it must mean.
PRINTED = {
    "JOIN": Intent.JOIN, "UNIRME": Intent.JOIN, "START": Intent.START, "STOP": Intent.STOP,
    "ALTO": Intent.STOP, "HELP": Intent.HELP, "AYUDA": Intent.HELP, "CHANGE": Intent.CHANGE,
    "CAMBIO": Intent.CHANGE, "HERE": Intent.HERE, "LLEGUE": Intent.HERE, "IN": Intent.IN,
    "ADENTRO": Intent.IN, "OUT": Intent.OUT, "AFUERA": Intent.OUT, "CALLED": Intent.CALLED,
    "LLAME": Intent.CALLED, "ENGLISH": Intent.LANGUAGE, "ESPAÑOL": Intent.LANGUAGE,
    "Y": Intent.YES, "S": Intent.YES, "N": Intent.NO, "DATE": Intent.CHECKIN,
    "CITA": Intent.CHECKIN, "CITAS": Intent.LIST, "EVENTS": Intent.LIST, "EVENTOS": Intent.LIST,
    "ERASE": Intent.ERASE, "BORRAR": Intent.ERASE, "SIGNED": Intent.SIGNED, "FIRME": Intent.SIGNED,
    "LOCK": Intent.LOCK, "BLOQUEAR": Intent.LOCK,
    "WROTE": Intent.WROTE, "ESCRIBI": Intent.WROTE,
    "NEXT": Intent.NEXT, "PROXIMA": Intent.NEXT,
    "APPROVE": Intent.APPROVE,
    "APRUEBO": Intent.APPROVE, "UNDO": Intent.UNDO, "DESHACER": Intent.UNDO,
    "MUTE": Intent.MUTE, "SILENCIO": Intent.MUTE,
}  # fmt: skip
# What is understood within a conversation of several steps only: the section that knows it.
WITHIN = {"LATER": "later", "LUEGO": "later", "ME": "myself", "YO": "myself"}
# Capitals that are no commands: the first word of a prompt, or loud on purpose.
LOUD = {
    "A", "O", "ZIP", "ID", "OK", "NEW", "PLACE", "TIME", "TEST", "CANCELLED", "I", "AREA", "ZONA", "SE",
    "LUGAR", "NUEVO", "NUEVA", "HORA", "CANCELA", "PRUEBA", "AND",
    "DRILL", "SIMULACRO", "RALLY", "MITIN", "MARCHA",
    "TO", "POR", "APROBAR",
    "LEAVE", "DEJAR", "GROUP", "GRUPO",  # together: tests/flows/test_several_chapters.py
}  # fmt: skip


def test_no_phrase_is_longer_than_the_reader_looks() -> None:
    for phrases in LEXICON.phrases.values():
        assert all(1 <= len(phrase.split()) <= LONGEST_PHRASE for phrase in phrases), phrases


def test_no_phrase_means_two_things() -> None:
    meanings = ("yes", "no", "maybe", "unclear")
    for one, other in combinations(meanings, 2):
        for way in ("starts", "anywhere"):
            both = LEXICON.get(one, way) & LEXICON.get(other, way)
            assert both == frozenset(), (one, other, way)


def test_no_command_is_an_opt_out_too() -> None:
    leaving = LEXICON.get("stop", "carrier", "whole")
    for intent in Intent:
        if intent is not Intent.STOP:
            assert LEXICON.get(intent) & leaving == frozenset(), intent


@pytest.mark.parametrize(("word", "intent"), PRINTED.items())
def test_a_printed_command_is_understood(word: str, intent: Intent) -> None:
    for written in (word, word.lower(), f"{word}.", f" {word.title()} "):
        assert parse(written).intent is intent
    assert parse(f"{word} 06103", expecting=Expecting.area()).intent in (intent, Intent.AREA)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_in_our_texts_is_on_that_list(language: str) -> None:
    for template in load_catalog().templates.values():
        says = re.sub(r"{\w+}", "", template.says[language])
        capitals = set(re.findall(r"\b[A-ZÁÉÍÓÚÑ]+\b", says))
        assert capitals - PRINTED.keys() - WITHIN.keys() - LOUD == set(), says


@pytest.mark.parametrize(("word", "section"), WITHIN.items())
def test_a_word_that_is_printed_in_a_conversation_is_known_there(word: str, section: str) -> None:
    assert word.lower() in LEXICON.get(section, "whole", "anywhere")


def test_area_commands_take_a_zip_code() -> None:
    assert parse("AREA 06103").area == parse("ZONA 06103").area == "06103"


HEARD_TOO = {
    Intent.YES: "Sim|sim, eu vou|Com certeza!|pode contar comigo|Wi|wi, m ap vini|dakò|Wi mèsi",
    Intent.NO: "Não|nao posso, desculpe|infelizmente não|Non|mwen pa kapab|m pa ka|Non mèsi",
    Intent.MAYBE: "não sei|m pa konnen",
    Intent.THANKS: "Obrigada|mèsi anpil",
    Intent.HELP: "ajuda|bezwen èd",
    Intent.DISTRESS: "socorro|anmwe|yo arete mari m",
    Intent.STOP: "sair|Pare.|não me mandem mais mensagens|me tire da lista por favor|sispann|"
    "pa voye mesaj ankò|retire m nan lis la tanpri",
}


@pytest.mark.parametrize(
    ("text", "intent"),
    [(text, intent) for intent, texts in HEARD_TOO.items() for text in texts.split("|")],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_portuguese_and_haitian_creole_are_heard_where_it_matters_most(
    text: str, intent: Intent, language: str
) -> None:
    assert parse(text, language=language, expecting=Expecting.yes_no()).intent is intent


def test_the_words_heard_besides_take_nothing_from_english_and_spanish() -> None:
    """Whether somebody writes Spanish shows by the words of the two languages alone."""
    assert parse("sí puedo ir con mi carro").reads_like == "es"
    assert "nao" not in LEXICON.only
