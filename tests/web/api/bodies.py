"""Bodies that are right, and what a problem document must look like."""

from __future__ import annotations

from typing import Any

import pytest
from httpx2 import Response

from service.db import new_id
from service.replies.receive import Reception, act_on, take_in
from service.sms.inbound import InboundText
from service.web.api.problems import MEDIA_TYPE
from service.wiring import Wiring
from tests.web.conftest import Group

PHONE = "+14135550103"  # whose texts come in
# For what is refused before any database has a say.
one_database = pytest.mark.parametrize("urls", ["sqlite"], indirect=True)


def checkin(group: Group, **changes: Any) -> dict[str, Any]:
    """Azucena reports next Tuesday at 9."""
    return {
        "phone": "413-555-0120",
        "alias": "Azucena",
        "language": "es",
        "office_id": str(group.office.id),
        "starts_at": "2026-03-10T09:00:00-04:00",
        "people": 2,
        "needs_ride": True,
        "note": "Viene con su hija.",
    } | changes


def rally(**changes: Any) -> dict[str, Any]:
    """A rally on Friday."""
    return {
        "kind": "rally",
        "title": "Rally for a neighbor",
        "place": "South Green, Hartford",
        "starts_at": "2026-03-06T17:00:00-05:00",
        "text_en": "Acompaña: rally Friday 5 pm, South Green. Reply Y or N.",
        "text_es": "Acompaña: acto el viernes a las 5 pm, South Green. Responda S o N.",
    } | changes


def action(**changes: Any) -> dict[str, Any]:
    """Calls to an office, until Friday."""
    return {
        "kind": "call",
        "title": "Stay for a neighbor",
        "target": "the director",
        "target_phone": "860-555-0170",
        "deadline": "2026-03-06T17:00:00-05:00",
        "days": 2,
        "text_en": "Acompaña: please call 860-555-0170 by Friday. Done? Text CALLED.",
        "text_es": "Acompaña: por favor llame al 860-555-0170. ¿Ya? Escriba LLAME.",
    } | changes


def volunteer(**changes: Any) -> dict[str, Any]:
    """Alma gave her number at a meeting."""
    return {
        "phone": "413-555-0101",
        "alias": "Alma",
        "language": "en",
        "area": "Hartford",
        "met_at": "the March 3 meeting",
        "vetting": 2,
        "roles": ["driver"],
        "languages": ["en", "ht"],
        "car_seats": 3,
    } | changes


def family(**changes: Any) -> dict[str, Any]:
    """Carmen's family."""
    return {"phone": "413-555-0121", "alias": "Carmen", "language": "es"} | changes


def problem(answer: Response, status: int) -> dict[str, Any]:
    """Check that this is a problem document with this status; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["type"] == f"/api/v1/problems/{told['code']}"
    assert told["detail"]
    assert told["title"]
    return told


def wrong(answer: Response) -> dict[str, str]:
    """Return field -> code of a 422."""
    return {each["field"]: each["code"] for each in problem(answer, 422)["errors"]}


def texted(wiring: Wiring, body: str, phone: str = PHONE) -> str:
    """Somebody texts the group; return the text's id."""
    reception = Reception(wiring.outbox, wiring.settings.countries)
    text = InboundText(f"SM{new_id().hex}", phone, "+14135550100", body, "", 0)
    with wiring.database.write() as session:
        text_id = take_in(session, reception, text, now=wiring.clock.now())
    assert text_id is not None
    with wiring.database.write() as session:
        act_on(session, reception, text_id, now=wiring.clock.now())
    return str(text_id)
