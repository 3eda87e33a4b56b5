"""What leaves: readable only by whom it is for, harmless in a spreadsheet, and the same when it returns."""

from __future__ import annotations

import pyrage
import pytest

from service.db import Database
from service.errors import InvalidValue
from service.people.export import quoted, volunteers_as_csv
from service.people.import_.read import read_rows
from service.privacy.age import encrypt_to, encrypt_with
from service.privacy.keyring import Keyring
from tests.factories import StillClock, make_chapter, make_family, make_volunteer


def test_volunteers_of_this_chapter_and_nobody_else(
    database: Database, keyring: Keyring, clock: StillClock
) -> None:
    now = clock.now()
    with database.write() as session:
        chapter, other = make_chapter(session), make_chapter(session, "Coast")
        make_volunteer(session, keyring, chapter, 101, now=now, name="José", roles=["driver"])
        make_volunteer(session, keyring, chapter, 102, now=now, name='=cmd|"/c calc"!A1')
        make_volunteer(session, keyring, other, 103, now=now, name="Elsewhere")
        make_family(session, keyring, chapter, 120, now=now)
        data, many = volunteers_as_csv(session, keyring, chapter.id)
    assert many == 2
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\"'=cmd" in data
    rows = read_rows(data)
    assert rows[1:] == [
        ["José", "413-555-0101", "en", "", "driver", "2", "active"],
        ['=cmd|"/c calc"!A1', "413-555-0102", "en", "", "", "2", "active"],
    ]


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx"])
def test_what_looks_like_a_formula_is_quoted(cell: str) -> None:
    assert quoted(cell) == f"'{cell}"
    assert quoted(f"a{cell}") == f"a{cell}"


def test_only_the_owner_of_the_key_reads_it() -> None:
    hers, his = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    sealed = encrypt_to(b"names", str(hers.to_public()))
    assert b"names" not in sealed
    assert pyrage.decrypt(sealed, [hers]) == b"names"
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(sealed, [his])
    for typed in ("", "age1nothing", "ssh-ed25519 nothing", "AGE-SECRET-KEY-1"):
        with pytest.raises(InvalidValue, match="bad_recipient"):
            encrypt_to(b"", typed)


def test_a_passphrase_opens_it_and_a_short_one_is_refused() -> None:
    sealed = encrypt_with(b"names", "four good long words")
    assert pyrage.passphrase.decrypt(sealed, "four good long words") == b"names"
    with pytest.raises(InvalidValue, match="passphrase_short"):
        encrypt_with(b"", "short")
