"""The phones of the demo's story: what they text, what they saw, and what the carrier accepted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
from rich.console import Console

from service.cli.demo_network import EVERYBODY, ZONE, Someone
from service.errors import AcompanaError

console = Console(highlight=False, soft_wrap=True)


class DidNotHappen(AcompanaError):
    """A step of the story did not come about in time."""


class Phones:
    """The phones at the carrier's end, and its ledger."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=30)

    def set_clock(self, at: datetime) -> None:
        """Set everybody's clock."""
        self._http.post("/_sandbox/clock", json={"at": at.isoformat()}).raise_for_status()

    def text(self, who: Someone, body: str) -> None:
        """Let a phone text us; what our webhook answers must be 200."""
        answer = self._http.post(f"/_sandbox/phones/{who.phone}/texts", json={"body": body})
        answer.raise_for_status()
        if answer.json()["webhook"] != 200:
            raise DidNotHappen(f"our webhook took {who.name}'s text: {answer.json()['webhook']}")

    def thread(self, who: Someone) -> list[dict[str, Any]]:
        """Return what a phone saw, oldest first."""
        answer = self._http.get(f"/_sandbox/phones/{who.phone}")
        thread: list[dict[str, Any]] = answer.json()["thread"] if answer.is_success else []
        return thread

    def got(self, who: Someone) -> list[str]:
        """Return what the network texted to a phone."""
        return [text["body"] for text in self.thread(who) if text["by"] == "network"]

    def accepted(self, to: str | None = None) -> list[dict[str, Any]]:
        """Return what the carrier's ledger says it accepted."""
        query = {"kind": "created"} | ({"to": to} if to else {})
        entries: list[dict[str, Any]] = self._http.get("/_sandbox/ledger", params=query).json()[
            "entries"
        ]
        return entries

    def summary(self) -> dict[str, Any]:
        """Return the ledger's counts."""
        counts: dict[str, Any] = self._http.get("/_sandbox/summary").json()
        return counts

    def print_transcript(self) -> None:
        """Print each phone's thread."""
        console.print("\n[bold]As each phone saw it[/]")
        for who in EVERYBODY:
            thread = self.thread(who)
            if not thread:
                continue
            console.print(f"\n[bold]{who.name}[/] · {who.language} · …{who.phone[-4:]}")
            for text in thread:
                at = datetime.fromisoformat(text["at"]).astimezone(ZONE)
                mark = {"network": "←", "carrier": "⇠", "phone": "→"}[text["by"]]
                status = f" [dim]({text['status']})[/]" if text["by"] == "network" else ""
                body = text["body"].replace("[", r"\[")
                console.print(f"  {at:%a %H:%M} {mark} {body}{status}")
