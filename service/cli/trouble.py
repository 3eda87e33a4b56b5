"""`acompana trouble`: what needs a person, and the three things that can be done about it."""

from __future__ import annotations

import typer

from service.outbox.events import At
from service.outbox.trouble import Note, decide, find_trouble, mark_seen, wake_senders
from service.settings import Settings
from service.sms.codes import look_up
from service.wiring import wire

app = typer.Typer(help="What needs a person.", invoke_without_command=True)

IN_WORDS = {
    "in_doubt": "texts that may or may not have arrived",
    "failed": "texts that the carrier refused",
    "stopped": "messages that stopped by themselves",
    "paused": "senders that were put to rest",
    "twice": "texts that somebody got twice",
    "cannot_open": "texts without a number or without words",
    "safety": "safety checks that nobody answered",
    "no_lead": "appointments whose lead had not come ten minutes before",
    "call_failed": "calls that the carrier refused",
    "outcome": "appointments that ended so that people are needed",
    "no_outcome": "appointments of which nobody has said how they ended",
    "no_legal": "families who need legal help, with no legal contact named",
    "unconfirmed": "families who registered a date and were not called in time",
    "next_date": "families who were asked about their next date and have never answered",
    "unread_text": "texts from people that could not be read in",
}


@app.callback()
def trouble(context: typer.Context) -> None:
    """Say what needs a person now."""
    if context.invoked_subcommand is not None:
        return
    with wire(Settings()).database.read() as session:
        found = find_trouble(session)
    for number in found.paused:
        print(
            f"{number} is at rest: nothing leaves. When the cause is mended: acompana trouble wake"
        )
    for number in found.halted:
        print(
            f"{number} was stopped with Stop all texts: an admin lets it go on, on that page (/halt)."
        )
    if found.doubtful:
        print(
            f"{found.doubtful} texts may or may not have arrived: the carrier's list does not show "
            "them.\n  Look into its log, then: acompana trouble again, or: acompana trouble leave"
        )
    for note in found.notes:
        print(f"{note.newest:%Y-%m-%d %H:%M} UTC  {note.count} {_in_words(note)}")
    if found.notes:
        print("Seen to? acompana trouble seen")
    if not (found.paused or found.halted or found.doubtful or found.notes):
        print("Nothing needs you.")


@app.command("wake")
def wake() -> None:
    """Let senders that were put to rest send again; not those that Stop all texts stopped."""
    with wire(Settings()).database.write() as session:
        count = wake_senders(session)
    print(f"{count} senders send again.")


@app.command("again")
def again() -> None:
    """Send the texts that may or may not have arrived again: some people may get them twice."""
    print(f"{_decide(again=True)} texts are sent again.")


@app.command("leave")
def leave() -> None:
    """Give the texts up that may or may not have arrived: some people may never get them."""
    print(f"{_decide(again=False)} texts are given up.")


@app.command("seen")
def seen() -> None:
    """Take every note off the list."""
    wiring = wire(Settings())
    with wiring.database.write() as session:
        count = mark_seen(session, by="command line", now=wiring.clock.now())
    print(f"{count} notes are off the list.")


def _decide(*, again: bool) -> int:
    wiring = wire(Settings())
    at = At(wiring.clock.now(), timing=wiring.timing)
    return decide(wiring.database, at, wiring.rules, again=again)


def _in_words(note: Note) -> str:
    kind = "texts over the daily limit" if note.kind.startswith("cap-") else IN_WORDS[note.kind]
    return f"{kind} ({note.code}: {look_up(note.code).says('en')})" if note.code else kind
