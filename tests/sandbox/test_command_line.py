"""The process: it says where it listens, and it ends when told to."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.sandbox.driver import PATIENCE_SECONDS, start_sandbox, stop, url_of


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_when_told_to_with_open_streams(number: signal.Signals) -> None:
    process = start_sandbox()
    try:
        with httpx.stream("GET", f"{url_of(process)}/phones/events", timeout=30) as stream:
            lines = stream.iter_lines()
            next(lines)
            process.send_signal(number)
            list(lines)  # the stream ends
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        stop(process)


def test_a_restart_keeps_the_offset(tmp_path: Path) -> None:
    clock = tmp_path / "deep" / "clock"
    for _ in range(2):
        process = start_sandbox("--clock-file", str(clock))
        try:
            url = url_of(process)
            httpx.post(f"{url}/_sandbox/clock", json={"advance_seconds": 60}).raise_for_status()
        finally:
            stop(process)
    assert struct.unpack("<q", clock.read_bytes()) == (120_000_000,)


def test_will_not_start_without_a_token() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ACOMPANA_TWILIO_AUTH_TOKEN"}
    done = subprocess.run(
        [sys.executable, "-m", "service.sandbox"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 2
    assert "ACOMPANA_TWILIO_AUTH_TOKEN" in done.stderr


def test_the_token_is_in_no_repr() -> None:
    from service.sandbox.config import Config

    config = Config(account_sid="AC1", auth_token="hush", numbers=("+14135550142",))
    assert "hush" not in repr(config)
