"""Let in only what our own pages sent: other sites can't act in an organizer's name."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from service.errors import NotAllowed
from service.web.session import Parts

SAFE = ("GET", "HEAD", "OPTIONS")


def same_origin(request: Request, wiring: Parts) -> None:
    """Raise NotAllowed for a request that changes something and does not come from our own pages.

    The browser's word, in this order: Origin, Sec-Fetch-Site, Referer. None of them: refused.
    """
    if request.method in SAFE:
        return
    ours = {_origin(wiring.settings.public_url), f"{request.url.scheme}://{request.url.netloc}"}
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin is not None and origin != "null":
        is_ours = origin in ours
    elif site is not None:
        is_ours = site == "same-origin"
    else:
        is_ours = _origin(request.headers.get("referer", "")) in ours
    if not is_ours:
        raise NotAllowed(None, f"a form from elsewhere: {request.method} {request.url.path}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
