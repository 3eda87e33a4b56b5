"""How an appointment ended, who is asked, who is told, and what is forgotten afterwards."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

POINTS_AT = {
    "outcome_person_id": "person",
    "rally_id": "rally",
    "legal_person_id": "person",
    "earlier_id": "checkin",
}


def _added() -> list[sa.Column[object]]:
    moment, text = sqlmodel.UTCDateTime(), sa.String()
    return [
        sa.Column("publicity", sa.String(32), nullable=False, server_default="no"),
        sa.Column("outcome", sa.String(32), nullable=True),
        sa.Column("outcome_by", text, nullable=False, server_default=""),
        sa.Column("outcome_person_id", sa.Uuid(), nullable=True),
        sa.Column("outcome_at", moment, nullable=True),
        sa.Column("outcome_asked_at", moment, nullable=True),
        sa.Column("deadline_on", sa.Date(), nullable=True),
        sa.Column("rally_id", sa.Uuid(), nullable=True),
        sa.Column("legal_person_id", sa.Uuid(), nullable=True),
        sa.Column("legal_at", moment, nullable=True),
        sa.Column("forgotten_at", moment, nullable=True),
        sa.Column("earlier_id", sa.Uuid(), nullable=True),
        sa.Column("repeats", text, nullable=False, server_default=""),
        sa.Column("proposed_at", moment, nullable=True),
        sa.Column("sign", text, nullable=False, server_default=""),
        sa.Column("companions_told", text, nullable=False, server_default=""),
    ]


def upgrade() -> None:
    op.add_column(
        "chapter", sa.Column("keep_days", sa.Integer(), nullable=False, server_default="14")
    )
    with op.batch_alter_table("checkin") as batch:
        for column in _added():
            batch.add_column(column)
        for column_name, table in POINTS_AT.items():
            batch.create_foreign_key(f"fk_checkin_{column_name}", table, [column_name], ["id"])
    with op.batch_alter_table("checkin") as batch:  # the defaults were for the rows so far
        for name in ("outcome_by", "repeats", "sign", "companions_told"):
            batch.alter_column(name, server_default=None)
    op.create_index("ix_checkin_earlier_id", "checkin", ["earlier_id"])
    # What was over before anybody was asked is not asked about now.
    op.execute("update checkin set outcome_asked_at = ended_at where ended_at is not null")
    op.create_table(
        "legal_contact",
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_legal_contact_chapter_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_legal_contact_person_id"),
        sa.PrimaryKeyConstraint("chapter_id", "person_id", name="pk_legal_contact"),
    )
    op.create_table(
        "outcome_ask",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("checkin_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("said", sa.String(32), nullable=True),
        sa.Column("said_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("deadline_on", sa.Date(), nullable=True),
        sa.Column("unclear", sa.Integer(), nullable=False),
        sa.Column("reminded_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("alarmed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("closed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkin.id"], name="fk_outcome_ask_checkin_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_outcome_ask_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_outcome_ask"),
    )
    op.create_index(
        "uq_outcome_ask_checkin_id_person_id",
        "outcome_ask",
        ["checkin_id", "person_id"],
        unique=True,
    )
    op.create_index("ix_outcome_ask_person_id", "outcome_ask", ["person_id"])
    op.create_table(
        "ride",
        sa.Column("checkin_id", sa.Uuid(), nullable=False),
        sa.Column("pickup_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("leaves_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("child_seats", sa.Integer(), nullable=False),
        sa.Column("returns", sa.Boolean(), nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("erased_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["checkin_id"], ["checkin.id"], name="fk_ride_checkin_id"),
        sa.PrimaryKeyConstraint("checkin_id", name="pk_ride"),
    )
    op.add_column("seat", sa.Column("car_seats", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("seat") as batch:
        batch.drop_column("car_seats")
    op.drop_table("ride")
    op.drop_table("outcome_ask")
    op.drop_table("legal_contact")
    op.drop_index("ix_checkin_earlier_id", "checkin")
    with op.batch_alter_table("checkin") as batch:
        for column_name in POINTS_AT:
            batch.drop_constraint(f"fk_checkin_{column_name}", type_="foreignkey")
        for column in _added():
            batch.drop_column(column.name)
    with op.batch_alter_table("chapter") as batch:
        batch.drop_column("keep_days")
