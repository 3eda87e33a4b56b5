"""Calls at the carrier: one POST a call, and what it is to say when somebody picks up."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from yarl import URL

from service.sms.carrier import Outcome, OutgoingCall
from service.sms.post import TwilioLine

VOICES = {"en": "en-US", "es": "es-MX"}
SPOKEN_TIMES = 3  # whoever just woke up hears it again
KEY_SECONDS = 6
EVENTS = ("ringing", "answered", "completed")


class TwilioVoice(TwilioLine):
    """The carrier, spoken to as Twilio documents `POST .../Calls.json`."""

    resource = "Calls"

    async def place(self, call: OutgoingCall, *, deadline: float) -> Outcome:
        """Make one request and say what came of it. See `Voice.place`."""
        return await self._post(_form(call), deadline)


def _form(call: OutgoingCall) -> bytes:
    pairs = [
        ("To", call.to),
        ("From", call.sender_number),
        ("Url", call.url),
        ("Method", "POST"),
        ("StatusCallback", call.status_callback),
        ("StatusCallbackMethod", "POST"),
        *(("StatusCallbackEvent", event) for event in EVENTS),
        ("Timeout", str(call.ring_seconds)),
    ]
    return URL.build(query=pairs).raw_query_string.encode()


def callback_url(public_url: str, what: str, call_hex: str, mac: str) -> str:
    """Return where the carrier asks about a call: it names it, and proves it is ours."""
    return f"{public_url}/webhooks/twilio/voice{what}?call={call_hex}&mac={mac}"


def ask_for_key(says: str, language: str, action: str) -> str:
    """Return what makes the carrier read a text aloud, a few times, and wait for one key."""
    gather = (
        f'<Gather input="dtmf" numDigits="1" timeout="{KEY_SECONDS}" method="POST" '
        f"action={quoteattr(action)}>{_say(says, language)}</Gather>"
    )
    return _response(gather * SPOKEN_TIMES + "<Hangup/>")


def say_and_end(says: str, language: str) -> str:
    """Return what makes the carrier read a text aloud and hang up."""
    return _response(_say(says, language) + "<Hangup/>")


def _say(says: str, language: str) -> str:
    return f'<Say language="{VOICES.get(language, VOICES["en"])}">{escape(says)}</Say>'


def _response(inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'
