"""A rally can be opened to other chapters, which call their own people to it."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sqlmodel.UTCDateTime()
    op.create_table(
        "rally_chapter",
        sa.Column("rally_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("joined_by", sa.String(), nullable=False),
        sa.Column("joined_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["rally_id"], ["rally.id"], name="fk_rally_chapter_rally_id"),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_rally_chapter_chapter_id"),
        sa.PrimaryKeyConstraint("rally_id", "chapter_id", name="pk_rally_chapter"),
    )
    op.create_index("ix_rally_chapter_chapter_id", "rally_chapter", ["chapter_id"])
    op.add_column("rally", sa.Column("opened_at", moment, nullable=True))
    with op.batch_alter_table("ask") as batch:
        batch.add_column(sa.Column("chapter_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key("fk_ask_chapter_id", "chapter", ["chapter_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("ask") as batch:
        batch.drop_constraint("fk_ask_chapter_id", type_="foreignkey")
        batch.drop_column("chapter_id")
    with op.batch_alter_table("rally") as batch:
        batch.drop_column("opened_at")
    op.drop_index("ix_rally_chapter_chapter_id", table_name="rally_chapter")
    op.drop_table("rally_chapter")
