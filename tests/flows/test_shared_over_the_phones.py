"""Two chapters, two numbers, one rally, over the sandbox's phones: asked, answered, called off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from service.chapters.tables import Chapter
from service.db import new_id
from service.people.audience import Audience
from service.people.register import make_volunteer as join
from service.privacy.policy import SYSTEM
from service.rallies.announce import announce
from service.rallies.cancel import cancel
from service.rallies.draft import Draft, save_draft
from service.rallies.letter import call_bodies
from service.rallies.more import call_more
from service.rallies.move import is_call_waiting
from service.rallies.tables import Rally
from service.rallies.together import open_to_chapters
from service.rsvps.respond import rsvps_of, tally
from tests.conftest import DATABASES
from tests.factories import make_chapter, make_sender, make_volunteer
from tests.faults.grounds import STARTS, Grounds, Stage, prepared
from tests.faults.parts import until
from tests.sandbox.driver import OURS, OURS_TOO

pytestmark = pytest.mark.timeout(240)

ALMA, BETO, ROSA = "+14135550101", "+14135550121", "+14135550131"  # Valley's, both's, Bay's


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with prepared() as made:
        yield made


def heard(stage: Stage, phone: str, *, count: int) -> list[tuple[str, str]]:
    """Wait for so many texts on a phone; return each with the number that it came from."""
    found: list[tuple[str, str]] = []
    for _ in until(f"{count} texts on {phone}"):
        thread = stage.sandbox.thread(phone)
        found = [(one["from"], one["body"]) for one in thread if one["from"] != phone]
        if len(found) >= count:
            break
    return found


@pytest.mark.parametrize("database", DATABASES)
def test_each_hears_from_one_number_and_all_answers_meet(grounds: Grounds, database: str) -> None:
    with grounds.stage(database) as stage:
        rally_id, bay_id = _announced(stage)
        for phone, name in ((ALMA, "Alma"), (BETO, "Beto"), (ROSA, "Rosa")):
            named = {"number": phone, "name": name, "language": "en"}
            stage.sandbox.post("/phones", named).raise_for_status()
        stage.parts.start("run" if database == "sqlite" else "web")
        if database != "sqlite":
            stage.parts.start("worker")
            stage.parts.start("clock")
        assert [sender for sender, _ in heard(stage, ALMA, count=1)] == [OURS]
        _joined(stage, rally_id, bay_id)
        ((sender, body),) = heard(stage, ROSA, count=1)
        assert (sender, body.partition(":")[0]) == (OURS_TOO, "Bahía")
        stage.sandbox.text(ROSA, "Y 2")
        stage.sandbox.text(BETO, "Y")
        assert heard(stage, ROSA, count=2)[-1][0] == OURS_TOO
        assert heard(stage, BETO, count=2)[-1][0] == OURS
        with stage.wiring.database.write() as session:
            rally = session.get_one(Rally, rally_id)
            counted = tally(rsvps_of(session, [rally.subject])[rally.subject])
            assert (counted.yes, counted.coming_people) == (2, 3)
            cancel(session, stage.wiring.catalog, rally, by=SYSTEM, now=STARTS)
        assert [sender for sender, _ in heard(stage, ROSA, count=3)] == [OURS_TOO] * 3
        assert [sender for sender, _ in heard(stage, BETO, count=3)] == [OURS] * 3
        assert [sender for sender, _ in heard(stage, ALMA, count=2)] == [OURS] * 2


def _announced(stage: Stage) -> tuple[UUID, UUID]:
    """Valley announces and opens; return the ids of the rally and of Bay."""
    wiring = stage.wiring
    with wiring.database.write() as session:
        valley = make_chapter(session, network_name="Valle")
        make_sender(session, valley, OURS)
        bay = make_chapter(session, "Bay", network_name="Bahía")
        make_sender(session, bay, OURS_TOO)
        make_volunteer(session, wiring.keyring, valley, 101, now=STARTS)
        beto = make_volunteer(session, wiring.keyring, valley, 121, now=STARTS)
        join(session, beto, bay.id, now=STARTS, how="text")
        make_volunteer(session, wiring.keyring, bay, 131, now=STARTS)
        said = ("Valle: rally Friday. Come? Y or N", "Valle: acto el viernes. ¿Viene? S o N")
        draft = Draft("Friday", "90 Main St", STARTS + timedelta(days=4), *said)
        rally = save_draft(session, valley, draft, by="Marta", now=STARTS)
        announce(session, rally, blast_id=new_id(), by=SYSTEM, now=STARTS)
        open_to_chapters(session, rally, is_open=True, by=SYSTEM, now=STARTS)
        return rally.id, bay.id


def _joined(stage: Stage, rally_id: UUID, bay_id: UUID) -> None:
    wiring = stage.wiring
    for _ in until("the first call is out"):
        with wiring.database.read() as session:
            if not is_call_waiting(session, session.get_one(Rally, rally_id)):
                break
    with wiring.database.write() as session:
        rally, bay = session.get_one(Rally, rally_id), session.get_one(Chapter, bay_id)
        bodies = call_bodies(session, wiring.catalog, bay, rally)
        call_more(
            session, rally, Audience(bay.id), bodies, blast_id=new_id(), by=SYSTEM, now=STARTS
        )
