"""Who answered a thread last; trainings of volunteers; a chapter's own texts, with their history."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment, text = sqlmodel.UTCDateTime(), sa.String()
    op.add_column("thread", sa.Column("answered_by", text, nullable=True))
    op.add_column("thread", sa.Column("answered_at", moment, nullable=True))
    op.create_index(
        "ix_thread_chapter_id_state_opened_at", "thread", ["chapter_id", "state", "opened_at"]
    )
    op.create_index("ix_thread_chapter_id_opened_at", "thread", ["chapter_id", "opened_at"])
    op.add_column("volunteer", sa.Column("trainings", sa.JSON(), nullable=True))
    op.add_column(
        "chapter", sa.Column("texts_version", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "own_text",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("language", text, nullable=False),
        sa.Column("says", text, nullable=False),
        sa.Column("made_by", text, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_own_text_chapter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_own_text"),
    )
    op.create_index(
        "ix_own_text_chapter_id_key_language", "own_text", ["chapter_id", "key", "language"]
    )


def downgrade() -> None:
    op.drop_table("own_text")
    op.drop_column("chapter", "texts_version")
    op.drop_column("volunteer", "trainings")
    op.drop_index("ix_thread_chapter_id_opened_at", "thread")
    op.drop_index("ix_thread_chapter_id_state_opened_at", "thread")
    op.drop_column("thread", "answered_at")
    op.drop_column("thread", "answered_by")
