"""The end of the story: the appointment is over, one phone says "1", and somebody makes sure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from service.cli.demo_network import FAMILIES, ON_CALL, VOLUNTEERS, Someone

if TYPE_CHECKING:
    from service.cli.demo_phones import Phones

Until = Callable[[str, Callable[[], bool]], None]


class Rings:
    """The calls at the carrier's end."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)

    def calls(self, who: Someone) -> list[dict[str, Any]]:
        """Return the calls to a phone, oldest first."""
        answer = self._http.get(f"/_sandbox/phones/{who.phone}/calls")
        calls: list[dict[str, Any]] = answer.json()["calls"]
        return calls

    def handle(self, who: Someone, sid: str, **move: str) -> None:
        """Pick up, press a key or hang up."""
        path = f"/_sandbox/phones/{who.phone}/calls/{sid}"
        self._http.post(path, json=move).raise_for_status()


@dataclass(frozen=True)
class AfterTheAppointment:
    """The steps from the usual wait on, each checked."""

    phones: Phones
    rings: Rings
    until: Until
    check: Callable[[str, bool], None]

    def tell(self, starts_at: datetime) -> None:
        """Tell it, for an appointment that began at `starts_at` and usually takes four hours."""
        family, lead = FAMILIES[0], next(one for one in VOLUNTEERS if one.name == "Rosa")
        due_at = starts_at + timedelta(hours=4)
        self.phones.set_clock(due_at)
        self.until(
            "once the usual wait is over, the family and the lead are asked together",
            lambda: (
                any("Responda 1 ya estoy afuera" in text for text in self.phones.got(family))
                and any("ya hablamos" in text for text in self.phones.got(lead))
            ),
        )
        self.phones.text(family, "1")
        self.until(
            "a 1 from the family's phone alone ends nothing: the lead is to speak with them",
            lambda: any("¿Ya hablaron?" in text for text in self.phones.got(lead)),
        )
        self.phones.set_clock(due_at + timedelta(minutes=31))
        self.until(
            "nobody has, so the lead is told again",
            lambda: sum("¿Ya hablaron?" in text for text in self.phones.got(lead)) == 2,
        )
        self.phones.set_clock(due_at + timedelta(minutes=37))
        self._the_phone_rings()
        self.phones.text(ON_CALL, "1")
        self.until(
            f"{ON_CALL.name} has spoken with them: the lead hears that it is over",
            lambda: any(f"{ON_CALL.name} y" in text for text in self.phones.got(lead)),
        )
        rung = len(self.rings.calls(ON_CALL))
        self.phones.set_clock(due_at + timedelta(hours=2))
        self.check("nobody is called any more", len(self.rings.calls(ON_CALL)) == rung)

    def _the_phone_rings(self) -> None:
        self.until(
            f"the phone of {ON_CALL.name}, who is on call, rings",
            lambda: any(call["status"] == "ringing" for call in self.rings.calls(ON_CALL)),
        )
        ringing = next(c for c in self.rings.calls(ON_CALL) if c["status"] == "ringing")
        self.rings.handle(ON_CALL, ringing["sid"], do="answer")
        heard = self.rings.calls(ON_CALL)[-1]["said"][-1]
        self.check(f"she hears: {heard}", "press 1" in heard.lower())
        self.rings.handle(ON_CALL, ringing["sid"], do="press", digit="1")
        self.until(
            "she presses 1, and it is hers",
            lambda: any("it is yours" in text for text in self.phones.got(ON_CALL)),
        )
