"""The web application for tests: put together once a process, given each test's own parts."""

from __future__ import annotations

from fastapi import FastAPI

from service.app import create_app
from service.web.session import attach
from service.wiring import Wiring

_made: dict[bool, FastAPI] = {}


def app_of(wiring: Wiring) -> FastAPI:
    """Return the application with these parts. One at a time: the next call gives it others."""
    is_https = wiring.settings.public_url.startswith("https:")
    app = _made.get(is_https)
    if app is None:
        app = _made[is_https] = create_app(wiring)
    else:
        attach(app, wiring)
    return app
