"""Codes that an app shows, a new one each half minute (TOTP, RFC 6238); and recovery codes on paper."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import pyotp
from sqlmodel import Session, col, delete, func, select, update

from service.accounts.secrets import hash_secret, new_recovery_code, plain_recovery_code
from service.accounts.sign_in import viewer_of
from service.accounts.tables import CodeApp, Organizer, RecoveryCode
from service.db import new_id
from service.errors import InvalidValue, WrongState
from service.privacy import audit
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.seal import seal, unseal

STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1  # a phone's clock may be half a minute off
RECOVERY_CODES = 8


def begin_app(session: Session, keyring: Keyring, organizer: Organizer, *, now: datetime) -> str:
    """Return the secret for a new code app (base32). It counts once it has shown a code.

    An app that is being set up is shown the same secret again; one that counts already has to be
    taken away first: raises WrongState.
    """
    row = session.get(CodeApp, organizer.id)
    if row is not None and row.confirmed_at is not None:
        raise WrongState("code_app_there")
    if row is not None:
        return _secret(keyring, row)
    secret = pyotp.random_base32()
    keyring.create(KeyKind.ORGANIZER, [organizer.id])  # committed before the row that it seals
    key = keyring.key(KeyKind.ORGANIZER, organizer.id)
    sealed = seal(key, "code_app", organizer.id, "secret", secret)
    session.add(CodeApp(organizer_id=organizer.id, secret_sealed=sealed, created_at=now))
    session.flush()
    return secret


def secret_of(session: Session, keyring: Keyring, organizer_id: UUID) -> str:
    """Return the secret of the app that is being set up. Raises WrongState when none is."""
    row = session.get(CodeApp, organizer_id)
    if row is None or row.confirmed_at is not None:
        raise WrongState("code_app_there")
    return _secret(keyring, row)


def address(secret: str, organizer: Organizer, network: str) -> str:
    """Return the otpauth:// address that a QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(
        name=organizer.sign_in_name or organizer.name, issuer_name=network
    )


def finish_app(
    session: Session, keyring: Keyring, organizer: Organizer, typed: str, *, now: datetime
) -> None:
    """Let the app count, now that it has shown a good code. Raises InvalidValue on `code`."""
    row = session.get(CodeApp, organizer.id)
    step = None if row is None else _step_of(keyring, row, typed, now)
    if row is None or step is None:
        raise InvalidValue("code", "wrong_code")
    row.confirmed_at, row.last_step = now, step
    session.add(row)
    audit.record(
        session, actor=viewer_of(organizer), action="sign_in.app_added", subject="organizer",
        now=now,
    )  # fmt: skip


def remove_app(session: Session, organizer: Organizer, *, now: datetime) -> None:
    """Take the code app away. Safe to run twice."""
    row = session.get(CodeApp, organizer.id)
    if row is None:
        return
    session.delete(row)
    audit.record(
        session, actor=viewer_of(organizer), action="sign_in.app_removed", subject="organizer",
        now=now,
    )  # fmt: skip


def has_app(session: Session, organizer_id: UUID) -> bool:
    """Return whether a code app of theirs counts."""
    row = session.get(CodeApp, organizer_id)
    return row is not None and row.confirmed_at is not None


def use_code(
    session: Session, keyring: Keyring, organizer_id: UUID, typed: str, *, now: datetime
) -> bool:
    """Return whether the app shows this code now, and use it up: none works twice."""
    row = session.get(CodeApp, organizer_id)
    if row is None or row.confirmed_at is None:
        return False
    step = _step_of(keyring, row, typed, now)
    if step is None:
        return False
    used = session.exec(
        update(CodeApp)
        .where(col(CodeApp.organizer_id) == organizer_id, col(CodeApp.last_step) < step)
        .values(last_step=step)
    )
    return used.rowcount == 1


def new_recovery_codes(session: Session, organizer: Organizer, *, now: datetime) -> Sequence[str]:
    """Return new codes to keep on paper, shown this once; those before stop working."""
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.organizer_id) == organizer.id))
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(
            id=new_id(), organizer_id=organizer.id, secret_hash=hash_secret(code), created_at=now
        )
        for code in codes
    )
    audit.record(
        session, actor=viewer_of(organizer), action="sign_in.recovery_codes", subject="organizer",
        now=now,
    )  # fmt: skip
    return codes


def recovery_codes_left(session: Session, organizer_id: UUID) -> int:
    """Return how many of the codes on paper still work."""
    return session.exec(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.organizer_id == organizer_id, col(RecoveryCode.used_at).is_(None))
    ).one()


def use_recovery_code(session: Session, organizer_id: UUID, typed: str, *, now: datetime) -> bool:
    """Return whether this is one of their codes on paper, and use it up."""
    used = session.exec(
        update(RecoveryCode)
        .where(
            col(RecoveryCode.organizer_id) == organizer_id,
            col(RecoveryCode.secret_hash) == hash_secret(plain_recovery_code(typed)),
            col(RecoveryCode.used_at).is_(None),
        )
        .values(used_at=now)
    )
    return used.rowcount == 1


def _secret(keyring: Keyring, row: CodeApp) -> str:
    key = keyring.key(KeyKind.ORGANIZER, row.organizer_id)
    return unseal(key, "code_app", row.organizer_id, "secret", row.secret_sealed)


def _step_of(keyring: Keyring, row: CodeApp, typed: str, now: datetime) -> int | None:
    """Return which half minute's code this is, of those around now; None for any other."""
    digits = "".join(letter for letter in typed if letter.isascii() and letter.isdigit())
    if len(digits) != DIGITS:
        return None
    app = pyotp.TOTP(_secret(keyring, row))
    present = int(now.timestamp()) // STEP_SECONDS
    for step in range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1):
        if hmac.compare_digest(app.generate_otp(step), digits):
            return step
    return None
