"""`acompana migrate`: bring the database and the keyring to the newest schema."""

from __future__ import annotations

from typing import Annotated

import typer

from service.db.migrate import upgrade
from service.errors import Misuse
from service.privacy.keyring import make_master_key
from service.settings import Settings
from service.wiring import wire


def migrate(
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make the master key first. Never replaces one.")
    ] = False,
) -> None:
    """Bring the database and the keyring to the newest schema. Safe to run twice."""
    settings = Settings()
    prepare(settings, new_key=new_key)
    if new_key:
        path = settings.master_key_file
        print(f"Made {path}. Keep a copy offline: without it nothing sealed can be read again.")
    print("The database and the keyring are up to date.")


def prepare(settings: Settings, *, new_key: bool) -> None:
    """Make what is missing: the key (if asked), the data's schema, the keyring's schema."""
    path = settings.master_key_file
    if new_key:
        if path.exists():
            raise Misuse(f"{path} exists already; a new key could not open what the old one sealed")
        make_master_key(path)
    wiring = wire(settings)
    try:
        upgrade(settings.database_url)
        wiring.keyring.prepare()
    finally:
        wiring.close()
