"""Move the schema: up, down, and say whether it is the newest. Never needs a key."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from service.db.database import Database

_HERE = Path(__file__).resolve()
_IN_WHEEL = _HERE.parent / "migrations"
_IN_CHECKOUT = _HERE.parents[2] / "alembic"


def config(url: str) -> Config:
    """Return Alembic's set-up for the database at `url`; the scripts come with the package."""
    scripts = _IN_WHEEL if _IN_WHEEL.exists() else _IN_CHECKOUT
    made = Config()
    made.set_main_option("script_location", str(scripts))
    made.set_main_option("version_locations", str(scripts / "versions"))
    made.set_main_option("path_separator", "os")
    made.attributes["url"] = url
    return made


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`. Safe to run twice."""
    command.upgrade(config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` down to `revision` ("base" drops everything)."""
    command.downgrade(config(url), revision)


def is_current(database: Database) -> bool:
    """Return whether the database has the newest schema."""
    newest = ScriptDirectory.from_config(config(str(database.url))).get_current_head()
    with database.reader.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest
