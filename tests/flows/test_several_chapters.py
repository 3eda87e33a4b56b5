"""One person in two chapters, in two time zones, in one database: nothing crosses, nothing doubles."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from service.chapters.shifts import add_shift, on_shift
from service.chapters.tables import Chapter
from service.checkins.tables import CheckIn
from service.erasure.erase import erase
from service.errors import NotFound
from service.inbox.find import threads_of
from service.inbox.history import history
from service.outbox.import_list import apply_lists, begin_list
from service.people.audience import Audience, next_people
from service.people.find import get_family, get_volunteer
from service.people.import_.columns import guess_layout
from service.people.import_.judge import Usual
from service.people.import_.keep import keep_list, say_layout, standings
from service.people.members import (
    chapters_of,
    know,
    leave_chapter,
    standing_of,
    trust_in,
)
from service.people.register import find_person
from service.people.search import Search, search
from service.people.tables import Consent, Membership, Person
from service.people.vet import set_vetting
from service.privacy.policy import SYSTEM, Role, Viewer
from service.privacy.read import Reader
from service.rsvps.respond import Answer, respond
from service.rsvps.tables import Ask, Rsvp, RsvpState
from tests.flows.towns import BAY_ZONE, BETO, CARMEN, TwoTowns


def test_join_to_a_second_number_asks_once_and_welcomes_briefly(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.text(BETO, "JOIN")
    assert towns.sent(BETO) == [("Bay", "join_second")]
    towns.text(BETO, "Y")
    assert towns.sent(BETO)[1:] == [("Bay", "joined_second")]
    with towns.town.session() as session:
        person = session.get_one(Person, beto.id)
        assert chapters_of(session, person) == [towns.valley.id, towns.bay.id]
        assert person.chapter_id == towns.valley.id
        assert session.get_one(Membership, (beto.id, towns.bay.id)).how == "text"
    towns.text(BETO, "JOIN")
    assert towns.sent(BETO)[2:] == [("Bay", "already_joined")]


def test_a_no_changes_nothing(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.text(BETO, "JOIN")
    towns.text(BETO, "N")
    assert towns.sent(BETO)[-1] == ("Bay", "joined_second_not")
    with towns.town.session() as session:
        assert standing_of(session, beto.id, towns.bay.id) is None
        assert standing_of(session, beto.id, towns.valley.id) is not None


def test_another_chapters_keyword_is_about_that_chapter(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    with towns.wiring.database.write() as session:
        session.get_one(Person, beto.id).area = "Hartford"
    towns.text(BETO, "bahia", to="+14135550100")
    towns.text(BETO, "Y", to="+14135550100")
    with towns.town.session() as session:
        assert standing_of(session, beto.id, towns.bay.id) is not None
    assert towns.sent(BETO)[-1] == ("Bay", "joined_second")


def test_what_one_chapter_says_of_somebody_does_not_count_in_another(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO, vetting=3)
    towns.join(beto)
    visit = towns.bay_checkin()
    with towns.wiring.database.write() as session:
        assert (
            trust_in(session, beto.id, towns.valley.id),
            trust_in(session, beto.id, towns.bay.id),
        ) == (3, 0)
        answer = respond(session, beto.id, visit.subject, Answer.YES, now=towns.clock.now())
        assert answer.rsvp is not None
        assert answer.rsvp.state is RsvpState.STANDBY  # nobody of Bay's has vetted him
        standing = standing_of(session, beto.id, towns.bay.id)
        assert standing is not None
        set_vetting(session, standing, 2, by=SYSTEM, now=towns.clock.now())
    with towns.town.session() as session:
        assert (
            trust_in(session, beto.id, towns.valley.id),
            trust_in(session, beto.id, towns.bay.id),
        ) == (3, 2)
        _, seen = get_volunteer(session, towns.bay.id, beto.id)
        assert seen.vetting == 2


def test_each_chapters_audience_and_lists_hold_its_members(towns: TwoTowns) -> None:
    beto, carmen = towns.town.volunteer(BETO), towns.town.volunteer(CARMEN, name="Carmen")
    towns.join(beto)
    now = towns.clock.now()
    with towns.town.session() as session:
        for chapter, expected in ((towns.valley, {beto.id, carmen.id}), (towns.bay, {beto.id})):
            people = next_people(session, Audience(chapter.id), after=None, limit=9, now=now)
            assert {one.id for one in people} == expected
            rows = search(session, towns.wiring.keyring, chapter.id, Search(), limit=9)
            assert {row.person.id for row in rows} == expected
        after = min(beto.id, carmen.id)
        rest = next_people(session, Audience(towns.valley.id), after=after, limit=9, now=now)
        assert [one.id for one in rest] == [max(beto.id, carmen.id)]


def test_an_organizer_sees_neither_another_chapters_people_nor_its_history(towns: TwoTowns) -> None:
    beto, carmen = towns.town.volunteer(BETO), towns.town.volunteer(CARMEN)
    family = towns.town.family(123)
    towns.text(BETO, "donde queda la cosa", to="+14135550100")
    towns.text(BETO, "donde queda la cosa esa")
    reader = Reader(towns.wiring.keyring, Viewer(Role.ORGANIZER, "Nora", None, towns.bay.id))
    with towns.town.session() as session:
        known = session.get_one(Person, beto.id)
        assert reader.show(known.sealed_phone()) == "+1•••0121"
        assert reader.show(session.get_one(Person, carmen.id).sealed_phone()) == ""
        said = [one.text for one in history(session, reader, known, towns.bay.id, limit=9)]
        assert "donde queda la cosa esa" in said
        assert "donde queda la cosa" not in said
        assert set(threads_of(session, towns.bay.id, [beto.id])) == {beto.id}
        for person_id in (carmen.id, beto.id):  # he has only texted
            with pytest.raises(NotFound):
                get_volunteer(session, towns.bay.id, person_id)
        with pytest.raises(NotFound):
            get_family(session, towns.bay.id, family.id)


def test_a_volunteer_here_is_no_volunteer_where_they_are_a_family(towns: TwoTowns) -> None:
    family = towns.town.family(123)
    towns.text(123, "UNIRME")
    now = towns.clock.now()
    with towns.town.session() as session:
        everyone = Audience(towns.valley.id)
        assert next_people(session, everyone, after=None, limit=9, now=now) == []
        get_family(session, towns.valley.id, family.id)
        with pytest.raises(NotFound):
            get_family(session, towns.bay.id, family.id)


def test_stop_to_one_number_ends_the_texts_of_all_and_says_so(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto)
    towns.text(BETO, "please stop texting me")
    assert towns.sent(BETO) == [("Bay", "opt_out_all")]
    now = towns.clock.now()
    with towns.town.session() as session:
        assert session.get_one(Person, beto.id).consent is Consent.OPTED_OUT
        for chapter in (towns.valley, towns.bay):
            assert next_people(session, Audience(chapter.id), after=None, limit=9, now=now) == []


def test_start_comes_back_to_the_chapter_that_was_texted(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto)
    towns.text(BETO, "please stop texting me")
    towns.text(BETO, "START")
    with towns.town.session() as session:
        assert chapters_of(session, session.get_one(Person, beto.id)) == [towns.bay.id]


@pytest.mark.parametrize("words", ["LEAVE GROUP", "dejar este grupo."], ids=repr)
def test_leave_group_leaves_one_and_gives_back_what_it_was_promised(
    towns: TwoTowns, words: str
) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto, vetting=2)
    here, there = (
        towns.town.checkin(),
        towns.bay_checkin(starts_at=towns.clock.now() + timedelta(days=9)),
    )
    with towns.wiring.database.write() as session:
        for visit in (here, there):
            respond(session, beto.id, visit.subject, Answer.YES, now=towns.clock.now())
    towns.text(BETO, words)
    assert towns.sent(BETO)[-1] == ("Bay", "left_one")
    with towns.town.session() as session:
        states = {row.subject: row.state for row in session.exec(select(Rsvp)).all()}
        assert states == {here.subject: RsvpState.YES, there.subject: RsvpState.WITHDRAWN}
        person = session.get_one(Person, beto.id)
        assert person.consent is Consent.ACTIVE
        assert chapters_of(session, person) == [towns.valley.id]


def test_leave_group_of_ones_only_group_is_a_stop(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.text(BETO, "leave group", to="+14135550100")
    with towns.town.session() as session:
        assert session.get_one(Person, beto.id).consent is Consent.OPTED_OUT
    assert towns.sent(BETO) == [("Valley", "opt_out")]


def test_a_wave_asks_members_from_its_own_number_and_never_two_at_once(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto, vetting=2)
    towns.town.checkin(starts_at=towns.clock.now() + timedelta(hours=30))
    towns.bay_checkin(starts_at=towns.clock.now() + timedelta(hours=50))
    towns.town.tick(minutes=5)
    towns.town.tick(minutes=5)
    assert len([one for one in towns.sent(BETO) if one[1] == "blast"]) == 1
    with towns.town.session() as session:
        assert len(session.exec(select(Ask).where(Ask.person_id == beto.id)).all()) == 1


def test_one_weekly_list_holds_the_visits_of_both(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto, vetting=2)
    with towns.wiring.database.write() as session:
        for each in (towns.valley, towns.bay):
            chapter = session.get_one(Chapter, each.id)
            local = towns.clock.now()
            chapter.list_weekday, chapter.list_minute = local.weekday(), 12 * 60
            session.add(chapter)
    monday = towns.clock.now() + timedelta(days=7 - towns.clock.now().weekday())
    towns.town.checkin(starts_at=monday + timedelta(days=1))
    towns.bay_checkin(starts_at=monday + timedelta(days=2))
    towns.town.tick(hours=6)
    lists = [one for one in towns.sent(BETO) if one[1].startswith("weekly_list")]
    assert lists == [("Valley", "weekly_list")]
    with towns.town.session() as session:
        asks = session.exec(select(Ask).where(Ask.person_id == beto.id, Ask.kind == "list")).all()
        assert sorted(ask.number or 0 for ask in asks) == [1, 2]


def test_texts_about_a_visit_come_from_its_chapter_in_its_time(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto, vetting=3)
    visit = towns.bay_checkin(starts_at=towns.clock.now() + timedelta(days=3))
    with towns.wiring.database.write() as session:
        respond(session, beto.id, visit.subject, Answer.YES, now=towns.clock.now())
    towns.town.tick(days=2, hours=1)
    towns.town.tick(minutes=5)
    sent = towns.sent(BETO)
    assert sent
    assert {chapter for chapter, _ in sent} == {"Bay"}


def test_who_is_known_to_both_is_found_by_their_number(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    with towns.wiring.database.write() as session:
        person = find_person(session, towns.wiring.keyring, "+14135550121")
        assert person is not None
        know(session, person, towns.bay.id, how="list", now=towns.clock.now())
        know(session, person, towns.bay.id, how="again", now=towns.clock.now())
        assert person.also_in == [towns.bay.id.hex]
        assert not leave_chapter(session, person, towns.bay.id, now=towns.clock.now())
    with towns.town.session() as session:
        assert session.get_one(Membership, (beto.id, towns.bay.id)).how == "list"


@pytest.mark.parametrize("agreed", ["", "on a card"], ids=["invited", "agreed on paper"])
def test_a_list_of_a_second_chapter_makes_members_by_its_own_source(
    towns: TwoTowns, agreed: str
) -> None:
    beto, gone = towns.town.volunteer(BETO), towns.town.volunteer(CARMEN, consent=Consent.OPTED_OUT)
    rows = [["Name", "Phone"], ["Beto", "413-555-0121"], ["Carmen", "413-555-0122"]]
    wiring, now = towns.wiring, towns.clock.now()
    with wiring.database.write() as session:
        kept = keep_list(session, wiring.keyring, towns.bay.id, rows, by=SYSTEM, now=now)
        say_layout(kept, guess_layout(rows), Usual("en", "the picnic"), agreed=agreed)
        phones = ["+14135550121", "+14135550122"]
        shown = standings(session, wiring.keyring, towns.bay.id, phones)
        assert shown == {phones[0]: "elsewhere", phones[1]: "opted_out"}
        begin_list(session, kept, by=SYSTEM, now=now)
    for _ in range(2):
        apply_lists(wiring.database, wiring.outbox, ("US",), now=now)
    template = "joined_second" if agreed else "invitation"
    assert towns.sent(BETO) == [("Bay", template)]
    assert towns.sent(CARMEN) == []
    with towns.town.session() as session:
        membership = session.get_one(Membership, (beto.id, towns.bay.id))
        assert "the picnic" in membership.how
        assert membership.is_volunteer is bool(agreed)
        assert standing_of(session, gone.id, towns.bay.id) is None
        assert standings(session, wiring.keyring, towns.bay.id, phones[:1]) == {phones[0]: "known"}
    if not agreed:
        towns.text(BETO, "JOIN")
        assert towns.sent(BETO)[-1] == ("Bay", "joined_second")


def test_erasing_a_person_erases_their_memberships(towns: TwoTowns) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto, vetting=2)
    erase(towns.wiring.database, towns.wiring.keyring, beto.id, now=towns.clock.now())
    with towns.town.session() as session:
        assert session.exec(select(Membership)).all() == []
        assert not session.get_one(Person, beto.id).is_known_to(towns.bay.id)


def test_each_chapter_keeps_its_own_quiet_hours_at_one_moment(towns: TwoTowns) -> None:
    """At 9 in New York it is 6 in Los Angeles: one chapter may ask, the other waits for its morning."""
    beto = towns.town.volunteer(BETO)
    towns.join(beto, vetting=2)
    with towns.wiring.database.write() as session:
        for each in (towns.valley, towns.bay):
            chapter = session.get_one(Chapter, each.id)
            chapter.quiet_from_minute, chapter.quiet_until_minute = 20 * 60, 9 * 60
    at = towns.clock.now().replace(hour=14, minute=30)  # 9:30 and 6:30, in March
    towns.town.tick(seconds=(at - towns.clock.now()).total_seconds() % 86400)
    here = towns.town.checkin(starts_at=towns.clock.now() + timedelta(days=3))
    there = towns.bay_checkin(starts_at=towns.clock.now() + timedelta(days=3))
    with towns.wiring.database.write() as session:
        for visit in (here, there):
            session.get_one(CheckIn, visit.id).wave_at = towns.clock.now()
    towns.town.tick(minutes=1)
    with towns.town.session() as session:
        asked_here, asked_there = (
            session.get_one(CheckIn, visit.id).asked_at for visit in (here, there)
        )
    assert asked_here is not None
    assert asked_there is None


def test_a_shift_is_told_by_its_chapter_in_its_hours_and_not_called_by_another(
    towns: TwoTowns,
) -> None:
    beto = towns.town.volunteer(BETO)
    towns.join(beto)
    now = towns.clock.now()
    with towns.wiring.database.write() as session:
        add_shift(
            session, towns.bay.id, beto.id, starts_at=now, ends_at=now + timedelta(hours=8),
            by="Nora", now=now,
        )  # fmt: skip
    towns.town.tick(minutes=1)
    assert ("Bay", "shift_begins") in towns.sent(BETO)
    ends_at = (now + timedelta(hours=8)).astimezone(ZoneInfo(BAY_ZONE))
    assert f"{ends_at.hour % 12 or 12}" in towns.town.got(BETO)[-1]
    with towns.town.session() as session:
        assert [one.person_id for one in on_shift(session, towns.bay.id, now=now)] == [beto.id]
        assert on_shift(session, towns.valley.id, now=now) == []
