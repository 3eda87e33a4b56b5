"""The places that flows are lived in."""

from __future__ import annotations

import pytest

from service.db import Database
from service.messages.catalog import Catalog
from service.privacy.keyring import Keyring
from tests.factories import StillClock
from tests.flows.day import After, Day
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


@pytest.fixture
def towns(town: Town) -> TwoTowns:
    """Valley and Bay."""
    return TwoTowns(town)
