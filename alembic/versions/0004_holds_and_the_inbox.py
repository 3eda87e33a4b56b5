"""A free place is kept for the next in line for a while; texts that need a person have a thread."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.add_column(sa.Column("held_until", sqlmodel.UTCDateTime(), nullable=True))
        rsvp.create_index("ix_rsvp_held_until", ["held_until"])
    with op.batch_alter_table("inbound") as inbound:
        for name in ("why", "meant", "corrected_by"):
            inbound.add_column(
                sa.Column(name, sa.String(), nullable=False, server_default=sa.text("''"))
            )
        inbound.add_column(
            sa.Column("effects", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
        inbound.add_column(sa.Column("corrected_at", sqlmodel.UTCDateTime(), nullable=True))
    with op.batch_alter_table("inbound") as inbound:  # the defaults were for the rows so far
        for name in ("why", "meant", "corrected_by", "effects"):
            inbound.alter_column(name, server_default=None)
    op.create_table(
        "thread",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("done_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_thread_person_id")),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_thread_chapter_id")),
        sa.ForeignKeyConstraint(
            ["assigned_to"], ["organizer.id"], name=op.f("fk_thread_assigned_to")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
        sa.UniqueConstraint("person_id", name=op.f("uq_thread_person_id")),
    )
    op.create_index("ix_thread_chapter_id_state_id", "thread", ["chapter_id", "state", "id"])
    _open_threads_of_what_waits()


def _open_threads_of_what_waits() -> None:
    uuid, at = sa.Uuid(), sqlmodel.UTCDateTime()
    inbound = sa.table(
        "inbound",
        sa.column("person_id", uuid),
        sa.column("received_at", at),
        sa.column("needs_person", sa.Boolean),
        sa.column("handled_at", at),
    )
    person = sa.table("person", sa.column("id", uuid), sa.column("chapter_id", uuid))
    thread = sa.table(
        "thread",
        sa.column("id", uuid),
        sa.column("person_id", uuid),
        sa.column("chapter_id", uuid),
        sa.column("state", sa.String),
        sa.column("opened_at", at),
        sa.column("done_by", sa.String),
    )
    connection = op.get_bind()
    waiting = connection.execute(
        sa.select(person.c.id, person.c.chapter_id, sa.func.max(inbound.c.received_at, type_=at))
        .join(inbound, inbound.c.person_id == person.c.id)
        .where(inbound.c.needs_person, inbound.c.handled_at.is_(None))
        .group_by(person.c.id, person.c.chapter_id)
    ).all()
    for person_id, chapter_id, received_at in waiting:
        connection.execute(
            thread.insert().values(
                id=uuid4(),
                person_id=person_id,
                chapter_id=chapter_id,
                state="open",
                opened_at=received_at,
                done_by="",
            )
        )


def downgrade() -> None:
    op.drop_table("thread")
    with op.batch_alter_table("inbound") as inbound:
        for name in ("why", "meant", "corrected_by", "effects", "corrected_at"):
            inbound.drop_column(name)
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.drop_index("ix_rsvp_held_until")
        rsvp.drop_column("held_until")
