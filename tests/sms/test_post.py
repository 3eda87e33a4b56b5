"""One request a text, and an honest word on what came of it, whatever the other end of the socket does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.clock import monotonic_seconds
from service.sms.carrier import (
    Accepted,
    InDoubt,
    NeverSent,
    NotWritten,
    Outcome,
    OutgoingText,
    Refused,
    TooFast,
)
from service.sms.post import TwilioPost, _form

TEXT = OutgoingText(
    to="+14135550101", body="¿Viene el martes?", sender_number="+14135550100",
    messaging_service_sid="", status_callback="http://localhost/status?attempt=1",
    validity_seconds=3600,
)  # fmt: skip
SOON = 30.0

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Carrier:
    """The other end of the socket. `answers`: what it does with each request in turn."""

    answers: list[Answer]
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                await self.answers[len(self.requests) - 1](writer)
        writer.close()


def says(status: str, body: bytes = b"", **headers: str) -> Answer:
    """Answer properly."""
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    whole = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{told}\r\n".encode() + body

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(whole)
        await writer.drain()

    return answer


async def resets(writer: asyncio.StreamWriter) -> None:
    """Take it and hang up."""
    writer.transport.abort()


async def says_half(writer: asyncio.StreamWriter) -> None:
    """Hang up in the midst of the answer."""
    writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 40\r\n\r\n{"sid": "SM')
    await writer.drain()
    writer.close()


async def hangs(writer: asyncio.StreamWriter) -> None:
    """Take it and say nothing."""
    await asyncio.sleep(SOON)


@contextlib.asynccontextmanager
async def _line(carrier: Carrier, timeout: float, connections: int) -> AsyncIterator[TwilioPost]:
    server = await asyncio.start_server(carrier.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    post = TwilioPost(
        api_base=f"http://127.0.0.1:{port}", account_sid="AC1", auth_token="secret",
        timeout_seconds=timeout, connections=connections,
    )  # fmt: skip
    try:
        yield post
    finally:
        await post.close()
        server.close()


def send(
    *answers: Answer, text: OutgoingText = TEXT, within: float = SOON, timeout: float = SOON,
    together: int = 1,
) -> tuple[list[Outcome], Carrier]:  # fmt: skip
    """Send as many texts as there are answers, `together` at a time; return what came of them."""
    carrier = Carrier(list(answers))

    async def run() -> list[Outcome]:
        async with _line(carrier, timeout, connections=1) as post:
            found: list[Outcome] = []
            for at in range(0, max(1, len(answers)), together):
                batch = range(at, min(at + together, max(1, len(answers))))
                deadline = monotonic_seconds() + within
                found += await asyncio.gather(*(post.send(text, deadline=deadline) for _ in batch))
            return found

    return asyncio.run(run()), carrier


TAKEN = says("201 Created", b'{"sid": "SM1"}')


def test_the_request_says_everything_once() -> None:
    (outcome,), carrier = send(TAKEN)
    assert outcome == Accepted("SM1")
    (request,) = carrier.requests
    head, body = request.split(b"\r\n\r\n")
    assert head.startswith(b"POST /2010-04-01/Accounts/AC1/Messages.json HTTP/1.1\r\n")
    assert b"Authorization: Basic QUMxOnNlY3JldA==" in head
    assert parse_qs(body.decode()) == {
        "To": ["+14135550101"], "From": ["+14135550100"], "Body": ["¿Viene el martes?"],
        "StatusCallback": ["http://localhost/status?attempt=1"], "ValidityPeriod": ["3600"],
    }  # fmt: skip


@given(st.text(min_size=1))
@example("Café & más: 50 % = la mitad; ¿a las 8+1?\r\n¡Sí! 🙂 %41 \x00")
def test_every_text_arrives_as_it_was_written(body: str) -> None:
    form = parse_qs(_form(TEXT._replace(body=body)).decode("ascii"), keep_blank_values=True)
    assert form["Body"] == [body]
    assert form["StatusCallback"] == [TEXT.status_callback]


def test_a_messaging_service_takes_the_numbers_place() -> None:
    _, carrier = send(TAKEN, text=TEXT._replace(messaging_service_sid="MG1"))
    form = parse_qs(carrier.requests[0].split(b"\r\n\r\n")[1].decode())
    assert form["MessagingServiceSid"] == ["MG1"]
    assert "From" not in form


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (says("201 Created", b'{"sid": "SM9"}'), Accepted("SM9")),
        (says("400 Bad Request", b'{"code": 21610}'), Refused(21610, 400)),
        (says("401 Unauthorized", b'{"code": 20003}'), Refused(20003, 401)),
        (says("404 Not Found", b'{"code": null}'), Refused(0, 404)),
        (says("429 Too Many Requests", b"{}"), TooFast(None)),
        (says("429 Too Many Requests", b"{}", Retry_After="7"), TooFast(7.0)),
        (says("429 Too Many Requests", b"{}", Retry_After="soon"), TooFast(None)),
    ],
)
def test_a_plain_answer_is_taken_at_its_word(answer: Answer, outcome: Outcome) -> None:
    assert send(answer)[0] == [outcome]


@pytest.mark.parametrize(
    "answer",
    [
        says("500 Internal Server Error", b'{"sid": "SM1"}'),
        says("503 Service Unavailable"),
        says("201 Created", b"<html>welcome</html>"),
        says("201 Created", b'["SM1"]'),
        says("201 Created", b'{"status": "queued"}'),
        says("200 OK", b'{"sid": "SM1"}'),
        says("307 Temporary Redirect", b"{}", Location="/elsewhere"),
        says("400 Bad Request", b"<html>proxy</html>"),
        resets,
        says_half,
    ],
)
def test_what_left_and_was_not_answered_plainly_is_in_doubt(answer: Answer) -> None:
    (outcome,), carrier = send(answer)
    assert isinstance(outcome, InDoubt)
    assert len(carrier.requests) == 1


def test_silence_is_a_doubt_and_not_a_second_request() -> None:
    (outcome,), carrier = send(hangs, timeout=0.3)
    assert isinstance(outcome, InDoubt)
    assert len(carrier.requests) == 1


def test_a_connection_kept_open_that_dies_is_a_doubt_and_not_a_second_request() -> None:
    outcomes, carrier = send(TAKEN, resets)
    assert outcomes[0] == Accepted("SM1")
    assert isinstance(outcomes[1], InDoubt)
    assert (len(carrier.requests), carrier.connections) == (2, 1)


def test_nobody_there_means_that_nothing_left() -> None:
    async def run() -> Outcome:
        async with _line(Carrier([]), SOON, 1) as post:
            pass
        closed = TwilioPost(
            api_base=str(post._url.origin()), account_sid="AC1", auth_token="secret",
            timeout_seconds=SOON, connections=1,
        )  # fmt: skip
        try:
            return await closed.send(TEXT, deadline=monotonic_seconds() + SOON)
        finally:
            await closed.close()

    assert isinstance(asyncio.run(run()), NeverSent)


def test_too_late_not_a_byte_is_written() -> None:
    outcomes, carrier = send(TAKEN, within=-0.001)
    assert outcomes == [NotWritten()]
    assert carrier.requests == []


def test_whoever_waited_too_long_for_a_connection_writes_nothing() -> None:
    """One connection, two texts: the second gets it when its time is over."""

    async def answers_late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.4)
        await TAKEN(writer)

    outcomes, carrier = send(answers_late, TAKEN, within=0.2, together=2)
    assert outcomes == [Accepted("SM1"), NotWritten()]
    assert len(carrier.requests) == 1
