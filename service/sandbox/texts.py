"""A phone texts in: keep it, act on the carrier's own words, and post it to our webhook."""

from __future__ import annotations

import asyncio

from service.sandbox.carrier import Carrier
from service.sandbox.faults import INBOUND
from service.sandbox.messages import API_VERSION, Message, new_sid
from service.sandbox.optout import REPLIES, OptOutType


async def text_in(
    carrier: Carrier, number: str, body: str, *, to: str | None = None, is_awaited: bool = True
) -> Message:
    """Have the phone `number` text `body` to our number `to` (default: whoever wrote to it last).

    Returns the message; its `answer` is the HTTP status that our webhook gave (None if it was not
    asked, or not awaited).
    """
    message = _build(carrier, number, body, to or last_sender(carrier, number))
    carrier.messages.add(message)
    phone = carrier.phones.at(number)
    phone.unread = 0
    carrier.phones.show(number, message)
    pool = carrier.pool_of(message.to)
    opt_out_type = message.opt_out_type = carrier.opt_outs.read(pool, number, body)
    await carrier.ledger.keep(
        "inbound",
        sid=message.sid,
        to=message.to,
        **{"from": number},
        body=body,
        opt_out_type=opt_out_type,
    )
    if opt_out_type is not None:
        _answer(carrier, message, opt_out_type)
    if carrier.config.inbound_url:
        posting = carrier.agenda.start(_post(carrier, carrier.config.inbound_url, message))
        if is_awaited:
            await asyncio.wait({posting})
    return message


def _build(carrier: Carrier, number: str, body: str, to: str) -> Message:
    now = carrier.clock.now()
    return Message(
        sid=new_sid(),
        direction="inbound",
        to=to,
        sender=number,
        text=body,
        status="received",
        created_at=now,
        updated_at=now,
        sent_at=now,
        visible_at=now,
        messaging_service_sid=carrier.config.messaging_service_sid,
    )


def last_sender(carrier: Carrier, number: str) -> str:
    """Return the number of ours that last texted this phone, or else our first one."""
    phone = carrier.phones.get(number)
    for message in reversed(phone.thread if phone else []):
        if message.direction != "inbound" and message.sender:
            return message.sender
    return carrier.config.numbers[0]


def _answer(carrier: Carrier, asked: Message, opt_out_type: OptOutType) -> None:
    """Answer a carrier's word as the carrier: on the phone and in the ledger, not in the API."""
    number, ours = asked.sender or "", asked.to
    if opt_out_type != "HELP":
        kind = "opt-out" if opt_out_type == "STOP" else "opt-in"
        carrier.ledger.note(kind, to=number, **{"from": ours}, sid=asked.sid)
    now = carrier.clock.now()
    reply = Message(
        sid=new_sid(),
        direction="outbound-reply",
        to=number,
        sender=ours,
        text=REPLIES[opt_out_type],
        status="delivered",
        created_at=now,
        updated_at=now,
        sent_at=now,
        visible_at=now,
        opt_out_type=opt_out_type,
    )
    carrier.phones.show(number, reply)
    carrier.phones.arrived(number)
    carrier.ledger.note(
        "carrier-reply", sid=reply.sid, to=number, **{"from": ours}, body=reply.text
    )


async def _post(carrier: Carrier, url: str, message: Message) -> None:
    fault = carrier.faults.draw(INBOUND, to=message.sender)
    about = {"sid": message.sid, "from": message.sender}
    if fault is not None and fault.fault == "inbound-lost":
        carrier.ledger.note("inbound-lost", **about)
        message.answer = "lost on request"
        return
    form = _form(carrier, message)
    copies = fault.copies if fault is not None else 1
    answers = await asyncio.gather(*(carrier.webhooks.post(url, form) for _ in range(copies)))
    for answer in answers:
        carrier.ledger.note(
            "inbound-posted",
            **about,
            http_status=answer.status,
            error=answer.error,
            attempts=answer.attempts,
        )
    message.answer = answers[0].in_short
    carrier.phones.touch(message.sender or "")


def _form(carrier: Carrier, message: Message) -> dict[str, str]:
    form = {
        "AccountSid": carrier.config.account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.text,
        "From": message.sender or "",
        "MessageSid": message.sid,
        "NumMedia": "0",
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
    }
    if message.messaging_service_sid:
        form["MessagingServiceSid"] = message.messaging_service_sid
    if message.opt_out_type:
        form["OptOutType"] = message.opt_out_type
    return form
