"""Read the carrier's forms: a text from a person, and a receipt for one of ours."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import FormData


class NotAWebhook(ValueError):
    """A signed form without what every such form carries."""


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text that came in. Numbers are E.164 (or whatever the carrier wrote).

    opt_out_type: STOP, START or HELP when the carrier has already acted and answered.
    """

    message_sid: str
    sender: str
    to: str
    body: str
    opt_out_type: str
    media: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a text of ours, in the carrier's words."""

    message_sid: str
    status: str
    error_code: str


@dataclass(frozen=True, slots=True)
class CallNews:
    """How a call of ours stands, in the carrier's words. digits: keys that were pressed."""

    call_sid: str
    status: str
    digits: str


def read_call_news(form: FormData) -> CallNews:
    """Return what a form of one of the voice webhooks says. Raises NotAWebhook."""
    return CallNews(
        call_sid=_need(form, "CallSid"),
        status=str(form.get("CallStatus") or "").lower(),
        digits=str(form.get("Digits") or ""),
    )


def read_inbound(form: FormData) -> InboundText:
    """Return the text in a form of the inbound webhook. Raises NotAWebhook. White space is kept."""
    media = str(form.get("NumMedia", "0"))
    return InboundText(
        message_sid=_need(form, "MessageSid"),
        sender=_need(form, "From"),
        to=_need(form, "To"),
        body=str(form.get("Body", "")),
        opt_out_type=str(form.get("OptOutType", "")).upper(),
        media=int(media) if media.isdigit() else 0,
    )


def read_receipt(form: FormData) -> Receipt:
    """Return the receipt in a form of the status webhook. Raises NotAWebhook."""
    return Receipt(
        message_sid=_need(form, "MessageSid"),
        status=str(form.get("MessageStatus") or form.get("SmsStatus") or "").lower(),
        error_code=str(form.get("ErrorCode") or ""),
    )


def _need(form: FormData, name: str) -> str:
    value = form.get(name)
    if not isinstance(value, str) or not value:
        raise NotAWebhook(f"the form has no {name}")
    return value
