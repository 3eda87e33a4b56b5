"""Write the copies of blasts that are due, and note whom they ask: one chunk, one transaction."""

from __future__ import annotations

from datetime import datetime

from service.blasts.launch import due_blasts, write_chunk
from service.blasts.tables import BlastState
from service.db import Database
from service.rsvps.ask import open_asks


def launch_due_blasts(database: Database, *, now: datetime) -> int:
    """Launch what is due at `now`; return how many copies were written. Safe to run twice."""
    with database.read() as session:
        due = due_blasts(session, now=now)
    written = 0
    for blast_id in due:
        is_done = False
        while not is_done:
            with database.write() as session:
                blast, people = write_chunk(session, blast_id, now=now)
                if blast.asks:
                    open_asks(
                        session, people, blast.subject, now=now, expires_at=blast.not_after,
                        chapter_id=blast.chapter_id,
                    )  # fmt: skip
                written += len(people)
                is_done = blast.state is not BlastState.PLANNING
    return written
