"""A rally that two chapters call to: one event, two numbers, nobody asked twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from service.blasts.tables import Blast, BlastState
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import NotFound, WrongState
from service.people.audience import Audience
from service.people.members import leave_chapter
from service.people.register import make_volunteer as join
from service.people.tables import Person
from service.privacy.policy import SYSTEM
from service.rallies.actions.announce import announce_action
from service.rallies.actions.count import count_done
from service.rallies.actions.draft import ActionDraft, save_action
from service.rallies.actions.tables import Action, ActionKind
from service.rallies.announce import announce
from service.rallies.cancel import cancel, stand_down
from service.rallies.draft import Draft, save_draft
from service.rallies.find import coming_up, get_rally, opened, shown_rally
from service.rallies.letter import call_bodies
from service.rallies.more import call_more
from service.rallies.move import Where, move
from service.rallies.tables import Rally, RallyChapter
from service.rallies.take_back import take_back
from service.rallies.tell import Whom, count_told, people_to_tell
from service.rallies.together import event_of, open_to_chapters
from service.replies.calendar import Almanac
from service.rsvps.choose import count_people
from service.rsvps.respond import rsvps_of, tally
from tests.factories import make_volunteer
from tests.flows.town import Town
from tests.flows.towns import BAY_NUMBER, TwoTowns

ALMA, BETO, ROSA, DINA, EVA = 101, 121, 131, 132, 133
VALLEY_NUMBER = "+14135550100"


class Together(TwoTowns):
    """Alma is Valley's, Rosa is Bay's; Beto (of Valley) and Dina (of Bay) belong to both."""

    def __init__(self, town: Town, *, limit: int | None = None) -> None:
        super().__init__(town)
        with self.wiring.database.write() as session:
            session.get_one(Chapter, self.valley.id).network_name = "Valle"
        self.alma, self.beto = town.volunteer(ALMA), town.volunteer(BETO)
        self.join(self.beto)
        self.rosa, self.dina = self.of_bay(ROSA), self.of_bay(DINA, is_in_both=True)
        self.rally = self._announced(limit)

    def of_bay(self, number: int, *, is_in_both: bool = False) -> Person:
        """Somebody whose home is Bay."""
        now = self.clock.tick(seconds=1)
        with self.wiring.database.write() as session:
            made = make_volunteer(session, self.wiring.keyring, self.bay, number, now=now)
            if is_in_both:
                join(session, made, self.valley.id, now=now, how="text")
        return made

    def _announced(self, limit: int | None) -> Rally:
        now = self.clock.now()
        texts = ("Valle: rally Friday. Come?", "Valle: acto. ¿Viene?")
        draft = Draft("Friday", "90 Main St", now + timedelta(days=5), *texts, people_limit=limit)
        with self.wiring.database.write() as session:
            made = save_draft(session, self.valley, draft, by="Marta", now=now)
            announce(session, made, blast_id=new_id(), by=SYSTEM, now=now)
        self.town.tick(seconds=5)
        return made

    def found(self, session: Session) -> Rally:
        """The rally as it is now."""
        return session.get_one(Rally, self.rally.id)

    def open(self, *, is_open: bool = True) -> None:
        """Valley opens it to other chapters, or to no further one."""
        with self.wiring.database.write() as session:
            rally = self.found(session)
            open_to_chapters(session, rally, is_open=is_open, by=SYSTEM, now=self.clock.now())

    def call(self, chapter: Chapter, *, hours: int = 0) -> Blast:
        """A chapter calls its people, in the words of the rally."""
        now = self.clock.now()
        with self.wiring.database.write() as session:
            rally, here = self.found(session), session.get_one(Chapter, chapter.id)
            said = call_bodies(session, self.wiring.catalog, here, rally)
            blast = call_more(
                session, rally, Audience(here.id), said, blast_id=new_id(), by=SYSTEM, now=now,
                at=now + timedelta(hours=hours) if hours else None,
            )  # fmt: skip
        self.town.tick(seconds=5)
        return blast

    def calls(self) -> dict[int, list[str]]:
        """Return which chapters have texted each phone, and how often."""
        phones = (ALMA, BETO, ROSA, DINA, EVA)
        return {phone: [chapter for chapter, _ in self.sent(phone)] for phone in phones}

    def counts(self) -> tuple[int, int, int]:
        """Return yes, no and waiting of the rally."""
        with self.town.session() as session:
            told = tally(rsvps_of(session, [self.rally.subject])[self.rally.subject])
        return told.yes, told.no, told.standby


@pytest.fixture
def both(town: Town) -> Together:
    """Announced by Valley, opened, joined by Bay."""
    made = Together(town)
    made.open()
    made.call(made.bay)
    return made


def test_each_is_asked_once_by_the_first_of_theirs_that_calls(both: Together) -> None:
    first = {ALMA: ["Valley"], BETO: ["Valley"], DINA: ["Valley"], ROSA: ["Bay"], EVA: []}
    assert both.calls() == first
    both.call(both.bay)
    both.call(both.valley)
    assert both.calls() == first
    assert both.town.got(ROSA)[-1].startswith("Bahía: rally Friday. Come?")
    assert both.town.got(ALMA)[-1].startswith("Valle: rally Friday. Come?")


def test_once_their_home_has_joined_it_is_their_home_that_calls(both: Together) -> None:
    both.of_bay(EVA, is_in_both=True)
    with both.town.session() as session:
        rally = both.found(session)
        counted = count_people(
            session, Audience(both.valley.id), calls_to=event_of(session, rally),
            now=both.clock.now(),
        )  # fmt: skip
    assert counted.left_out == {"already_asked": 3, "other_chapter": 1}
    both.call(both.valley)
    assert both.calls()[EVA] == []
    both.call(both.bay)
    assert both.calls()[EVA] == ["Bay"]


def test_what_is_not_open_is_neither_seen_nor_joined(town: Town) -> None:
    both = Together(town)
    with town.session() as session:
        assert opened(session, both.bay.id, now=both.clock.now()) == []
        with pytest.raises(NotFound):
            shown_rally(session, both.bay.id, both.rally.id)
    with pytest.raises(WrongState) as caught:
        both.call(both.bay)
    assert caught.value.code == "rally_not_open"
    both.open()
    with town.session() as session:
        now = both.clock.now()
        assert [one.id for one in opened(session, both.bay.id, now=now)] == [both.rally.id]
        assert shown_rally(session, both.bay.id, both.rally.id).title == "Friday"
        with pytest.raises(NotFound):  # to be changed by who holds it alone
            get_rally(session, both.bay.id, both.rally.id)


def test_closed_to_further_ones_it_stays_with_who_joined(both: Together) -> None:
    both.open(is_open=False)
    both.of_bay(EVA)
    both.call(both.bay)
    assert both.calls()[EVA] == ["Bay"]
    with both.town.session() as session:
        now = both.clock.now()
        assert opened(session, both.bay.id, now=now) == []
        assert [one.id for one in coming_up(session, both.bay.id, now=now)] == [both.rally.id]


def test_a_call_taken_back_before_it_left_has_joined_nothing(town: Town) -> None:
    both = Together(town)
    both.open()
    blast = both.call(both.bay, hours=2)
    with pytest.raises(WrongState) as caught:  # one call at a time: nobody can be in two
        both.call(both.valley)
    assert caught.value.code == "call_on_its_way"
    with both.wiring.database.write() as session:
        take_back(session, session.get_one(Blast, blast.id), by=SYSTEM, now=both.clock.now())
        assert session.exec(select(RallyChapter)).all() == []
        assert session.get_one(Blast, blast.id).state is BlastState.STOPPED
        assert both.found(session).announced_at is not None
    assert both.calls()[ROSA] == []


def test_more_than_a_chapters_own_limit_take_its_second_person(town: Town) -> None:
    both = Together(town)
    both.open()
    with both.wiring.database.write() as session:
        session.get_one(Chapter, both.bay.id).second_over = 0
    with pytest.raises(WrongState) as caught:
        both.call(both.bay)
    assert (caught.value.code, caught.value.values) == ("second_needed", {"limit": 0, "people": 1})


def test_answers_are_about_one_event_whatever_number_is_texted(both: Together) -> None:
    both.text(ROSA, "Y")
    both.text(BETO, "Y")  # to Bay's number, though Valley asked
    both.text(ALMA, "N", to=VALLEY_NUMBER)
    assert both.counts() == (2, 1, 0)
    assert both.sent(BETO)[-1] == ("Bay", "party_confirmed")


def test_places_are_the_rallys_and_a_free_one_is_offered_by_who_asked(town: Town) -> None:
    both = Together(town, limit=1)
    both.open()
    both.call(both.bay)
    both.text(ALMA, "Y", to=VALLEY_NUMBER)
    both.text(ROSA, "Y")
    assert both.counts() == (1, 0, 1)
    both.text(ALMA, "N", to=VALLEY_NUMBER)
    assert both.sent(ROSA)[-1] == ("Bay", "promoted_hold")


@pytest.mark.parametrize("end", [cancel, stand_down])
def test_an_end_reaches_each_once_from_the_number_that_asked(
    both: Together, end: Callable[..., object]
) -> None:
    both.town.deliver()
    with both.wiring.database.write() as session:
        rally = both.found(session)
        people = people_to_tell(session, rally, Whom.ASKED)
        assert count_told(session, rally, people, now=both.clock.now()).people == 4
        end(session, both.wiring.catalog, rally, by=SYSTEM, now=both.clock.now())
    both.town.tick(seconds=5)
    ended = {ALMA: ["Valley"], BETO: ["Valley"], DINA: ["Valley"], ROSA: ["Bay"], EVA: []}
    assert both.calls() == ended
    assert both.town.got(ROSA)[-1].startswith("Bahía")
    assert both.town.got(ALMA)[-1].startswith("Valle")


def test_a_move_is_told_and_asked_again_by_who_asked_at_the_rallys_own_hour(
    both: Together,
) -> None:
    both.text(ROSA, "Y")
    both.town.deliver()
    with both.wiring.database.write() as session:
        rally, own = both.found(session), new_id()
        begins = rally.starts_at + timedelta(hours=1)
        where = Where(begins, begins + timedelta(hours=2), "South Green")
        for _ in range(2):
            move(
                session, both.wiring.catalog, rally, where, whom=Whom.ASKED, blast_id=own,
                by=SYSTEM, now=both.clock.now(),
            )  # fmt: skip
    both.town.tick(seconds=5)
    moved = {ALMA: ["Valley"], BETO: ["Valley"], DINA: ["Valley"], ROSA: ["Bay"], EVA: []}
    assert both.calls() == moved
    hers, his = both.town.got(ROSA)[-1], both.town.got(BETO)[-1]
    assert hers.replace("Bahía", "Valle") == his
    both.text(ROSA, "N")
    assert both.counts() == (0, 1, 0)


def test_reminders_come_from_the_number_that_asked(both: Together) -> None:
    both.text(ROSA, "Y")
    both.text(DINA, "Y")
    both.town.deliver()
    both.town.tick(days=4, hours=1)
    both.town.tick(minutes=5)
    assert both.sent(ROSA) == [("Bay", "rally_reminder")]
    assert both.sent(DINA) == [("Valley", "rally_reminder")]


def test_who_left_the_chapter_that_asked_hears_from_another_of_theirs(both: Together) -> None:
    both.text(BETO, "Y", to=VALLEY_NUMBER)
    both.town.deliver()
    with both.wiring.database.write() as session:
        beto = session.get_one(Person, both.beto.id)
        leave_chapter(session, beto, both.valley.id, now=both.clock.now())
        cancel(session, both.wiring.catalog, both.found(session), by=SYSTEM, now=both.clock.now())
    both.town.tick(seconds=5)
    assert both.calls()[BETO] == ["Bay"]


def _action(towns: TwoTowns, chapter: Chapter) -> Action:
    now = towns.clock.now()
    draft = ActionDraft(
        ActionKind.CALL, "Stay", "the director", now + timedelta(days=4, hours=2),
        "Please call 860-555-0170. Done? Text CALLED.", "Llame al 860-555-0170. Escriba LLAME.",
        target_phone="860-555-0170", days=1,
    )  # fmt: skip
    with towns.wiring.database.write() as session:
        made = save_action(session, chapter, draft, by=SYSTEM, now=now)
        announce_action(session, towns.wiring.catalog, made, blast_id=new_id(), by=SYSTEM, now=now)
    towns.town.tick(seconds=15)
    return made


def _done(towns: TwoTowns, *actions: Action) -> list[int]:
    with towns.town.session() as session:
        counts = count_done(session, [one.id for one in actions])
    return [counts[one.id] for one in actions]


def test_called_counts_for_the_chapter_that_asked(town: Town) -> None:
    towns = TwoTowns(town)
    towns.join(town.volunteer(BETO))
    bays = _action(towns, towns.bay)
    towns.text(BETO, "CALLED")
    assert _done(towns, bays) == [1]
    assert towns.sent(BETO)[-1] == ("Bay", "action_counted")


def test_called_is_about_the_action_of_the_number_that_is_texted(town: Town) -> None:
    towns = TwoTowns(town)
    towns.join(town.volunteer(BETO))
    bays, valleys = _action(towns, towns.bay), _action(towns, towns.valley)
    towns.text(BETO, "LLAME", to=BAY_NUMBER)
    towns.text(BETO, "CALLED", to=BAY_NUMBER)
    assert _done(towns, bays, valleys) == [1, 0]
    towns.text(BETO, "CALLED", to=VALLEY_NUMBER)
    assert _done(towns, bays, valleys) == [1, 1]


def test_a_joined_rally_stands_in_both_calendars(both: Together) -> None:
    both.text(ROSA, "Y")
    with both.town.session() as session:
        almanac = Almanac(session, both.wiring.catalog, both.wiring.keyring, "en", both.clock.now())
        theirs = [almanac.of_person(one) for one in (both.rosa, both.alma)]
        here, there = (almanac.of_chapter(one.id) for one in (both.valley, both.bay))
    assert [len(entries) for entries in theirs] == [1, 0]
    assert here == there == theirs[0]
    assert (here[0].starts_at, here[0].status) == (both.rally.starts_at, "CONFIRMED")
