"""Public forms that count only once the phone they name has answered: kept sealed, and not for long."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from service.db import new_id
from service.errors import InvalidValue
from service.people.tables import FormKind, PendingForm, Person
from service.privacy.keyring import KeyKind, Keyring
from service.privacy.seal import seal, unseal
from service.privacy.secrets import hash_secret, new_secret

KEPT_FOR = {FormKind.CHECKIN: timedelta(minutes=30), FormKind.JOIN: timedelta(days=7)}
CODE_LASTS = timedelta(minutes=10)
CODE_DIGITS = 6
MOST_TRIES = 5
MOST_SENDS = 3


def keep_form(
    session: Session, keyring: Keyring, person: Person, kind: FormKind, typed: Mapping[str, str], *,
    is_new: bool, now: datetime,
) -> tuple[PendingForm, str]:  # fmt: skip
    """Keep what was typed until `person` answers; return the row, and the secret for the browser.

    is_new: the person was written down only to be asked, and is forgotten if they don't answer.
    """
    form_id, secret = new_id(), new_secret()
    key = keyring.key(KeyKind.PERSON, person.id)
    sealed = seal(key, "pending_form", form_id, "form", json.dumps(dict(typed)))
    pending = PendingForm(
        id=form_id, kind=kind, person_id=person.id, secret_hash=hash_secret(secret),
        form_sealed=sealed, is_new=is_new or _has_new_form(session, person), made_at=now,
        expires_at=now + KEPT_FOR[kind],
    )  # fmt: skip
    session.add(pending)
    session.flush()
    return pending, secret


def find_form(
    session: Session, secret: str, kind: FormKind, *, now: datetime
) -> PendingForm | None:
    """Return the form of this browser and hold it, or None when it was never there or is over."""
    return session.exec(
        select(PendingForm)
        .where(
            PendingForm.secret_hash == hash_secret(secret),
            PendingForm.kind == kind,
            PendingForm.expires_at > now,
        )
        .with_for_update()
    ).first()


def newest_form(
    session: Session, person: Person, kind: FormKind, *, now: datetime
) -> PendingForm | None:
    """Return what this person sent last and has not confirmed yet, and hold it; or None."""
    return session.exec(
        select(PendingForm)
        .where(
            PendingForm.person_id == person.id,
            PendingForm.kind == kind,
            PendingForm.subject == "",
            PendingForm.expires_at > now,
        )
        .order_by(col(PendingForm.made_at).desc(), col(PendingForm.id).desc())
        .with_for_update()
    ).first()


def typed_in(keyring: Keyring, pending: PendingForm) -> dict[str, str]:
    """Return what was typed into the form."""
    key = keyring.key(KeyKind.PERSON, pending.person_id)
    typed: dict[str, str] = json.loads(
        unseal(key, "pending_form", pending.id, "form", pending.form_sealed)
    )
    return typed


def new_code(session: Session, keyring: Keyring, pending: PendingForm, *, now: datetime) -> str:
    """Return a new code of six digits for this form; the one before stops working.

    Raises InvalidValue on `code` when enough were sent. Wrong tries go on counting.
    """
    if pending.sends >= MOST_SENDS:
        raise InvalidValue("code", "codes_sent")
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    pending.code_hash = _hash(keyring, pending, code)
    pending.code_until = now + CODE_LASTS
    pending.sends += 1
    session.add(pending)
    session.flush()
    return code


def check_code(
    session: Session, keyring: Keyring, pending: PendingForm, typed: str, *, now: datetime
) -> None:
    """Take a code. Raises InvalidValue on `code`; the caller commits in that case too.

    A wrong try that was rolled back would not count.
    """
    if not typed:
        raise InvalidValue("code", "missing")
    if pending.tries >= MOST_TRIES:
        raise InvalidValue("code", "codes_tried")
    if pending.code_until is None or pending.code_until <= now:
        raise InvalidValue("code", "code_old")
    is_right = secrets.compare_digest(
        pending.code_hash, _hash(keyring, pending, re.sub(r"\D", "", typed))
    )
    if is_right:
        return
    pending.tries += 1
    session.add(pending)
    session.flush()
    raise InvalidValue("code", "codes_tried" if pending.tries >= MOST_TRIES else "code_wrong")


def as_read(code: str) -> str:
    """Return a code as a text shows it: 493 027."""
    return f"{code[:3]} {code[3:]}"


def _has_new_form(session: Session, person: Person) -> bool:
    before = select(PendingForm.id).where(
        PendingForm.person_id == person.id, col(PendingForm.is_new)
    )
    return session.exec(before.limit(1)).first() is not None


def _hash(keyring: Keyring, pending: PendingForm, code: str) -> bytes:
    return keyring.word_key(f"code {pending.id.hex} {code}")
