"""Texts passed on between a family and whoever leads, and the run sheet on a lead's phone."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sqlmodel.UTCDateTime()
    with op.batch_alter_table("checkin") as batch:
        batch.add_column(sa.Column("relay_off_at", moment, nullable=True))
        batch.add_column(sa.Column("relay_off_by", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("checkin") as batch:  # the default was for the rows so far
        batch.alter_column("relay_off_by", server_default=None)
    op.create_table(
        "relay",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checkin_id", sa.Uuid(), nullable=False),
        sa.Column("inbound_id", sa.Uuid(), nullable=False),
        sa.Column("from_person_id", sa.Uuid(), nullable=False),
        sa.Column("to_person_id", sa.Uuid(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkin.id"], name="fk_relay_checkin_id"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"], name="fk_relay_inbound_id"),
        sa.ForeignKeyConstraint(["from_person_id"], ["person.id"], name="fk_relay_from_person_id"),
        sa.ForeignKeyConstraint(["to_person_id"], ["person.id"], name="fk_relay_to_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_relay"),
    )
    for name in ("checkin_id", "from_person_id", "to_person_id"):
        op.create_index(f"ix_relay_{name}", "relay", [name])
    op.create_index(
        "uq_relay_inbound_id_to_person_id", "relay", ["inbound_id", "to_person_id"], unique=True
    )
    op.create_table(
        "sheet_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checkin_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkin.id"], name="fk_sheet_link_checkin_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sheet_link_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sheet_link"),
        sa.UniqueConstraint("secret_hash", name="uq_sheet_link_secret_hash"),
    )
    op.create_index("ix_sheet_link_person_id", "sheet_link", ["person_id"])
    op.create_index(
        "uq_sheet_link_checkin_id_person_id",
        "sheet_link",
        ["checkin_id", "person_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("sheet_link")
    op.drop_table("relay")
    with op.batch_alter_table("checkin") as batch:
        batch.drop_column("relay_off_by")
        batch.drop_column("relay_off_at")
