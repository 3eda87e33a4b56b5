"""An action from its draft to its result: asked in turn, counted once a person, told truly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from service.blasts.tables import Blast, BlastKind
from service.chapters.tables import Chapter
from service.db import new_id
from service.errors import InvalidForm, WrongState
from service.people.audience import Audience
from service.privacy.policy import SYSTEM, Role, Viewer
from service.rallies.actions.announce import announce_action, take_action_back
from service.rallies.actions.count import count_asked, count_done
from service.rallies.actions.draft import ActionDraft, save_action
from service.rallies.actions.tables import Action, ActionKind, ActionState, ActionTurn
from service.rallies.actions.tell import close_action
from tests.flows.town import Town

ENGLISH = "Acompaña: please call 860-555-0170 before Friday, 5:00 pm. Done? Text CALLED."
SPANISH = "Acompaña: por favor llame al 860-555-0170 antes del viernes. ¿Ya? Escriba LLAME."
MARTA, BEN = (Viewer(Role.ORGANIZER, name, new_id()) for name in ("Marta", "Ben"))
TOLD = "Acompaña: 2 of us called. They listened. STOP to stop."
RESULT = {"en": "Acompaña: 2 of us called. They listened.", "es": "Acompaña: llamaron 2 personas."}


def drafted(
    town: Town,
    *,
    kind: ActionKind = ActionKind.CALL,
    days: int = 1,
    script: tuple[str, str] = ("", ""),
) -> Action:
    now = town.clock.now()
    draft = ActionDraft(
        kind, "Stay", "the director", now + timedelta(days=4, hours=2), ENGLISH, SPANISH,
        target_phone="860-555-0170", link="https://text.example.org/p", days=days,
        script_en=script[0], script_es=script[1],
    )  # fmt: skip
    with town.wiring.database.write() as session:
        return save_action(session, town.chapter, draft, by=MARTA, now=now)


def announced(town: Town, action: Action) -> Action:
    with town.wiring.database.write() as session:
        found = _of(session, action)
        if found.state is ActionState.DRAFT:
            announce(town, session, found)
    town.tick(seconds=10)
    return action


def announce(town: Town, session: Session, action: Action, **how: Any) -> Blast:
    return announce_action(
        session, town.wiring.catalog, action, blast_id=how.pop("blast_id", new_id()),
        by=SYSTEM, now=town.clock.now(), **how,
    )  # fmt: skip


def _of(session: object, action: Action) -> Action:
    return session.get_one(Action, action.id)  # type: ignore[attr-defined,no-any-return]  # a Session


def ended(town: Town, action: Action, result: dict[str, str], *, all_asked: bool = False) -> None:
    with town.wiring.database.write() as session:
        close_action(
            session, town.wiring.catalog, _of(session, action), result, all_asked=all_asked,
            by=SYSTEM, now=town.clock.now(),
        )  # fmt: skip
    town.tick()


def done(town: Town, action: Action) -> int:
    with town.session() as session:
        return count_done(session, [action.id])[action.id]


def test_the_text_brings_the_words_to_say_along(town: Town) -> None:
    town.volunteer(101)
    town.volunteer(102, language="es")
    announced(town, drafted(town, script=("Say: let them stay.", "Diga: que se queden.")))
    assert town.got(101) == [f"{ENGLISH} STOP to stop.\nSay: let them stay."]
    assert town.got(102) == [f"{SPANISH} STOP o ALTO: fin.\nDiga: que se queden."]


def test_each_person_is_asked_once_on_one_of_the_days(town: Town) -> None:
    numbers = range(101, 110)
    for number in numbers:
        town.volunteer(number)
    announced(town, drafted(town, days=4))
    asked = []
    for day in range(5):
        asked.append({number for number in numbers if town.got(number)})
        town.deliver()
        town.tick(hours=12)
        assert all(town.got(number) == [] for number in numbers), f"at night after day {day}"
        town.tick(hours=12)
    assert [len(some) for some in asked] == [3, 2, 2, 2, 0]
    assert set.union(*asked) == set(numbers)


def test_a_second_click_and_a_second_tick_ask_nobody_twice(town: Town) -> None:
    town.volunteer(101)
    action = announced(town, announced(town, drafted(town)))
    town.tick()
    assert len(town.got(101)) == 1
    with town.session() as session:
        assert len(session.exec(select(Blast)).all()) == 1
        assert len(session.exec(select(ActionTurn)).all()) == 1
        assert _of(session, action).days_sent == 1


WORDS = [
    (ActionKind.CALL, ("CALLED", "llamé", "I called")),
    (ActionKind.SIGN, ("SIGNED", "Firmé", "ya firmé")),
    (ActionKind.WRITE, ("WROTE", "ESCRIBI", "I wrote a letter")),
]


@pytest.mark.parametrize(("kind", "said"), WORDS)
def test_it_is_counted_once_a_person(town: Town, kind: ActionKind, said: tuple[str, ...]) -> None:
    town.volunteer(101)
    town.volunteer(102, language="es")
    action = announced(town, drafted(town, kind=kind))
    town.text(101, said[0])
    assert town.got(101)[-1] == "Thank you! With you we are 1."
    town.text(102, said[1])
    assert town.got(102)[-1] == "¡Gracias! Con usted ya somos 2."
    town.text(101, said[2])
    assert town.told(101) == "action_again"
    assert done(town, action) == 2


def test_a_call_is_no_signature_and_nothing_asked_goes_to_a_person(town: Town) -> None:
    town.volunteer(101)
    action = announced(town, drafted(town))
    town.text(101, "SIGNED")
    assert town.told(101) == "unknown_text"
    assert done(town, action) == 0


def test_of_two_open_ones_the_second_word_counts_for_the_other(town: Town) -> None:
    town.volunteer(101)
    first = announced(town, drafted(town))
    town.clock.tick(hours=1)
    second = announced(town, drafted(town))
    town.text(101, "CALLED")
    assert (done(town, first), done(town, second)) == (0, 1)
    town.text(101, "CALLED")
    assert (done(town, first), done(town, second)) == (1, 1)


def test_after_the_deadline_nobody_is_counted_and_they_hear_it(town: Town) -> None:
    town.volunteer(101)
    action = announced(town, drafted(town))
    town.tick(days=4, hours=3)
    town.text(101, "CALLED")
    assert town.got(101)[-1] == (
        "Thank you! That one ended on Fri Mar 6, so we don't count any more. We will ask you another time."
    )
    assert done(town, action) == 0


def test_round_numbers_are_told_once_to_those_who_took_part(town: Town) -> None:
    for number in range(101, 113):
        town.volunteer(number)
    announced(town, drafted(town))
    town.deliver()
    for number in range(101, 110):
        town.text(number, "CALLED")
        town.tick(seconds=10)
    town.deliver()
    assert town.got(101) == []
    town.text(110, "CALLED")
    town.deliver()
    town.tick(seconds=10)
    told = town.got(101)
    assert [text[:39] for text in told] == ["Acompaña: 10 of us have called so far. "]
    assert town.got(111) == [], "who has not called is not told"
    town.deliver()
    town.text(111, "CALLED")
    town.tick(days=1)
    assert town.got(101) == []


def test_the_result_reaches_who_took_part_or_all_who_were_asked(town: Town) -> None:
    for number in (101, 102, 103):
        town.volunteer(number)
    some, everybody = announced(town, drafted(town)), None
    town.text(101, "CALLED")
    town.deliver()
    ended(town, some, RESULT)
    assert [town.got(number) for number in (101, 102)] == [[TOLD], []]
    town.deliver()
    everybody = announced(town, drafted(town))
    town.deliver()
    ended(town, everybody, RESULT, all_asked=True)
    assert [town.got(number) for number in (101, 102)] == [[TOLD]] * 2
    town.text(103, "CALLED")
    assert town.told(103) == "action_over"
    with pytest.raises(WrongState):
        ended(town, everybody, RESULT)


def test_who_is_not_asked_yet_when_it_ends_is_not_asked_any_more(town: Town) -> None:
    for number in (101, 102):
        town.volunteer(number)
    action = announced(town, drafted(town, days=2))
    first = {number for number in (101, 102) if town.got(number)}
    town.deliver()
    ended(town, action, {"en": "", "es": ""}, all_asked=True)
    town.tick(days=1)
    assert len(first) == 1
    assert town.got(101) == town.got(102) == []
    with pytest.raises(InvalidForm):
        ended(town, announced(town, drafted(town)), {"en": "Done.", "es": ""})


def test_it_can_be_taken_back_until_it_leaves(town: Town) -> None:
    town.volunteer(101)
    action, first = drafted(town), new_id()
    later = town.clock.now() + timedelta(seconds=15)
    with town.wiring.database.write() as session:
        blast = announce(town, session, _of(session, action), blast_id=first, at=later)
        take_action_back(session, blast, by=SYSTEM, now=town.clock.now())
    town.tick(minutes=1)
    assert town.got(101) == []
    announced(town, action)
    assert len(town.got(101)) == 1
    with town.wiring.database.write() as session:
        blast = session.exec(select(Blast).where(Blast.id != first)).one()
        with pytest.raises(WrongState):
            take_action_back(session, blast, by=SYSTEM, now=town.clock.now())
    with town.session() as session:
        assert _of(session, action).state is ActionState.ANNOUNCED
        kinds = [blast.kind for blast in session.exec(select(Blast))]
    assert kinds == [BlastKind.ACTION] * 2


def test_families_and_those_who_left_are_not_asked(town: Town) -> None:
    town.family(120)
    town.volunteer(101)
    town.volunteer(102)
    town.text(101, "STOP", opt_out_type="STOP")
    announced(town, drafted(town))
    assert town.got(120) == town.got(101) == []
    assert len(town.got(102)) == 1


def test_above_the_limit_it_needs_a_second_persons_yes(town: Town) -> None:
    for number in (101, 102):
        town.volunteer(number)
    action = drafted(town)
    with town.wiring.database.write() as session:
        chapter = session.get_one(Chapter, town.chapter.id)
        chapter.second_over = 1
        session.add(chapter)
    with (
        town.wiring.database.write() as session,
        pytest.raises(WrongState, match="second_needed") as caught,
    ):
        announce(town, session, _of(session, action))
    assert caught.value.values == {"limit": 1, "people": 2}
    with town.wiring.database.write() as session:
        announce(town, session, _of(session, action), is_seconded=True)
    town.tick(minutes=1)
    assert len(town.got(101)) == 1


def test_the_days_begin_when_it_was_said_and_go_to_those_who_were_chosen(town: Town) -> None:
    for number, language in ((101, "en"), (102, "en"), (103, "es")):
        town.volunteer(number, language=language)
    action = drafted(town, days=2)
    readers = Audience(town.chapter.id, languages=("en",))
    at = town.clock.now() + timedelta(hours=3)
    with town.wiring.database.write() as session:
        announce(town, session, _of(session, action), at=at, audience=readers)
    town.tick(hours=2)
    assert town.got(101) == town.got(102) == town.got(103) == []
    with town.session() as session:
        assert count_asked(session, [action.id])[action.id] == 0
    town.tick(hours=1)
    assert sorted(len(town.got(number)) for number in (101, 102, 103)) == [0, 0, 1]
    with town.session() as session:
        assert count_asked(session, [action.id])[action.id] == 1
    town.deliver()
    town.tick(days=1)
    assert sorted(len(town.got(number)) for number in (101, 102, 103)) == [0, 0, 1]
    assert town.got(103) == []


def test_what_stands_in_braces_is_filled_in_and_it_can_be_stopped(town: Town) -> None:
    town.volunteer(101)
    draft = ActionDraft(
        ActionKind.CALL, "Stay", "the director", town.clock.now() + timedelta(days=2),
        "Call {target_phone} until {deadline}", "Llame al {target_phone} hasta {deadline}",
        target_phone="860-555-0170", script_en="I am from {network}.", script_es="Soy de {network}.",
    )  # fmt: skip
    with town.wiring.database.write() as session:
        action = save_action(session, town.chapter, draft, by=SYSTEM, now=town.clock.now())
    announced(town, action)
    (text,) = town.got(101)
    call, script = text.split("\n")
    assert call.startswith("Acompaña: Call 860-555-0170 until ")
    assert call.endswith(" STOP to stop.")
    assert script == "I am from Acompaña."


def test_an_action_for_nobody_is_not_announced(town: Town) -> None:
    action = drafted(town)
    with town.wiring.database.write() as session, pytest.raises(WrongState, match="nobody"):
        announce(town, session, _of(session, action))
