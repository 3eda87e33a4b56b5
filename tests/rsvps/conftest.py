"""What the tests of this room share."""

from __future__ import annotations

import pytest

from service.db import Database
from service.privacy.keyring import Keyring
from tests.factories import StillClock
from tests.rsvps.line import Line


@pytest.fixture
def line(database: Database, keyring: Keyring, clock: StillClock) -> Line:
    return Line(database, keyring, clock)
