"""A person can belong to several chapters, and an organizer work in several."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

CHAPTER, PERSON = ["chapter.id"], ["person.id"]


def upgrade() -> None:
    moment, text, yes_no = sqlmodel.UTCDateTime(), sa.String(), sa.Boolean()
    op.create_table(
        "membership",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", moment, nullable=False),
        sa.Column("how", text, nullable=False),
        sa.Column("is_volunteer", yes_no, nullable=False),
        sa.Column("is_family", yes_no, nullable=False),
        sa.Column("vetting", sa.Integer(), nullable=False),
        sa.Column("vouched_by", sa.Uuid(), nullable=True),
        sa.Column("paused_until", moment, nullable=True),
        sa.Column("left_at", moment, nullable=True),
        sa.Column("invited_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], PERSON, name="fk_membership_person_id"),
        sa.ForeignKeyConstraint(["chapter_id"], CHAPTER, name="fk_membership_chapter_id"),
        sa.ForeignKeyConstraint(["vouched_by"], PERSON, name="fk_membership_vouched_by"),
        sa.PrimaryKeyConstraint("person_id", "chapter_id", name="pk_membership"),
    )
    op.create_index("ix_membership_chapter_id_person_id", "membership", ["chapter_id", "person_id"])
    op.add_column("person", sa.Column("also_in", sa.JSON(), nullable=True))
    op.add_column("volunteer", sa.Column("left_at", moment, nullable=True))
    with op.batch_alter_table("family") as batch:
        batch.add_column(sa.Column("is_home", yes_no, nullable=False, server_default="1"))
    with op.batch_alter_table("seat") as batch:
        batch.add_column(sa.Column("chapter_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key("fk_seat_chapter_id", "chapter", ["chapter_id"], ["id"])
    _say_whose_seats()
    with op.batch_alter_table("thread") as batch:
        batch.drop_constraint("uq_thread_person_id", type_="unique")
    op.create_index(
        "uq_thread_person_id_chapter_id", "thread", ["person_id", "chapter_id"], unique=True
    )


def _say_whose_seats() -> None:
    """Fill in whose events the seats so far belong to, by their subjects."""
    seat = sa.table("seat", sa.column("subject"), sa.column("chapter_id", sa.Uuid()))
    connection = op.get_bind()
    for kind in ("checkin", "rally"):
        event = sa.table(kind, sa.column("id", sa.Uuid()), sa.column("chapter_id", sa.Uuid()))
        for id_, chapter_id in connection.execute(sa.select(event.c.id, event.c.chapter_id)):
            connection.execute(
                seat.update()
                .where(seat.c.subject == f"{kind}:{id_.hex}")
                .values(chapter_id=chapter_id)
            )


def downgrade() -> None:
    op.drop_index("uq_thread_person_id_chapter_id", "thread")
    _keep_one_thread_a_person()
    with op.batch_alter_table("thread") as batch:
        batch.create_unique_constraint("uq_thread_person_id", ["person_id"])
    with op.batch_alter_table("seat") as batch:
        batch.drop_constraint("fk_seat_chapter_id", type_="foreignkey")
        batch.drop_column("chapter_id")
    for table, column in (("family", "is_home"), ("volunteer", "left_at"), ("person", "also_in")):
        with op.batch_alter_table(table) as batch:
            batch.drop_column(column)
    op.drop_index("ix_membership_chapter_id_person_id", "membership")
    op.drop_table("membership")


def _keep_one_thread_a_person() -> None:
    """Leave the oldest thread of each person: before, there was one."""
    op.execute(
        "delete from thread where exists (select 1 from thread as older"
        " where older.person_id = thread.person_id and older.id < thread.id)"
    )
