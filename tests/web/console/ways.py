"""Ways in for the tests: an invitation, a code app, a session of one's own; what is on the record."""

from __future__ import annotations

from datetime import timedelta

import pyotp
from fastapi.testclient import TestClient
from sqlmodel import col, select

from service.accounts import codes, sessions
from service.accounts.sign_in import make_invitation
from service.accounts.tables import How, Organizer
from service.privacy import audit
from service.privacy.audit import AuditLine
from service.wiring import Wiring


def invitation(wiring: Wiring, who: Organizer) -> str:
    with wiring.database.write() as session:
        return f"/signin/{make_invitation(session, who.id, now=wiring.clock.now())}"


def app_of_theirs(wiring: Wiring, who: Organizer) -> pyotp.TOTP:
    """Set up a code app for somebody, some time ago."""
    now = wiring.clock.now() - timedelta(hours=1)
    with wiring.database.write() as session:
        app = pyotp.TOTP(codes.begin_app(session, wiring.keyring, who, now=now))
        codes.finish_app(session, wiring.keyring, who, app.at(now), now=now)
    return app


def signed_in_as(wiring: Wiring, browser: TestClient, who: Organizer) -> TestClient:
    with wiring.database.write() as session:
        cookie = sessions.begin(session, who, How.CODE, now=wiring.clock.now())
    browser.cookies.set("acompana", cookie)
    return browser


def actions(wiring: Wiring) -> list[str]:
    with wiring.database.read() as session:
        assert audit.first_broken(session) is None
        query = select(AuditLine).order_by(col(AuditLine.number))
        return [f"{line.action} {line.detail}".strip() for line in session.exec(query)]
