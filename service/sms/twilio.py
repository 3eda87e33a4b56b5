"""What is not hot: Twilio's own library, over httpx, to read the carrier's record of messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from service.errors import Unavailable
from service.sms.carrier import Listed

PAGE = 50
MOST = 200
MOST_RECEIVED = 20_000


class TwilioDirectory:
    """Lists messages by number. Blocking: call it on a thread."""

    def __init__(
        self, *, api_base: str, account_sid: str, auth_token: str, timeout_seconds: float
    ) -> None:
        self._http = _OverHttpx(api_base, timeout_seconds)
        self._client = Client(account_sid, auth_token, http_client=self._http)

    def sent_to(self, to: str) -> Sequence[Listed]:
        """Return the newest messages to a number. Raises Unavailable."""
        return self._list(limit=MOST, to=to)

    def received_by(self, number: str, *, since: datetime) -> Sequence[Listed]:
        """Return the texts to a number of ours that came in since a moment, oldest first.

        Raises Unavailable.
        """
        # The list is newest first. Its times are whole seconds: within one, its order is the truth.
        newest_first = self._list(limit=MOST_RECEIVED, to=number, until=since)
        return [message for message in reversed(newest_first) if message.direction == "inbound"]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _list(self, *, limit: int, to: str, until: datetime | None = None) -> list[Listed]:
        """Return a number's messages, newest first, down to `until`."""
        seen: dict[str, Listed] = {}  # a list that moves while it is paged may repeat a row
        try:
            for row in self._client.messages.stream(limit=limit, page_size=PAGE, to=to):
                message = _listed(row)
                if until is not None and message.created_at < until:
                    break
                seen.setdefault(message.sid, message)
        except (httpx.HTTPError, TwilioException, ValueError) as error:  # or not JSON
            raise Unavailable(
                f"the carrier's list can't be had ({type(error).__name__})"
            ) from error
        return list(seen.values())


def _listed(row: Any) -> Listed:
    return Listed(
        sid=row.sid,
        to=row.to or "",
        sender=row.from_ or "",
        messaging_service_sid=row.messaging_service_sid or "",
        body=row.body or "",
        direction=row.direction or "",
        created_at=(row.date_created or datetime.now(UTC)).astimezone(UTC),
    )


class _OverHttpx(HttpClient):  # type: ignore[misc]  # the library is untyped
    """Twilio's library over httpx: our time-out, no retries, and the configured address."""

    def __init__(self, api_base: str, timeout_seconds: float) -> None:
        super().__init__(logger=None, is_async=False, timeout=timeout_seconds)
        self._base = api_base
        self._http = httpx.Client(timeout=timeout_seconds, trust_env=False)

    def request(
        self, method: str, url: str, params: Any = None, data: Any = None, headers: Any = None,
        auth: Any = None, timeout: float | None = None, allow_redirects: bool = False,
    ) -> Response:  # fmt: skip
        answer = self._http.request(
            method, url.replace("https://api.twilio.com", self._base, 1), params=params,
            data=data, headers=headers, auth=auth, follow_redirects=allow_redirects,
            timeout=timeout or httpx.USE_CLIENT_DEFAULT,
        )  # fmt: skip
        return Response(answer.status_code, answer.text)

    def close(self) -> None:
        self._http.close()
