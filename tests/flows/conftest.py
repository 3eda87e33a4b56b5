"""The places that flows are lived in."""

from __future__ import annotations

import pytest

from service.db import Database
from service.messages.catalog import Catalog
from service.outbox.drill import add_guest
from service.people.tables import Person
from service.privacy.keyring import Keyring
from service.privacy.policy import SYSTEM
from tests.factories import StillClock
from tests.flows.day import After, Day
from tests.flows.told import ByCousin, ByText, live_a_day_of_many_words
from tests.flows.town import Town, make_town
from tests.flows.towns import TwoTowns


@pytest.fixture
def town(database: Database, keyring: Keyring, catalog: Catalog, clock: StillClock) -> Town:
    return make_town(database, keyring, catalog, clock)


@pytest.fixture
def day(town: Town) -> Day:
    """The day of Azucena's appointment, everybody in place."""
    return Day(town)


@pytest.fixture
def after(town: Town) -> After:
    """That day, with a legal contact and an organizer's phone."""
    return After(town)


@pytest.fixture(params=[After, ByText, ByCousin])
def told(town: Town, request: pytest.FixtureRequest) -> After:
    """A day on which much was said, the family registered by a page, by text or by a cousin."""
    after: After = request.param(town)
    live_a_day_of_many_words(after)
    return after


@pytest.fixture
def said(after: After) -> After:
    """The same, by a page alone."""
    live_a_day_of_many_words(after)
    return after


@pytest.fixture
def towns(town: Town) -> TwoTowns:
    """Valley and Bay."""
    return TwoTowns(town)


@pytest.fixture
def guests(town: Town) -> tuple[Person, Person]:
    """Alma and Beto agreed to drills; Carmen did not."""
    alma, beto = town.volunteer(101), town.volunteer(102, name="Beto", language="es")
    town.volunteer(103, name="Carmen")
    with town.wiring.database.write() as session:
        for person in (alma, beto):
            add_guest(session, person, by=SYSTEM, now=town.clock.now())
    return alma, beto
