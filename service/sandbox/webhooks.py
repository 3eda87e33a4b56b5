"""Post to our webhooks as Twilio does: a signed form, one retry when no connection could be made."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
from twilio.request_validator import RequestValidator
from yarl import URL

from service.sandbox.config import Config
from service.sandbox.messages import new_sid

log = logging.getLogger("sandbox.webhooks")

CONNECT_SECONDS = 5.0
# Shorter than a usual server's (5 s): a connection that it is just closing would lose a post.
IDLE_SECONDS = 2.0


@dataclass(frozen=True)
class Answer:
    """What came back: an HTTP status, or else the name of the error."""

    status: int | None
    error: str | None = None
    attempts: int = 1
    body: bytes = b""

    @property
    def in_short(self) -> int | str:
        return self.status if self.status is not None else (self.error or "no answer")


class Webhooks:
    """A bounded pool of connections to whoever gave us a URL."""

    def __init__(self, config: Config) -> None:
        self._validator = RequestValidator(config.auth_token)
        self._turns = asyncio.Semaphore(config.webhook_connections)
        self._connections = config.webhook_connections
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_SECONDS, sock_read=config.webhook_timeout_seconds
        )
        self._client: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections, keepalive_timeout=IDLE_SECONDS, ttl_dns_cache=300
            ),
            timeout=self._timeout,
            headers={"User-Agent": "TwilioProxy/1.1"},
            skip_auto_headers=["Accept-Encoding"],
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    def sign(self, url: str, fields: dict[str, str]) -> str:
        """Return the signature of a form posted to `url`, query included."""
        return str(self._validator.compute_signature(url, fields))

    async def post(self, url: str, fields: dict[str, str]) -> Answer:
        """Post `fields` and return the answer; never raises for the other side's faults."""
        address = url.partition("#")[0]
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            "X-Twilio-Signature": self.sign(address, fields),
            "I-Twilio-Idempotency-Token": new_sid("")[:32],
        }
        body = urlencode(fields).encode()
        async with self._turns:
            answer = await self._try(address, body, headers)
            if answer.status is None and answer.error == "no connection":
                again = await self._try(address, body, headers)
                answer = Answer(again.status, again.error, attempts=2)
        return answer

    async def _try(self, address: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self._client is None:
            raise RuntimeError("the webhooks are closed; call open() first")
        try:
            async with self._client.post(
                URL(address, encoded=True), data=body, headers=headers, allow_redirects=False
            ) as response:
                body = await response.read()
                return Answer(response.status, body=body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return Answer(None, "no connection")
        except TimeoutError:
            return Answer(None, "timed out")
        except (aiohttp.ClientError, ValueError, OSError) as error:
            return Answer(None, type(error).__name__)
