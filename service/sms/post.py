"""The hot path: one POST a text, over connections that stay open. No retries here, ever."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextvars import ContextVar

import aiohttp
from yarl import URL

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

TOO_MANY_REQUESTS = 429
FORM = "application/x-www-form-urlencoded"


class TwilioLine:
    """Connections to the carrier that stay open, for one kind of request."""

    resource: str

    def __init__(
        self, *, api_base: str, account_sid: str, auth_token: str, timeout_seconds: float,
        connections: int,
    ) -> None:  # fmt: skip
        self._url = URL(f"{api_base}/2010-04-01/Accounts/{account_sid}/{self.resource}.json")
        secret = base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {secret}", "Content-Type": FORM}
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def _post(self, form: bytes, deadline: float) -> Outcome:
        """Make one request and say what came of it."""
        try:
            _deadline.set(deadline)
            async with self._open().post(self._url, data=form, allow_redirects=False) as answer:
                return _classify(answer.status, await answer.read(), answer.headers)
        except _TooLateError:
            return NotWritten()
        except aiohttp.ClientConnectorError as error:
            return NeverSent(type(error).__name__)
        except TimeoutError:
            return InDoubt("no answer in time")
        except aiohttp.ClientError as error:
            return InDoubt(type(error).__name__)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                timeout=self._timeout,
                headers=self._headers,
                trust_env=False,
                request_class=_Request,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class TwilioPost(TwilioLine):
    """The carrier, spoken to as Twilio documents `POST .../Messages.json`."""

    resource = "Messages"

    async def send(self, text: OutgoingText, *, deadline: float) -> Outcome:
        """Make one request and say what came of it. See `Carrier.send`."""
        return await self._post(_form(text), deadline)


class _TooLateError(Exception):
    """The connection is there, and the time to write is over."""


_deadline: ContextVar[float] = ContextVar("deadline")  # monotonic seconds, of this task's request


class _Request(aiohttp.ClientRequest):
    """Looks at the clock once the connection is there, just before the request is written to it."""

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        if monotonic_seconds() > _deadline.get():
            raise _TooLateError
        return await super().send(conn)


def _form(text: OutgoingText) -> bytes:
    pairs = {
        "To": text.to,
        "Body": text.body,
        "StatusCallback": text.status_callback,
        "ValidityPeriod": str(text.validity_seconds),
    }
    if text.messaging_service_sid:
        pairs["MessagingServiceSid"] = text.messaging_service_sid
    else:
        pairs["From"] = text.sender_number
    return URL.build(query=pairs).raw_query_string.encode()  # in C: much faster than urllib's


def _classify(status: int, body: bytes, headers: Mapping[str, str]) -> Outcome:
    if status == TOO_MANY_REQUESTS:
        after = headers.get("Retry-After", "")
        return TooFast(float(after) if after.isdecimal() else None)
    if status >= 500:
        return InDoubt(f"HTTP {status}")
    try:
        answer = json.loads(body)
    except ValueError:
        return InDoubt(f"HTTP {status}, not JSON")
    if not isinstance(answer, dict):
        return InDoubt(f"HTTP {status}, not an object")
    if status == 201 and isinstance(answer.get("sid"), str):
        return Accepted(answer["sid"])
    if 400 <= status < 500:
        code = str(answer.get("code") or 0)
        return Refused(code=int(code) if code.isdecimal() else 0, http_status=status)
    return InDoubt(f"HTTP {status}")
