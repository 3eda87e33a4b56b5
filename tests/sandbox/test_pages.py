"""The pages' edges, without a browser."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.sandbox.view import write_number, write_shift
from tests.sandbox.driver import ALMA, BETO, CARMEN, Sandbox


def first_news(sandbox: Sandbox, since: str) -> dict[str, Any]:
    """Open the stream of a page made at version `since` and return its first event."""
    url = f"{sandbox.url}/phones/events?since={since}"
    with httpx.stream("GET", url, timeout=30) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                news: dict[str, Any] = json.loads(line.removeprefix("data: "))
                return news
    raise AssertionError("the stream ended without an event")


def version_of(sandbox: Sandbox) -> str:
    """Return the version that the wall carries now."""
    return sandbox.http.get("/phones").text.partition('data-version="')[2].partition('"')[0]


def test_the_way_in_leads_to_the_phones(sandbox: Sandbox) -> None:
    answer = sandbox.http.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/phones")


def test_a_page_misses_nothing_that_happens_before_its_stream_opens(sandbox: Sandbox) -> None:
    sandbox.post("/phones", [{"number": ALMA, "name": "Alma"}, {"number": BETO, "name": "Beto"}])
    version = version_of(sandbox)
    assert first_news(sandbox, version)["numbers"] == []
    sandbox.create(BETO)
    sandbox.create(CARMEN)
    news = first_news(sandbox, version)
    assert (news["numbers"], news["is_all"]) == ([BETO, CARMEN], False)


def test_a_page_from_before_a_reset_loads_anew(sandbox: Sandbox) -> None:
    version = version_of(sandbox)
    sandbox.post("/reset", {})
    assert first_news(sandbox, version)["is_all"] is True


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "Alma", "number": "123"}, "Write it like 413-555-0101."),
        ({"name": " ", "number": ALMA}, "Please give the phone a name."),
    ],
    ids=["number", "name"],
)
def test_a_phone_that_cannot_be_added_is_explained(
    sandbox: Sandbox, form: dict[str, str], words: str
) -> None:
    answer = sandbox.http.post("/phones", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{form["number"]}"' in answer.text


@pytest.mark.parametrize("seconds", ["-1", "soon", "", "999999999999"], ids=repr)
def test_only_a_sensible_leap_moves_the_clock(sandbox: Sandbox, seconds: str) -> None:
    answer = sandbox.http.post("/phones/clock", data={"seconds": seconds})
    assert answer.status_code == 422
    assert sandbox.get("/clock")["offset_microseconds"] == 0


def test_another_site_s_page_is_not_obeyed(sandbox: Sandbox) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert sandbox.http.post("/_sandbox/reset", headers=foreign).status_code == 403
    assert sandbox.http.post("/phones/clock", headers=foreign).status_code == 403


def test_a_crowd_is_found_by_name_or_number(sandbox: Sandbox) -> None:
    phones = [{"number": f"+1413555{n:04}", "name": f"Person {n}"} for n in range(100, 199)]
    sandbox.post("/phones", phones)
    page = sandbox.http.get("/phones").text
    assert page.count("data-phone=") == 60
    assert "60 of 99 phones are shown." in page
    found = sandbox.http.get("/phones", params={"q": "555-0187"}).text
    assert found.count("data-phone=") == 1
    assert "Person 187" in found


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, ""),
        (0.2, ""),
        (1, "moved 1 second ahead"),
        (-7300, "moved 2 hours back"),
        (90_000, "moved 1 day ahead"),
    ],
)
def test_says_how_far_the_clock_was_moved(seconds: float, words: str) -> None:
    assert write_shift(timedelta(seconds=seconds)) == words


def test_numbers_are_written_as_people_write_them() -> None:
    assert write_number("+14135550142") == "413-555-0142"
    assert write_number("+525555550101") == "+525555550101"
