"""Take on a message, or refuse it with the code that Twilio would give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from service.sandbox.carrier import Carrier
from service.sandbox.faults import Rule
from service.sandbox.messages import Message, new_sid
from service.sandbox.refusals import Refused

E164 = re.compile(r"\+(?:1[2-9]\d{9}|[2-9]\d{6,14})")
LONGEST_BODY = 1600
LONGEST_VALIDITY_SECONDS = 36_000
LIST_LAG = frozenset({"list-lag"})

# Twilio's numbers for its test credentials.
MAGIC_TO = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}


async def accept(
    carrier: Carrier, form: Mapping[str, str], *, arrived_at: datetime, own: tuple[Rule, ...] = ()
) -> Message:
    """Take on the message of this form and return it once the ledger has it on disk.

    arrived_at: when the request came in. own: faults for this message alone. Raises Refused, which
    the ledger also knows. No wait lies between the opt-out check and the ledger's line, so the
    ledger's order is the order of what happened.
    """
    to, body = form.get("To", ""), form.get("Body", "")
    try:
        _check(carrier, form)
    except Refused as refused:
        carrier.ledger.note(
            "refused", code=refused.code, to=to, body=body, arrived_at=arrived_at.isoformat()
        )
        raise
    message = _build(carrier, form, own)
    carrier.messages.add(message)
    carrier.journeys.begin(message)
    await carrier.ledger.keep(
        "created",
        sid=message.sid,
        to=to,
        **{"from": message.sender},
        messaging_service_sid=message.messaging_service_sid,
        body=body,
        segments=message.segments,
        status_callback=message.status_callback,
        arrived_at=arrived_at.isoformat(),
    )
    return message


def _build(carrier: Carrier, form: Mapping[str, str], own: tuple[Rule, ...]) -> Message:
    now = carrier.clock.now()
    lag = carrier.faults.draw(LIST_LAG, to=form["To"], own=own)
    service = form.get("MessagingServiceSid") or None
    sender = form.get("From") or None
    return Message(
        sid=new_sid(),
        direction="outbound-api",
        to=form["To"],
        sender=sender,
        text=form["Body"],
        status="accepted" if service else "queued",
        created_at=now,
        updated_at=now,
        visible_at=now + timedelta(seconds=carrier.faults.seconds(lag) if lag else 0),
        messaging_service_sid=service,
        status_callback=form.get("StatusCallback") or None,
        validity_seconds=_validity(form),
        own_faults=own,
    )


def _check(carrier: Carrier, form: Mapping[str, str]) -> None:
    to, body = form.get("To", ""), form.get("Body", "")
    if not to:
        raise Refused(21604)
    if to in MAGIC_TO:
        raise Refused(MAGIC_TO[to])
    if not E164.fullmatch(to):
        raise Refused(21211)
    sender = _check_sender(carrier, form)
    if not body.strip():
        raise Refused(21602)
    if len(body) > LONGEST_BODY:
        raise Refused(21617)
    _validity(form)
    if carrier.opt_outs.has(carrier.pool_of(sender), to):
        raise Refused(21610)


def _check_sender(carrier: Carrier, form: Mapping[str, str]) -> str:
    """Return the number that would send. Raises Refused."""
    sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    if not sender and not service:
        raise Refused(21603)
    if service and service != carrier.config.messaging_service_sid:
        raise Refused(21705)
    if sender in MAGIC_FROM:
        raise Refused(MAGIC_FROM[sender])
    if sender and not E164.fullmatch(sender):
        raise Refused(21212)
    if sender and sender not in carrier.config.numbers:
        raise Refused(21606)
    return sender or carrier.config.numbers[0]


def _validity(form: Mapping[str, str]) -> int:
    """Return the validity period in seconds. Raises Refused outside 1..36000."""
    value = form.get("ValidityPeriod") or str(LONGEST_VALIDITY_SECONDS)
    if not value.isdecimal() or not 1 <= int(value) <= LONGEST_VALIDITY_SECONDS:
        raise Refused(20001)
    return int(value)
