"""What kind of browser this is, in a word or two, so that its owner knows it again in a list.

Nothing that tells one phone from another of its kind: no version, no address.
"""

from __future__ import annotations

from fastapi import Request

# The first that fits counts: Edge says that it is Chrome, and Chrome that it is Safari.
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"),
    ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def device_of(request: Request) -> str | None:
    """Return "Firefox, Android" and the like; None where the browser doesn't say."""
    said = request.headers.get("user-agent", "")
    parts = [
        next((name for mark, name in kinds if mark in said), None) for kinds in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(part for part in parts if part) or None
