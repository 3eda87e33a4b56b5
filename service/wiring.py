"""The only place that constructs: settings become a database, a clock, a catalog, a keyring.

It also imports every room's tables, so that Alembic sees all of them.
"""

from __future__ import annotations

import service.accounts.tables
import service.blasts.tables
import service.chapters.tables
import service.checkins.tables
import service.outbox.tables
import service.people.tables
import service.privacy.audit
import service.rallies.tables
import service.replies.tables
import service.rsvps.tables  # noqa: F401
