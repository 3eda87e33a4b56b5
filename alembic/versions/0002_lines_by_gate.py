"""Texts wait in lines, one a priority and gate: a claim passes a shut gate by, however many wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

IS_PLANNED = sa.text("state = 'planned'")


def upgrade() -> None:
    op.drop_index("ix_delivery_claim", "delivery")
    op.create_index(
        "ix_delivery_claim",
        "delivery",
        ["sender_id", "priority", "gate_id", "not_before", "id"],
        sqlite_where=IS_PLANNED,
        postgresql_where=IS_PLANNED,
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_claim", "delivery")
    op.create_index(
        "ix_delivery_claim",
        "delivery",
        ["sender_id", "priority", "not_before", "id"],
        sqlite_where=IS_PLANNED,
        postgresql_where=IS_PLANNED,
    )
