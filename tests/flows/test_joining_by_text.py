"""A volunteer joins by text: questions, vouching, keywords; and numbers that changed hands."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from service.people.tables import Consent, Volunteer
from service.rallies.tables import RallyKind
from tests.flows.test_registering_by_text import newest_inbound, person, says
from tests.flows.town import Town


def volunteer(town: Town, number: int) -> Volunteer:
    with town.session() as session:
        return session.get_one(Volunteer, person(town, number).id)


def test_joining_in_english_with_mistakes_in_the_middle(town: Town) -> None:
    town.text(140, "JOIN")
    assert "STOP" in town.got(140)[-1]
    says(
        town, 140,
        ("and where do i meet people", "area_unknown"),
        ("Hartford", "joining_speaks"),
        ("hmm", "joining_speaks"),
        ("english and portuguese", "joining_can"),
        ("2 and 3", "joined"),
    )  # fmt: skip
    joined = volunteer(town, 140)
    assert (joined.languages, joined.roles) == (["en", "pt"], ["driver", "interpreter"])
    assert joined.vetting == 0
    assert person(town, 140).area == "Hartford"


def test_joining_in_spanish(town: Town) -> None:
    town.text(141, "ola kiero alludar")
    assert town.told(141) == "welcome"
    assert person(town, 141).language == "es"
    says(
        town, 141,
        ("oficina cerrada", "area_unknown"), ("06103", "joining_speaks"),
        ("los dos", "joining_can"), ("manejar y traducir", "joined"),
    )  # fmt: skip
    joined = volunteer(town, 141)
    assert (joined.languages, joined.roles) == (["en", "es"], ["driver", "interpreter"])


def test_the_next_training_is_offered_and_answered(town: Town) -> None:
    town.rally(kind=RallyKind.TRAINING)
    town.text(142, "JOIN 06103")
    assert town.told(142) == "joining_speaks"
    says(town, 142, ("1", "joining_can"), ("1", "joined_training"), ("Y", "party_confirmed"))


def test_a_chapters_keyword_joins(town: Town) -> None:
    with town.wiring.database.write() as session:
        chapter = session.merge(town.chapter)
        chapter.keyword = "Valle"
    says(town, 143, ("valle!", "welcome"))
    assert person(town, 143).consent is Consent.ACTIVE


def code_of(town: Town, number: int) -> str:
    town.text(number, "VOUCH")
    found = re.search(r"JOIN (\d{4})", town.got(number)[-1])
    assert found is not None
    return found.group(1)


def test_a_members_code_vouches_once(town: Town) -> None:
    town.volunteer(101)
    code = code_of(town, 101)
    town.text(144, f"join {code}")
    assert "vouches" in "".join(town.got(144))
    assert volunteer(town, 144).vetting == 1
    assert volunteer(town, 144).vouched_by == person(town, 101).id
    town.text(145, f"JOIN {code}")
    assert "don't know that code" in "".join(town.got(145))
    assert volunteer(town, 145).vetting == 0


def test_a_code_may_follow_the_welcome(town: Town) -> None:
    town.volunteer(101)
    code = code_of(town, 101)
    says(town, 147, ("JOIN", "welcome"), (f"JOIN {code}", "vouched"), ("06103", "joining_speaks"))
    assert volunteer(town, 147).vetting == 1


def test_a_code_ends_after_a_week_and_nobody_vouches_for_themself(town: Town) -> None:
    town.volunteer(101)
    code = code_of(town, 101)
    town.text(101, f"JOIN {code}")
    assert volunteer(town, 101).vouched_by is None
    town.clock.tick(days=8)
    town.text(144, f"JOIN {code}")
    assert volunteer(town, 144).vetting == 0


def test_codes_can_not_be_guessed_for_long(town: Town) -> None:
    town.volunteer(101)
    code = code_of(town, 101)
    for guess in range(5):
        town.text(146, f"JOIN {(int(code) + 1 + guess) % 10_000:04}")
    town.text(146, f"JOIN {code}")
    assert volunteer(town, 146).vetting == 0


def test_only_who_is_vetted_may_vouch_and_for_five_at_a_time(town: Town) -> None:
    town.volunteer(102, vetting=1)
    says(town, 102, ("VOUCH", "vouch_not_you"))
    town.volunteer(101)
    assert len({code_of(town, 101) for _ in range(5)}) == 5
    says(town, 101, ("AVALAR", "vouch_not_you"))


def test_after_a_year_of_silence_we_ask_before_anything_else(town: Town) -> None:
    town.volunteer(101)
    town.text(101, "hello")
    town.clock.tick(days=366)
    town.checkin(starts_at=town.clock.now() + timedelta(days=5))
    town.tick()
    says(town, 101, ("Y", "recycled_ask"))
    assert newest_inbound(town).subject == ""
    says(town, 101, ("Y", "confirmed"))


def test_a_number_that_changed_hands_gets_nothing_of_who_had_it(town: Town) -> None:
    had = town.volunteer(101, vetting=3)
    town.clock.tick(days=366)
    town.checkin(starts_at=town.clock.now() + timedelta(days=5))
    town.tick()
    says(town, 101, ("who is this? YES", "recycled_ask"), ("no", "recycled_sorry"))
    has = person(town, 101)
    assert has.id != had.id
    assert has.consent is Consent.NONE
    assert town.got(101)[-1:] == [town.got(101)[0]]  # the ask of before is withdrawn
    says(town, 101, ("Y", "unknown_sender"))


@pytest.mark.parametrize("body", ["STOP", "lo agarraron"])
def test_leaving_and_danger_are_not_asked_who_they_are(town: Town, body: str) -> None:
    town.volunteer(101)
    town.clock.tick(days=366)
    town.text(101, body)
    assert town.told(101) in ("", "distress_heard")


def test_events_lists_what_was_promised_and_what_is_open(town: Town) -> None:
    town.volunteer(101)
    says(town, 101, ("EVENTS", "events_none"))
    town.rally()
    says(town, 101, ("EVENTS", "events_one"), ("Y 2", "party_confirmed"), ("EVENTS", "your_yes"))
    town.rally(days=9)
    town.rally(days=12)
    says(town, 101, ("EVENTS", "events_list"), ("2", "party_confirmed"))
    says(town, 101, ("N", "no_noted"))  # the one that is still open


def test_a_no_with_two_promises_asks_which(town: Town) -> None:
    town.volunteer(101)
    for days in (5, 8):
        town.checkin(starts_at=town.clock.now() + timedelta(days=days))
        town.tick()
        town.text(101, "Y")
    says(town, 101, ("I can't make it anymore", "ask_which"), ("2", "changed_to_no"))


def test_what_can_not_be_read_is_asked_once_more_and_read_by_a_person(town: Town) -> None:
    town.volunteer(101)
    town.checkin()
    town.tick()
    says(town, 101, ("qwerty zxcvb", "ask_again"))
    assert newest_inbound(town).needs_person
    says(town, 101, ("qwerty", "unknown_text"))
    assert newest_inbound(town).needs_person
    says(town, 101, ("Y", "confirmed"))


def test_a_doubtful_opt_out_holds_what_waits_until_it_is_clear(town: Town) -> None:
    town.volunteer(101)
    town.text(101, "why are you texting me")
    assert person(town, 101).consent is Consent.HELD
    assert newest_inbound(town).needs_person
    town.checkin()
    town.tick()
    assert town.told(101) == "doubtful_stop"  # nobody is asked while it is open
    town.text(101, "START")
    assert person(town, 101).consent is Consent.ACTIVE


def test_a_strangers_first_text_says_the_language(town: Town) -> None:
    town.text(150, "hola quien habla")
    assert person(town, 150).language == "es"
    town.text(150, "tengo algo el 14 de abril")
    assert newest_inbound(town).needs_person


def test_a_link_to_their_own_page_by_text(town: Town) -> None:
    town.volunteer(101)
    for text in ("MY LINK", "mi enlace", "Mi página"):
        town.text(101, text)
        assert re.search(r"http\S+/m/\S{22} ", town.got(101)[-1])
    town.text(147, "my link")
    assert "/m/" not in "".join(town.got(147))
