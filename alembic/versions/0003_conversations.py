"""Conversations of several steps, vouching codes, sponsors, and the keyword of a chapter's posters."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "talk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("told_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_again", sa.String(), nullable=False),
        sa.Column("asked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("seen_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_talk_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk")),
        sa.UniqueConstraint("person_id", name=op.f("uq_talk_person_id")),
    )
    op.create_index(op.f("ix_talk_expires_at"), "talk", ["expires_at"])
    op.create_table(
        "vouch_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("code_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.Column("used_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chapter_id"], ["chapter.id"], name=op.f("fk_vouch_code_chapter_id_chapter")
        ),
        sa.ForeignKeyConstraint(
            ["made_by"], ["person.id"], name=op.f("fk_vouch_code_made_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["used_by"], ["person.id"], name=op.f("fk_vouch_code_used_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vouch_code")),
    )
    op.create_index(op.f("ix_vouch_code_made_by"), "vouch_code", ["made_by"])
    op.create_index(
        "uq_vouch_code_chapter_id_code_key", "vouch_code", ["chapter_id", "code_key"], unique=True
    )
    for table, column in (("chapter", "keyword"), ("family", "speaks")):
        op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=""))
        with op.batch_alter_table(table) as batch:  # only the rows of before need it
            batch.alter_column(column, server_default=None)
    op.add_column("person", sa.Column("erase_at", sqlmodel.UTCDateTime(), nullable=True))
    op.create_index(op.f("ix_person_erase_at"), "person", ["erase_at"])
    with op.batch_alter_table("checkin") as batch:
        batch.add_column(sa.Column("registered_by", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_checkin_registered_by_person"), "person", ["registered_by"], ["id"]
        )


def downgrade() -> None:
    with op.batch_alter_table("checkin") as batch:
        batch.drop_constraint(op.f("fk_checkin_registered_by_person"), type_="foreignkey")
        batch.drop_column("registered_by")
    op.drop_index(op.f("ix_person_erase_at"), "person")
    op.drop_column("person", "erase_at")
    op.drop_column("family", "speaks")
    op.drop_column("chapter", "keyword")
    op.drop_table("vouch_code")
    op.drop_table("talk")
