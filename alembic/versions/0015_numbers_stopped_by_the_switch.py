"""A number that the switch stopped is told from one that was put to rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sender", sa.Column("is_halted", sa.Boolean(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    with op.batch_alter_table("sender") as batch_op:
        batch_op.drop_column("is_halted")
