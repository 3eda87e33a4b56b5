"""What an organizer's words become before they leave: filled in, named, with a way out. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from service.errors import InvalidValue

_PLACE = re.compile(r"{([^{}]*)}")
_WAY_OUT = re.compile(r"\b(STOP|ALTO)\b")

MISSING = "..."  # stands in a first text for what nobody has said yet

# What can be put into a text in braces; those of an event only where there is one.
ALWAYS = ("network", "phone")
OF_AN_EVENT = ("event", "weekday", "day", "time", "place")


def check_places(field: str, body: str, known: Collection[str]) -> InvalidValue | None:
    """Return what is wrong with the braces of a text: it names what nobody fills in. Else None."""
    for name in _PLACE.findall(body):
        if name not in known:
            return InvalidValue(field, "unknown_place", name=name)
    return None


def fill(body: str, values: Mapping[str, str]) -> str:
    """Return the text with what stands in braces filled in; braces that we don't know stay."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), body)


def whole_text(body: str, network: str, way_out: str) -> str:
    """Return the text as it arrives: it names the network, and says how to stop.

    What the organizer wrote themself is not said twice.
    """
    body = body.strip()
    if body and network.casefold() not in body.casefold():
        body = f"{network}: {body}"
    if not body or _WAY_OUT.search(body):
        return body
    return f"{body}{'.' if body[-1].isalnum() else ''} {way_out}"
