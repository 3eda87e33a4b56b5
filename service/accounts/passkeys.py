"""Passkeys (WebAuthn): asked for, added, signed in with, taken away.

The site is who the browser says it talks to: `Place` holds its name and the addresses under which
its pages are open. Each challenge is a row, made for one purpose, used up by its first answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from service.accounts.sign_in import viewer_of
from service.accounts.tables import Challenge, Organizer, Passkey, Purpose
from service.db import new_id
from service.errors import InvalidValue, NotFound
from service.privacy import audit

CHALLENGE_LIFE = timedelta(minutes=5)
LONGEST_LABEL = 40
LONGEST_CREDENTIAL = 20_000  # of the browser's answer, in letters
_REQUIRED = UserVerificationRequirement.REQUIRED
# What the library and JSON raise for bytes that no browser sends.
UNREADABLE = (
    WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where passkeys are good: `site` is the host's name, `origins` its addresses."""

    site: str
    origins: Sequence[str]
    network: str = "Acompaña"


def ask_to_set_up(session: Session, place: Place, organizer: Organizer, *, now: datetime) -> str:
    """Return, as JSON, what the browser needs to make a passkey for this organizer."""
    options = generate_registration_options(
        rp_id=place.site,
        rp_name=place.network,
        user_id=organizer.id.bytes,
        user_name=organizer.sign_in_name or organizer.name,
        user_display_name=organizer.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
        exclude_credentials=_known(list_passkeys(session, organizer.id)),
    )
    _remember(session, Purpose.SET_UP, organizer.id, options.challenge, now)
    return options_to_json(options)


def add(
    session: Session, place: Place, organizer: Organizer, credential: str, label: str, *,
    now: datetime,
) -> Passkey:  # fmt: skip
    """Keep the passkey that a browser made. Raises InvalidValue on `credential` or `label`."""
    if len(label) > LONGEST_LABEL:
        raise InvalidValue("label", "too_long", limit=LONGEST_LABEL)
    challenge = _answered(session, credential, Purpose.SET_UP, organizer.id, now)
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge.nonce,
            expected_rp_id=place.site,
            expected_origin=list(place.origins),
            require_user_verification=True,
        )
    except UNREADABLE as error:
        raise InvalidValue("credential", "passkey_not_read", type(error).__name__) from error
    if _by_credential(session, made.credential_id) is not None:
        raise InvalidValue("credential", "passkey_known")
    passkey = Passkey(
        id=new_id(), organizer_id=organizer.id, credential=made.credential_id,
        public_key=made.credential_public_key, sign_count=made.sign_count,
        transports=_transports(credential), label=label.strip(), created_at=now,
    )  # fmt: skip
    session.add(passkey)
    audit.record(
        session, actor=viewer_of(organizer), action="sign_in.passkey_added", subject="organizer",
        now=now,
    )  # fmt: skip
    return passkey


def ask(
    session: Session, place: Place, purpose: Purpose, organizer_id: UUID | None, *, now: datetime
) -> str:
    """Return, as JSON, what the browser needs to sign with a passkey.

    organizer_id None: whoever it is; the browser offers every passkey that it has for this site.
    """
    known = list_passkeys(session, organizer_id) if organizer_id is not None else []
    options = generate_authentication_options(
        rp_id=place.site, user_verification=_REQUIRED, allow_credentials=_known(known)
    )
    _remember(session, purpose, organizer_id, options.challenge, now)
    return options_to_json(options)


def check(
    session: Session, place: Place, credential: str, purpose: Purpose, organizer_id: UUID | None, *,
    now: datetime,
) -> Organizer:  # fmt: skip
    """Return whose passkey signed. Raises InvalidValue on `credential`: always the same words."""
    challenge = _answered(session, credential, purpose, organizer_id, now)
    passkey = _by_credential(session, _credential_id(credential))
    organizer = None if passkey is None else session.get(Organizer, passkey.organizer_id)
    if passkey is None or organizer is None or not organizer.is_active:
        raise InvalidValue("credential", "passkey_not_read", "not known")
    if organizer_id is not None and organizer.id != organizer_id:
        raise InvalidValue("credential", "passkey_not_read", "somebody else's")
    try:
        signed = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge.nonce,
            expected_rp_id=place.site,
            expected_origin=list(place.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except UNREADABLE as error:
        raise InvalidValue("credential", "passkey_not_read", type(error).__name__) from error
    passkey.sign_count, passkey.used_at = signed.new_sign_count, now
    session.add(passkey)
    return organizer


def remove(session: Session, organizer: Organizer, passkey_id: UUID, *, now: datetime) -> None:
    """Take one of the organizer's passkeys away. Raises NotFound."""
    passkey = session.get(Passkey, passkey_id)
    if passkey is None or passkey.organizer_id != organizer.id:
        raise NotFound(None, f"no passkey {passkey_id}")
    session.delete(passkey)
    audit.record(
        session, actor=viewer_of(organizer), action="sign_in.passkey_removed", subject="organizer",
        now=now,
    )  # fmt: skip


def list_passkeys(session: Session, organizer_id: UUID) -> Sequence[Passkey]:
    """Return the organizer's passkeys, oldest first."""
    return session.exec(
        select(Passkey).where(Passkey.organizer_id == organizer_id).order_by(col(Passkey.id))
    ).all()


def _remember(
    session: Session, purpose: Purpose, organizer_id: UUID | None, nonce: bytes, now: datetime
) -> None:
    session.exec(delete(Challenge).where(col(Challenge.expires_at) <= now))
    session.add(
        Challenge(
            id=new_id(), purpose=purpose, organizer_id=organizer_id, nonce=nonce,
            expires_at=now + CHALLENGE_LIFE,
        )
    )  # fmt: skip


def _answered(
    session: Session, credential: str, purpose: Purpose, organizer_id: UUID | None, now: datetime
) -> Challenge:
    """Return the challenge that this answers, used up: deleted where it is found."""
    try:
        said = json.loads(credential[:LONGEST_CREDENTIAL])["response"]["clientDataJSON"]
        nonce = parse_client_data_json(base64url_to_bytes(said)).challenge
    except UNREADABLE as error:
        raise InvalidValue("credential", "passkey_not_read", type(error).__name__) from error
    row = session.exec(select(Challenge).where(Challenge.nonce == nonce)).first()
    gone = session.exec(delete(Challenge).where(col(Challenge.nonce) == nonce))
    is_ours = row is not None and (row.purpose, row.organizer_id) == (purpose, organizer_id)
    if row is None or gone.rowcount != 1 or not is_ours or row.expires_at <= now:
        raise InvalidValue("credential", "passkey_not_read", "no such challenge")
    return row


def _credential_id(credential: str) -> bytes:
    try:
        return base64url_to_bytes(json.loads(credential)["rawId"])
    except UNREADABLE as error:
        raise InvalidValue("credential", "passkey_not_read", type(error).__name__) from error


def _by_credential(session: Session, credential_id: bytes) -> Passkey | None:
    return session.exec(select(Passkey).where(Passkey.credential == credential_id)).first()


def _transports(credential: str) -> list[str]:
    """Return how the passkey can be reached, as far as the browser says so in words that we know."""
    said = json.loads(credential).get("response", {}).get("transports")
    known = {each.value for each in AuthenticatorTransport}
    return [word for word in said if word in known] if isinstance(said, list) else []


def _known(passkeys: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=passkey.credential,
            transports=[AuthenticatorTransport(word) for word in passkey.transports],
        )
        for passkey in passkeys
    ]
