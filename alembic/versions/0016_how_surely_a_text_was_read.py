"""How surely a text was read stands beside what it was read as."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("inbound", sa.Column("certainty", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("inbound") as batch_op:  # only the rows of before need it
        batch_op.alter_column("certainty", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("inbound") as batch_op:
        batch_op.drop_column("certainty")
