"""Who wrote an action last stands on the message that asks for it, as with every other message."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("action") as batch:
        batch.drop_column("changed_by")


def downgrade() -> None:
    with op.batch_alter_table("action") as batch:
        batch.add_column(sa.Column("changed_by", sa.Uuid(), nullable=True))
