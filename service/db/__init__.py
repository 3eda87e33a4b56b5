"""The database: how it is opened, how its schema moves, and what its columns are made of."""

from service.db.database import Database
from service.db.ids import new_id
from service.db.tables import Table

__all__ = ["Database", "Table", "new_id"]
