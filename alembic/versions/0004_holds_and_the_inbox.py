"""A free place is kept for the next in line for a while; texts that need a person have a thread."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.add_column(sa.Column("held_until", sqlmodel.UTCDateTime(), nullable=True))
        rsvp.create_index("ix_rsvp_held_until", ["held_until"])


def downgrade() -> None:
    with op.batch_alter_table("rsvp") as rsvp:
        rsvp.drop_index("ix_rsvp_held_until")
        rsvp.drop_column("held_until")
