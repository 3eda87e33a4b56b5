"""A short month: nothing that must never happen does, and asking calmly costs a fraction of the texts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.messages.catalog import load_catalog
from tests.faults.grounds import Grounds, prepared
from tests.month.judge import judge
from tests.month.network import SHORT, invent
from tests.month.people import Kind, kind_of
from tests.month.run import lived

pytestmark = pytest.mark.timeout(900)  # one machine may do much else


@pytest.fixture(scope="module")
def grounds() -> Iterator[Grounds]:
    with prepared() as made:
        yield made


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("ask_checkin", Kind.WAVE), ("weekly_list", Kind.LIST), ("weekly_list_one", Kind.LIST),
        ("day_before", Kind.CONFIRM), ("day_before_lead", Kind.CONFIRM),
        ("ask_which", Kind.WHICH), ("weekly_which", Kind.WHICH), ("not_needed", Kind.THANKS),
        ("safety_ask", Kind.HOW_ARE_YOU), ("safety_ask_lead", Kind.HOW_ARE_THEY),
        ("safety_no_word", Kind.HOW_ARE_THEY), ("safety_speak", Kind.SPEAK),
        ("safety_taken", Kind.YOURS),
        ("confirmed", Kind.OTHER), ("standby", Kind.OTHER), ("meeting_place", Kind.OTHER),
    ],
)  # fmt: skip
def test_the_invented_people_can_read(key: str, kind: Kind, language: str) -> None:
    assert kind_of(load_catalog().sample(key, language)) is kind


def test_a_week_of_a_small_network(grounds: Grounds) -> None:
    with lived(grounds, invent(1, SHORT)) as month:
        found = judge(month)
    assert found.is_clean, found.problems
    assert found.reminders > 5
    assert found.places_taken > 0
    assert found.safety_asked > 0
