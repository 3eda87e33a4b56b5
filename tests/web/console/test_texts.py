"""Our own texts in a chapter's words: checked, counted, in both languages, every change kept and sent."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.chapters import voice
from service.chapters.examples import examples_of
from service.chapters.find import get_chapter
from service.chapters.own_texts import TEXT, say
from service.chapters.tables import OwnText
from service.chapters.voice import own_words, voice_of
from service.messages.catalog import LANGUAGES, Catalog
from service.messages.rewording import check_rewording, load_rules
from service.people.consent import WORDING, opt_in
from service.people.tables import Consent, ConsentEvent
from service.privacy.policy import SYSTEM
from service.replies.printed import check_commands
from service.wiring import Wiring
from tests.factories import make_volunteer
from tests.web.conftest import Group
from tests.web.console.conftest import text_of
from tests.web.console.test_settings import ana

__all__ = ["ana"]

PATH = "/settings/texts/no_noted"
BOTH = {"text_en": "Thanks for telling us.", "text_es": "Gracias por decirnos."}


def said_by(wiring: Wiring, group: Group, key: str) -> dict[str, str]:
    """What the chapter sends, in each language."""
    with wiring.database.read() as session:
        chapter = get_chapter(session, group.chapter.id)
        speaking = voice_of(session, wiring.catalog, chapter)
        samples = {each: wiring.catalog.samples[each] for each in LANGUAGES}
        needs = wiring.catalog.template(key).placeholders
        return {
            each: speaking.text(key, each, **{name: samples[each][name] for name in needs})
            for each in LANGUAGES
        }


def rows_of(wiring: Wiring, key: str) -> list[tuple[str, str, str]]:
    with wiring.database.read() as session:
        query = select(OwnText).where(OwnText.key == TEXT + key).order_by(col(OwnText.id))
        return [(row.language, row.says, row.made_by) for row in session.exec(query)]


def test_every_text_is_found_by_its_moment_and_by_its_words(ana: TestClient) -> None:
    page = text_of(ana.get("/settings/texts"))
    for moment in ("When somebody joins", "The day before", "Rallies, vigils"):
        assert moment in page
    page = text_of(ana.get("/settings/texts?group=before"))
    assert "Text HERE when you arrive" in page
    assert "Al llegar escriba LLEGUE" in page
    assert "vouches for you" not in page
    page = text_of(ana.get("/settings/texts?q=MANANA+busque"))
    assert "0 texts" in page
    page = text_of(ana.get("/settings/texts?q=bufanda"))
    assert "No text has these words" in page
    found = ana.get("/settings/texts?q=llegue").text
    assert "/settings/texts/two_hours" in found
    assert "/settings/texts/welcome" not in found


def test_a_text_is_changed_in_both_languages_and_sent_like_that(
    ana: TestClient, wiring: Wiring, group: Group
) -> None:
    before = said_by(wiring, group, "no_noted")
    page = text_of(ana.post(PATH, data=BOTH))
    assert "From now on it goes out like this" in page
    assert said_by(wiring, group, "no_noted") == {
        "en": BOTH["text_en"], "es": BOTH["text_es"],
    }  # fmt: skip
    page = text_of(ana.post(f"{PATH}/back"))
    assert "(the original)" in page
    assert said_by(wiring, group, "no_noted") == before
    says = [says for _, says, _ in rows_of(wiring, "no_noted")]  # two at a time, in no order
    assert {*says[:2]} == {BOTH["text_en"], BOTH["text_es"]}
    assert says[2:] == ["", ""]
    assert {name for _, _, name in rows_of(wiring, "no_noted")} == {"Ana"}


def test_an_earlier_wording_is_used_again(ana: TestClient, wiring: Wiring, group: Group) -> None:
    ana.post(PATH, data=BOTH)
    ana.post(PATH, data=BOTH | {"text_en": "We hear you."})
    page = ana.get(PATH).text
    rows = re.findall(r'name="row" value="([^"]+)"', page)
    assert len(rows) == 1, "only what does not count now"
    ana.post(f"{PATH}/back", data={"row": rows[0]})
    assert said_by(wiring, group, "no_noted")["en"] == BOTH["text_en"]
    assert ana.post(f"{PATH}/back", data={"row": str(group.chapter.id)}).status_code == 404
    assert ana.post(f"{PATH}/back", data={"row": "x"}).status_code == 404


def test_a_language_that_was_left_as_it_was_is_pointed_out_until_it_is_looked_at(
    ana: TestClient, wiring: Wiring
) -> None:
    original = wiring.catalog.template("no_noted").says
    one = {"text_en": BOTH["text_en"], "text_es": original["es"]}
    assert "look at Spanish too" in text_of(ana.post(PATH, data=one))
    assert "Spanish was left as it was" in text_of(ana.get("/settings/texts?group=answers"))
    assert "1 to look at" in text_of(ana.get("/settings/texts"))
    one = {"text_en": "We heard you.", "text_es": original["es"], "other_is_fine": "yes"}
    assert "look at Spanish too" not in text_of(ana.post(PATH, data=one))
    assert "Looked at and left as it was" in text_of(ana.get(PATH))


# A text, what was typed, and what is said to be wrong with it.
WRONG: list[tuple[str, dict[str, str], str]] = [
    ("no_noted", {"text_en": ""}, "Something is missing"),
    ("no_noted", {"text_en": "Thanks, {nobody}"}, "don't know what nobody"),
    ("no_noted", {"text_en": "Thanks {"}, "brace is left open"),
    ("no_noted", {"text_en": "Thanks {0}"}, "brace"),
    ("no_noted", {"text_en": "Thanks {{x}}"}, "brace"),
    ("no_noted", {"text_en": "My number is A123456789"}, "never keep"),
    ("confirmed", {"text_en": "We count on you {day}, {time}. Reply N."}, "keep area"),
    ("already_yes", {"text_en": "Your yes for {day}, {area} is noted."}, "keep N:"),
    ("welcome_known", {"text_en": "{network}: hi. {count} texts a week, rates may apply. HELP. {phone}"},
     "keep STOP"),
    ("welcome_known", {"text_en": "{network}: hi. {count} a week. HELP, STOP. {phone}"}, "keep rates"),
    ("help", {"text_en": "{network}: {phone}. Rates: rates. STOP. Espanol"}, "keep AYUDA"),
    ("opt_out", {"text_en": "{network}: bye. Call {phone}."}, "keep START"),
    ("already_yes", {"text_en": "{day}, {area}. Reply N or KO."}, "answered KO"),
    ("already_yes", {"text_en": "{day}, {area}. Reply N. Not CANCEL."}, "leave out CANCEL"),
    ("family_moved", {"text_en": "{network}: your court date is {day}, {time}. CHANGE"},
     "leave out court"),
    ("no_noted", {"text_en": "Thank you. " * 15}, "costs 2 parts, and it may cost 1"),
    ("no_noted", {"text_es": "Así es, ya lo anotó alguien. " * 3}, "costs 2 parts"),
]  # fmt: skip


def test_what_does_not_hold_is_said_and_nothing_is_kept(ana: TestClient, wiring: Wiring) -> None:
    for key, typed, told in WRONG:
        original = wiring.catalog.template(key).says
        form = {f"text_{each}": original[each] for each in LANGUAGES}
        page = ana.post(f"/settings/texts/{key}", data=form | typed)
        assert page.status_code == 422, typed
        assert told in text_of(page), typed
        assert rows_of(wiring, key) == []


def test_a_text_without_accents_is_cheaper_and_the_button_says_how_much(ana: TestClient) -> None:
    typed = BOTH | {"text_es": "Así es, ya lo anotó alguien. " * 3, "action": "count"}
    page = text_of(ana.post(PATH, data=typed))
    assert "Remove accents (saves 1 part)" in page
    assert "more than the 1 part that it may cost" in page
    plain = ana.post(PATH, data=typed | {"action": "plain_es"})
    assert "Asi es, ya lo anoto alguien." in plain.text


def test_the_example_is_the_chapters_own(ana: TestClient, group: Group) -> None:
    page = text_of(ana.get("/settings/texts/meeting_place"))
    assert "Thu Mar 5, 9:00 am: Café Sol, 90 Main St, Hartford" in page
    assert "jueves 5 de marzo, 9:00 am: Café Sol" in page
    assert "{place} place" in page


def test_what_is_fixed_is_shown_with_its_reason_and_can_not_be_changed(
    ana: TestClient, wiring: Wiring
) -> None:
    for key in ("safety_ask", "invitation", "outcome_ask", "which_item"):
        page = ana.get(f"/settings/texts/{key}")
        assert "can't be changed here" in text_of(page)
        assert "<textarea" not in page.text
        assert ana.post(f"/settings/texts/{key}", data=BOTH).status_code == 409
        assert rows_of(wiring, key) == []


def test_what_came_with_the_product_keeps_its_own_rules(wiring: Wiring, group: Group) -> None:
    """Whoever changes one word only must not be told that the rest was wrong."""
    catalog = wiring.catalog
    with wiring.database.read() as session:
        examples = examples_of(session, group.chapter, catalog, now=wiring.clock.now())
    for key in catalog.keys():  # noqa: SIM118  (a catalog is no dict)
        if key in load_rules().fixed:
            continue
        for language in LANGUAGES:
            found = check_rewording(
                catalog, key, language, catalog.template(key).says[language],
                examples[language].longest, check_commands, field="text",
            )  # fmt: skip
            assert found is None, (key, found)


def test_another_chapter_speaks_as_it_did(
    ana: TestClient, wiring: Wiring, other_group: Group
) -> None:
    before = said_by(wiring, other_group, "no_noted")
    ana.post(PATH, data=BOTH)
    assert said_by(wiring, other_group, "no_noted") == before
    assert ana.get("/settings/texts/nowhere").status_code == 404


def test_an_organizer_reads_no_settings(marta: TestClient) -> None:
    assert marta.get("/settings/texts").status_code == 403
    assert marta.post(PATH, data=BOTH).status_code == 403


def test_words_that_no_longer_fit_are_not_sent(wiring: Wiring, group: Group) -> None:
    """A newer version of the product may need other braces, or fix a text: its own words win."""
    now = wiring.clock.now()
    for key in ("no_noted", "safety_ask"):
        before = said_by(wiring, group, key)
        with wiring.database.write() as session:
            chapter = get_chapter(session, group.chapter.id)
            says = {"en": "Hello {nobody}" if key == "no_noted" else "Hi", "es": ""}
            say(session, chapter, TEXT + key, says, by=SYSTEM, now=now)
        assert said_by(wiring, group, key) == before


def test_what_was_rolled_back_is_never_said(wiring: Wiring, group: Group) -> None:
    now = wiring.clock.now()
    before = said_by(wiring, group, "no_noted")

    def write(words: str, *, fails: bool) -> None:
        with wiring.database.write() as session:
            chapter = get_chapter(session, group.chapter.id)
            say(session, chapter, f"{TEXT}no_noted", {"en": words}, by=SYSTEM, now=now)
            assert own_words(session, wiring.catalog, chapter)["no_noted"]["en"] == words
            if fails:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write("Never said.", fails=True)
    assert said_by(wiring, group, "no_noted") == before
    write("Said.", fails=False)
    assert said_by(wiring, group, "no_noted")["en"] == "Said."


def test_a_second_look_asks_the_database_nothing(
    wiring: Wiring, group: Group, monkeypatch: pytest.MonkeyPatch, catalog: Catalog
) -> None:
    with wiring.database.write() as session:
        chapter = get_chapter(session, group.chapter.id)
        says = {"en": BOTH["text_en"], "es": BOTH["text_es"]}
        say(session, chapter, f"{TEXT}no_noted", says, by=SYSTEM, now=wiring.clock.now())
    assert said_by(wiring, group, "no_noted")["en"] == BOTH["text_en"]
    monkeypatch.setattr(voice, "newest", None)
    assert said_by(wiring, group, "no_noted")["en"] == BOTH["text_en"]


def test_a_consent_names_the_wording_that_people_saw(wiring: Wiring, group: Group) -> None:
    now = wiring.clock.now()
    with wiring.database.write() as session:
        chapter = get_chapter(session, group.chapter.id)
        for number, expected in ((201, WORDING), (202, f"{WORDING}, own 1")):
            person = make_volunteer(
                session, wiring.keyring, chapter, number, now=now, consent=Consent.NONE
            )
            opt_in(session, person, how="test", now=now)
            query = select(ConsentEvent.wording).where(ConsentEvent.person_id == person.id)
            assert session.exec(query).one() == expected
            if number == 201:
                says = {"en": "Hello.", "es": ""}
                say(session, chapter, f"{TEXT}no_noted", says, by=SYSTEM, now=now)
