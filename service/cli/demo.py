"""`acompana demo`: the whole story on this machine, with phones in the browser. No account, no key."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.cli.demo_network import seed, seed_events
from service.cli.stage import prepare_stage, sandbox_running, service_running
from service.wiring import wire

FOLDER = Path("var/demo")
TICK_SECONDS = 0.5
console = Console(highlight=False, soft_wrap=True)


def demo(
    script: Annotated[
        bool,
        typer.Option("--script", help="Play the story without a browser; fail if a step does."),
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the pages.")] = 8000,
    sandbox_port: Annotated[int, typer.Option(help="Port of the phones.")] = 8010,
) -> None:
    """Run the whole story with an invented network, until Ctrl-C. Starts afresh each time."""
    if script:
        from service.cli.demo_script import play

        raise typer.Exit(play(port=port, sandbox_port=sandbox_port))
    _stop_like_ctrl_c_on_sigterm()
    try:
        _run(port, sandbox_port)
    except KeyboardInterrupt:
        console.print("\nStopped. Nothing was sent to anybody.")


def _run(port: int, sandbox_port: int) -> None:
    stage = prepare_stage(
        FOLDER.resolve(), port=port, sandbox_port=sandbox_port, tick_seconds=TICK_SECONDS
    )
    wiring = wire(stage.settings())
    with wiring.database.write() as session:
        network = seed(session, wiring, now=wiring.clock.now())
    with wiring.database.write() as session:
        seed_events(session, wiring, network, now=wiring.clock.now())
    wiring.close()
    with sandbox_running(stage, title="Phones"), service_running(stage):
        console.print(
            "\n[bold]Acompaña is running[/] with an invented network. Nothing leaves this machine.\n\n"
            f"  Console (signs you in, once)  {stage.public_url}/signin/{network.sign_in}\n"
            f"  Phones                        {stage.sandbox_url}/phones\n"
            f"  Family form                   {stage.public_url}/checkin\n\n"
            "Answer as a volunteer on a phone, and watch the seat fill in the console.\n"
            "Ctrl-C stops everything.\n"
        )
        threading.Event().wait()


def _stop_like_ctrl_c_on_sigterm() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
