"""Notice that something was written, without a column or a trigger for it."""

from __future__ import annotations

import contextlib

from sqlalchemy import Connection, text

from service.db.database import Database
from service.errors import Unavailable


class ChangeWatch:
    """Watches one database over a connection of its own. For one thread at a time.

    SQLite: `data_version` moves when another connection commits. PostgreSQL: the newest
    transaction id moves with every write.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None

    def mark(self) -> int:
        """Return a number that differs once something was written since the last call.

        Raises Unavailable when the database can't be reached; the next call connects anew.
        """
        is_sqlite = self._database.is_sqlite
        query = (
            "PRAGMA data_version" if is_sqlite else "select pg_snapshot_xmax(pg_current_snapshot())"
        )
        try:
            if self._connection is None:
                self._connection = self._database.reader.connect()
            found = self._connection.execute(text(query)).scalar_one()
            self._connection.rollback()
        except Exception as error:
            self.close()
            raise Unavailable("the database does not answer") from error
        return int(str(found))

    def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(Exception):
            if self._connection is not None:
                self._connection.close()
        self._connection = None
