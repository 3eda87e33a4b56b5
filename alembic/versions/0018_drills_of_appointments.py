"""An appointment can be practised among guests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("checkin") as batch:
        batch.add_column(sa.Column("is_drill", sa.Boolean(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("stand_in_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key("fk_checkin_stand_in_id", "person", ["stand_in_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("checkin") as batch:
        batch.drop_constraint("fk_checkin_stand_in_id", type_="foreignkey")
        batch.drop_column("stand_in_id")
        batch.drop_column("is_drill")
