"""Pages are packed for slow lines, and how long they are tells nobody what stands in them."""

from __future__ import annotations

import gzip

import pytest
from fastapi.testclient import TestClient


def _raw(client: TestClient, path: str, **headers: str) -> tuple[str, bytes]:
    """Return how an answer is packed, and its bytes as they come over the line."""
    with client.stream("GET", path, headers=headers) as answer:
        return answer.headers.get("content-encoding", ""), b"".join(answer.iter_raw())


def test_a_page_is_packed_and_says_the_same(client: TestClient) -> None:
    how, packed = _raw(client, "/privacy")
    plain = client.get("/privacy", headers={"accept-encoding": "identity"}).content
    assert how == "gzip"
    assert gzip.decompress(packed).startswith(plain)
    assert len(packed) < len(plain) * 2 / 3


def test_who_takes_nothing_packed_gets_it_plain(client: TestClient) -> None:
    how, body = _raw(client, "/privacy", **{"accept-encoding": "identity"})
    assert how == ""
    assert b"</html>" in body


@pytest.mark.parametrize("path", ["/privacy?lang=es", "/signin?next=/people"])
def test_a_page_that_may_quote_its_address_is_not_packed(client: TestClient, path: str) -> None:
    assert _raw(client, path)[0] == ""


def test_what_is_no_page_stays_as_it_is(client: TestClient) -> None:
    for path in ("/healthz", "/robots.txt", "/api/v1/checkins"):
        how, body = _raw(client, path)
        assert how == ""
        assert b"<!--" not in body


def test_the_same_page_is_never_of_one_length(client: TestClient) -> None:
    lengths = [len(_raw(client, "/privacy")[1]) for _ in range(40)]
    assert max(lengths) - min(lengths) > 40  # bytes: chance alone is a handful
