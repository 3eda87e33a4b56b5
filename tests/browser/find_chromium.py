"""Find a Chromium for the page tests, or install Debian's as root, or say in one line what is skipped.

In CI (CI=true) a missing browser is a failure, not a skip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-color-emoji")


def find() -> str | None:
    """Return the path of a browser, or None."""
    if named := os.environ.get("CHROMIUM"):
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    """Install Debian's, where we may."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("· installing Debian's chromium for the page tests", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES],
    ):
        subprocess.run(
            ["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=False
        )


def main() -> int:
    """Make sure of a browser; return the exit status."""
    if find() is None:
        install()
    if find() is not None:
        return 0
    print("no Chromium found: tests/browser is skipped (install chromium, or set CHROMIUM=PATH)")
    return 1 if os.environ.get("CI") else 0


if __name__ == "__main__":
    sys.exit(main())
