"""Is this webhook really the carrier's? Checked against the address that we were configured with."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import FormData
from twilio.request_validator import RequestValidator

HEADER = "X-Twilio-Signature"


class Signatures:
    """Checks with the primary token and, while one is being rotated, the previous one."""

    def __init__(self, *, public_url: str, account_sid: str, auth_tokens: Sequence[str]) -> None:
        self._public_url = public_url
        self._account_sid = account_sid
        self._validators = [RequestValidator(token) for token in auth_tokens if token]

    def is_valid(self, path_and_query: str, form: FormData, signature: str | None) -> bool:
        """Return whether the carrier signed this form for this path of ours.

        Never looks at Host or X-Forwarded-*. Whatever goes wrong is a no.
        """
        if not signature or form.get("AccountSid") != self._account_sid:
            return False
        url = self._public_url + path_and_query
        try:
            return any(v.validate(url, form, signature) for v in self._validators)
        except Exception:  # noqa: BLE001  (a form that the validator chokes on is not the carrier's)
            return False


def callback_url(public_url: str, attempt_hex: str, mac: str) -> str:
    """Return where the carrier reports what became of an attempt: it names it, and proves it is ours."""
    return f"{public_url}/webhooks/twilio/status?attempt={attempt_hex}&mac={mac}"
