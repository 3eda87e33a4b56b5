"""What is sealed opens only in its place and under its key; destroyed keys stay destroyed."""

from __future__ import annotations

import pytest

from service.db import Database, new_id
from service.privacy.keyring import KeyGone, KeyKind, Keyring, make_master_key, read_master_key
from service.privacy.seal import SealBroken, new_key, seal, unseal
from tests.conftest import MASTER_KEY, Urls

pytestmark = pytest.mark.keyring_on_postgresql
ROW = new_id()


def test_opens_what_it_sealed() -> None:
    key = new_key()
    assert (
        unseal(key, "person", ROW, "alias", seal(key, "person", ROW, "alias", "Ñandú 🦉"))
        == "Ñandú 🦉"
    )


@pytest.mark.parametrize(
    ("table", "row", "column"),
    [("family", ROW, "alias"), ("person", new_id(), "alias"), ("person", ROW, "phone")],
)
def test_does_not_open_elsewhere(table: str, row: object, column: str) -> None:
    key = new_key()
    sealed = seal(key, "person", ROW, "alias", "Azucena")
    with pytest.raises(SealBroken):
        unseal(key, table, row, column, sealed)  # type: ignore[arg-type]


def test_does_not_open_under_another_key() -> None:
    with pytest.raises(SealBroken):
        unseal(new_key(), "person", ROW, "alias", seal(new_key(), "person", ROW, "alias", "A"))


def test_the_same_text_never_looks_the_same() -> None:
    key = new_key()
    assert seal(key, "p", ROW, "c", "A") != seal(key, "p", ROW, "c", "A")


def test_keys_survive_a_restart_and_are_made_once(urls: Urls, keyring: Keyring) -> None:
    person = new_id()
    keyring.create(KeyKind.PERSON, [person])
    first = keyring.key(KeyKind.PERSON, person)
    keyring.create(KeyKind.PERSON, [person])
    again = Keyring(Database(urls.keyring), MASTER_KEY)
    assert again.key(KeyKind.PERSON, person) == first
    assert again.phone_key("+14135550101") == keyring.phone_key("+14135550101")
    again.close()


def test_a_destroyed_key_is_gone(keyring: Keyring) -> None:
    person = new_id()
    keyring.create(KeyKind.PERSON, [person])
    keyring.destroy(KeyKind.PERSON, [person])
    with pytest.raises(KeyGone):
        keyring.key(KeyKind.PERSON, person)


def test_another_master_key_opens_nothing(urls: Urls, keyring: Keyring) -> None:
    person = new_id()
    keyring.create(KeyKind.PERSON, [person])
    thief = Keyring(Database(urls.keyring), bytes(32))
    with pytest.raises(SealBroken):
        thief.key(KeyKind.PERSON, person)
    thief.close()


def test_the_master_key_is_the_owners_alone(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "keys" / "master.key"
    make_master_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(read_master_key(path)) == 32
    path.chmod(0o644)
    with pytest.raises(Exception, match="chmod 600"):
        read_master_key(path)
    with pytest.raises(FileExistsError):
        make_master_key(path)
