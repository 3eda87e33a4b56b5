"""`acompana demo --script`: the story told through the same sockets that a network uses.

API calls, signed webhooks, a carrier on the other end. Each step is checked against what the
phones saw and what the carrier's ledger says; a step that does not happen ends the story with a
non-zero exit. Time is moved ahead only where waiting would be pointless.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from service.accounts.sign_in import make_link
from service.accounts.tables import Organizer
from service.cli.demo_network import (
    FAMILIES,
    RALLY_PLACE,
    VOLUNTEERS,
    Network,
    Someone,
    at_local,
    friday_rally,
    seed,
)
from service.cli.demo_phones import DidNotHappen, Phones, console
from service.cli.demo_safety import AfterTheAppointment, Rings
from service.cli.stage import Stage, prepare_stage, sandbox_running, service_running
from service.db import new_id
from service.wiring import Wiring, wire

FOLDER = Path("var/demo-script")
TICK_SECONDS = 0.2
PATIENCE_SECONDS = 20.0
STARTS = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # a Tuesday, 10:00 in the network's zone
VETTED = [one for one in VOLUNTEERS if one.vetting >= 2]


def play(*, port: int, sandbox_port: int) -> int:
    """Play the story; return the exit status: 0 when every step happened."""
    stage = prepare_stage(
        FOLDER.resolve(), port=port, sandbox_port=sandbox_port, tick_seconds=TICK_SECONDS
    )
    with sandbox_running(stage, title="Phones"):
        phones = Phones(stage.sandbox_url)
        phones.set_clock(STARTS)
        wiring = wire(stage.settings())
        with wiring.database.write() as session:
            network = seed(session, wiring, now=wiring.clock.now())
        with service_running(stage):
            story = Story(stage, phones, wiring, network)
            try:
                story.tell()
            except DidNotHappen as error:
                console.print(f"\n[bold red]did not happen:[/] {error}")
                phones.print_transcript()
                return 1
            finally:
                wiring.close()
        phones.print_transcript()
        console.print("\n[bold green]Every step happened.[/]")
    return 0


class Story:
    """The steps, each checked."""

    def __init__(self, stage: Stage, phones: Phones, wiring: Wiring, network: Network) -> None:
        self._phones, self._rings = phones, Rings(stage.sandbox_url)
        self._wiring = wiring
        self._network = network
        self._blast_id = ""
        self._call_texts: set[str] = set()
        self._web = httpx.Client(base_url=stage.public_url, timeout=30, follow_redirects=True)
        self._web.headers["Origin"] = stage.public_url
        self._api = httpx.Client(
            base_url=f"{stage.public_url}/api/v1",
            headers={"Authorization": f"Bearer {network.token}"},
            timeout=30,
        )

    def tell(self) -> None:
        """Tell the whole story."""
        checkin_id = self._register()
        self._ask(checkin_id)
        self._answer(checkin_id)
        self._change_of_mind(checkin_id)
        self._opt_outs()
        self._day_before()
        self._rally()
        self._board(checkin_id)
        starts_at = datetime.fromisoformat(
            self._call("GET", f"/checkins/{checkin_id}")["starts_at"]
        )
        AfterTheAppointment(self._phones, self._rings, self._until, self._check).tell(starts_at)

    def _register(self) -> str:
        family = FAMILIES[0]
        starts_at = at_local(self._wiring.clock.now(), days=2, hour=9)
        checkin = self._call(
            "POST",
            "/checkins",
            phone=family.phone,
            alias=family.name,
            language=family.language,
            office_id=str(self._network.offices[0].id),
            starts_at=starts_at.isoformat(),
            day_is_right=True,  # the demo is looked at on any day of the year
            people=2,
            note="Viene con su hija de 6 años.",
        )
        self._until(
            "the family hears who will call",
            lambda: any("413-555-0142" in text for text in self._phones.got(family)),
        )
        return str(checkin["id"])

    def _ask(self, checkin_id: str) -> None:
        places = {"lead": 1, "accompanier": 3}
        path = f"/checkins/{checkin_id}/approve"
        self._call("POST", path, places=places, agreed_to_texts=True)
        words = {"en": "Reply Y or N", "es": "Responda S o N"}
        self._until(
            f"the {len(VETTED)} vetted of {len(VOLUNTEERS)} volunteers are asked, each in their language",
            lambda: all(
                any(words[one.language] in text for text in self._phones.got(one)) for one in VETTED
            ),
        )
        asked = [one for one in VOLUNTEERS if self._phones.got(one)]
        self._check("nobody else is asked", asked == VETTED)

    def _answer(self, checkin_id: str) -> None:
        by_name = {one.name: one for one in VOLUNTEERS}
        for name, words in (
            ("Tom", "Count me in!"),
            ("Ana", "Sí, claro que sí"),
            ("Rosa", "ahí estaré"),
            ("Noor", "👍"),
        ):
            self._reply(by_name[name], words)
        self._check("Rosa, vetted to lead, leads", self._role(checkin_id, "lead") == 1)
        self._reply(by_name["Pilar"], "si voy")
        self._until(
            "the fifth yes is on the waiting list",
            lambda: self._call("GET", f"/checkins/{checkin_id}")["answers"]["standby"] == 1,
        )
        self._reply(by_name["Walter"], "No, not that day")
        self._reply(by_name["Grace"], "not sure yet")
        self._check("all four places are taken", self._taken(checkin_id) == 4)

    def _change_of_mind(self, checkin_id: str) -> None:
        by_name = {one.name: one for one in VOLUNTEERS}
        before = len(self._phones.got(by_name["Pilar"]))
        self._reply(by_name["Tom"], "Sorry, I can't make it after all")
        self._until(
            "the first on the waiting list is offered the freed place",
            lambda: len(self._phones.got(by_name["Pilar"])) > before,
        )
        self._check("the place is kept for them", self._taken(checkin_id) == 4)
        self._reply(by_name["Pilar"], "sí puedo")
        self._until(
            "they take it",
            lambda: self._call("GET", f"/checkins/{checkin_id}")["answers"]["yes"] == 4,
        )

    def _opt_outs(self) -> None:
        by_name = {one.name: one for one in VOLUNTEERS}
        self._phones.text(by_name["Ben"], "STOP")
        self._phones.text(by_name["Yolanda"], "ya no me manden mensajes")
        self._until(
            "a STOP in plain Spanish is confirmed once",
            lambda: len(self._phones.got(by_name["Yolanda"])) == 1,
        )

    def _day_before(self) -> None:
        by_name = {one.name: one for one in VOLUNTEERS}
        starts_at = at_local(self._wiring.clock.now(), days=2, hour=9)
        self._phones.set_clock(starts_at - timedelta(hours=23, minutes=55))
        place = self._network.offices[0].meeting_point
        coming = [by_name[name] for name in ("Ana", "Rosa", "Noor", "Pilar")]
        self._until(
            "the day before, those who come hear the place",
            lambda: all(place in self._last(one) for one in coming),
        )
        others = [one for one in VOLUNTEERS if one not in coming]
        heard = [one for one in others if any(place in text for text in self._phones.got(one))]
        self._check("nobody else hears it", heard == [])
        self._reply(by_name["Ana"], "S")
        self._until(
            "the family hears that somebody waits for them",
            lambda: "Rosa" in self._last(FAMILIES[0]),
        )
        self._check("the place is never in a family's text", place not in self._last(FAMILIES[0]))

    def _rally(self) -> None:
        draft = friday_rally(self._wiring, self._network, self._wiring.clock.now())
        self._call_texts = {draft.text_en, draft.text_es}
        rally = self._call(
            "POST",
            "/rallies",
            title=draft.title,
            place=draft.place,
            starts_at=draft.starts_at.isoformat(),
            text_en=draft.text_en,
            text_es=draft.text_es,
        )
        send = {"blast_id": str(new_id())}
        blast = self._call("POST", f"/rallies/{rally['id']}/announce", **send)
        again = self._call("POST", f"/rallies/{rally['id']}/announce", **send)
        self._check("the same call sent twice is one", blast["id"] == again["id"])
        gone = {"Ben", "Yolanda"}
        subscribed = [one for one in VOLUNTEERS if one.name not in gone]
        self._until(
            f"the rally call reaches all {len(subscribed)} who are still subscribed",
            lambda: all(
                sum(RALLY_PLACE in text for text in self._phones.got(one)) == 1
                for one in subscribed
            ),
        )
        reached = [
            one
            for one in (*VOLUNTEERS, *FAMILIES)
            if any(RALLY_PLACE in text for text in self._phones.got(one))
        ]
        self._check("nobody else: no opt-out, no family", reached == subscribed)
        self._until(
            "callbacks mark every one of them delivered",
            lambda: (
                self._call("GET", f"/blasts/{blast['id']}")["counts"]["delivered"]
                == len(subscribed)
            ),
        )
        self._reply(next(one for one in subscribed if one.name == "Kwame"), "Yes both of us")
        self._reply(next(one for one in subscribed if one.name == "Inés"), "vamos 3")
        self._until(
            "yes from two phones is five people",
            lambda: self._call("GET", f"/rallies/{rally['id']}")["answers"]["coming_people"] == 5,
        )
        self._blast_id = blast["id"]

    def _board(self, checkin_id: str) -> None:
        now = self._wiring.clock.now()
        with self._wiring.database.write() as session:
            organizer = session.get_one(Organizer, self._network.organizer.id)
            secret = make_link(session, organizer, now=now)
        self._web.post(f"/signin/{secret}").raise_for_status()
        board = self._web.get("/").text
        calls = [entry for entry in self._phones.accepted() if entry["body"] in self._call_texts]
        card = _card(board, f"m-{UUID(self._blast_id)}")
        delivered = int(card.get("delivered", "-1"))
        self._check(
            f"the board says {delivered} delivered, the carrier's ledger {len(calls)} accepted",
            delivered == len(calls),
        )
        checkin = _card(board, f"c-{UUID(checkin_id)}")
        self._check("the board shows 4 of 4 places taken", checkin.get("taken") == "4")
        self._check("no text was sent twice", self._phones.summary()["repeated"] == [])

    # --- how a step is taken and checked ---

    def _reply(self, who: Someone, words: str) -> None:
        before = len(self._phones.got(who))
        self._phones.text(who, words)
        self._until(
            f"{who.name} texts {words!r} and is answered",
            lambda: len(self._phones.got(who)) > before,
        )

    def _last(self, who: Someone) -> str:
        got = self._phones.got(who)
        return got[-1] if got else ""

    def _taken(self, checkin_id: str) -> int:
        seats = self._call("GET", f"/checkins/{checkin_id}")["seats"]
        return sum(seat["taken"] for seat in seats)

    def _role(self, checkin_id: str, role: str) -> int:
        seats = self._call("GET", f"/checkins/{checkin_id}")["seats"]
        return sum(seat["taken"] for seat in seats if seat["role"] == role)

    def _call(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        answer = self._api.request(method, path, json=body or None)
        if not answer.is_success:
            raise DidNotHappen(f"{method} {path}: {answer.status_code} {answer.text}")
        found: dict[str, Any] = answer.json()
        return found

    def _until(self, what: str, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            if time.monotonic() > deadline:
                raise DidNotHappen(what)
            time.sleep(0.05)
        console.print(f"  [green]✓[/] {what}")

    def _check(self, what: str, is_so: bool) -> None:
        if not is_so:
            raise DidNotHappen(what)
        console.print(f"  [green]✓[/] {what}")


def _card(board: str, id_: str) -> dict[str, str]:
    """Return the data-* attributes of the element `id_` on the board."""
    tag = re.search(rf'<[^>]*id="{id_}"[^>]*>', board)
    return dict(re.findall(r'data-([a-z-]+)="([^"]*)"', tag.group(0))) if tag else {}
