"""The words of the pages: both languages alike, none missing, none in vain; and no jargon."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from service.messages.catalog import LANGUAGES
from service.messages.pages import NoSuchWords, load_pages

ROOT = Path(__file__).parents[2]
WEB = ROOT / "service" / "web"
WORDS = load_pages()
# `t` speaks the reader's language; `say` one that the template names.
WHOLE_KEY = re.compile(r"""\b(?:t|say)\(\s*["']([a-z_]+\.[a-z_0-9]+)["']\s*[,)]""")
EITHER_KEY = re.compile(r"""\bt\(\s*["']([a-z_.]+)["'] if [^,)]+ else ["']([a-z_.]+)["']""")
BEGINNING = re.compile(r"""\b(?:t|say)\(\s*["']([a-z_]+)\.(l?)["'] ~""")
JARGON = re.compile(r"\b(blasts?|outbox|deliver(y|ies)|segments?|check-?ins?)\b", re.IGNORECASE)
TU = re.compile(
    r"\b(tú|tu|tus|te|ti|contigo|puedes|vienes|quieres|tienes|escribe|llama tú)\b", re.I
)


def _templates() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted(WEB.rglob("*.html")))


def _used() -> tuple[set[str], set[str]]:
    """The keys that templates spell out, and the sections that they choose from."""
    source = _templates()
    whole = set(WHOLE_KEY.findall(source))
    for first, second in EITHER_KEY.findall(source):
        whole |= {first, second}
    return whole, {section for section, _ in BEGINNING.findall(source)}


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    def keys(language: str) -> list[str]:
        path = ROOT / "service" / "messages" / f"pages.{language}.toml"
        file = tomllib.loads(path.read_text("utf-8"))
        return [f"{section}.{name}" for section, names in file.items() for name in names]

    assert keys("en") == keys("es")


def test_both_languages_have_the_same_braces_and_forms() -> None:
    for key in sorted(WORDS.keys()):
        english, spanish = (WORDS.placeholders(key, language) for language in LANGUAGES)
        assert english == spanish, key
        assert isinstance(WORDS.words["en"][key], str) == isinstance(WORDS.words["es"][key], str)


def test_every_key_that_a_template_uses_exists() -> None:
    whole, sections = _used()
    assert whole - WORDS.keys() == set()
    assert sections - {key.partition(".")[0] for key in WORDS.keys()} == set()  # noqa: SIM118


def test_no_words_are_written_in_vain() -> None:
    whole, sections = _used()
    unused = {key for key in WORDS.keys() - whole if key.partition(".")[0] not in sections}
    assert unused == set(), "no template says these; delete them or use them"


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_speak_as_people_do(language: str) -> None:
    for key, words in WORDS.words[language].items():
        said = words if isinstance(words, str) else " ".join(words)
        assert not JARGON.search(said), key
        if language == "es":
            assert not TU.search(said), key


def test_templates_hold_no_sentences_of_their_own() -> None:
    names = {"Acompaña", "Español", "English"}
    for path in sorted(WEB.rglob("*.html")):
        source = path.read_text("utf-8")
        source = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", source, flags=re.DOTALL)
        source = re.sub(r'[\w-]+="[^"<>]*"', "", source)
        for text in re.findall(r">([^<>]+)<", source):
            said = " ".join(text.split())
            assert said in names or not re.search(r"[A-Za-zÀ-ÿ]{3,}", said), f"{path.name}: {said}"


def test_words_that_do_not_exist_are_our_mistake() -> None:
    with pytest.raises(NoSuchWords, match="add them to"):
        WORDS.say("nothing.here", "en")
    with pytest.raises(NoSuchWords, match="need a value"):
        WORDS.say("board.today", "en")
    assert WORDS.say("send.people", "en", count=1) == "1 person"
    assert WORDS.say("send.people", "es", count=2) == "2 personas"
