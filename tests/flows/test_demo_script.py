"""The whole story over real sockets: the service, a carrier, sixteen phones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(180)
def test_every_step_of_the_story_happens(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "service",
        "demo",
        "--script",
        "--port",
        "0",
        "--sandbox-port",
        "0",
    ]
    played = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True,
        timeout=170, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-2000:]
    assert "Every step happened." in played.stdout
