"""A passkey made of software: what a phone would answer, so that each part of it can be bent."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url as text

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    """One passkey for `site`, used on pages of `origin`."""

    site: str = "localhost"
    origin: str = "http://localhost:8000"
    flags: int = PRESENT | VERIFIED
    count: int = 0
    id: bytes = field(default_factory=lambda: os.urandom(16))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, asked: str) -> str:
        """Answer to a request to make a passkey."""
        numbers = self.key.public_key().public_numbers()
        cose = {
            1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big"),
        }  # fmt: skip
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        said = self._said(asked, "webauthn.create")
        attestation = {
            "fmt": "none", "attStmt": {}, "authData": self._data(self.flags | WITH_KEY) + attested,
        }  # fmt: skip
        return self._answer(
            clientDataJSON=text(said),
            attestationObject=text(cbor2.dumps(attestation)),
            transports=["internal", "carrier pigeon"],
        )

    def sign(self, asked: str, **changes: Any) -> str:
        """Answer to a request to sign."""
        self.count += 1
        said = self._said(asked, "webauthn.get")
        data = self._data(self.flags)
        signature = self.key.sign(data + sha256(said).digest(), ec.ECDSA(SHA256()))
        parts = {
            "clientDataJSON": text(said), "authenticatorData": text(data),
            "signature": text(signature), "userHandle": None,
        }  # fmt: skip
        return self._answer(**parts | changes)

    def _said(self, asked: str, kind: str) -> bytes:
        challenge = json.loads(asked)["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, flags: int) -> bytes:
        return sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _answer(self, **response: Any) -> str:
        answer = {"id": text(self.id), "rawId": text(self.id), "type": "public-key"}
        return json.dumps(answer | {"response": response})
