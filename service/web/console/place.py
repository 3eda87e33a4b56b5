"""Where passkeys are good: the host that people know, under the addresses of its pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from service.accounts.passkeys import Place
from service.wiring import Wiring


def place_of(request: Request, wiring: Wiring) -> Place:
    """Return the place of this request.

    A passkey belongs to a host's name. The public address counts; the request's own only where its
    host is the same (another port, in tests).
    """
    public = urlsplit(wiring.settings.public_url)
    origins = [f"{public.scheme}://{public.netloc}"]
    if request.url.hostname == public.hostname:
        origins.append(f"{request.url.scheme}://{request.url.netloc}")
    return Place(public.hostname or "localhost", origins)
