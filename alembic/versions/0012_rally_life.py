"""Rallies move, begin and end with who came."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0007"
branch_labels = None
depends_on = None


def _added() -> dict[str, list[sa.Column[object]]]:
    moment, number = sqlmodel.UTCDateTime(), sa.Integer()
    return {
        "rally": [
            sa.Column("moves", number, nullable=False, server_default="0"),
            sa.Column("moved_at", moment, nullable=True),
            sa.Column("people_came", number, nullable=True),
        ],
    }


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    op.create_table(
        "attendance",
        sa.Column("rally_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("noted_by", sa.String(), nullable=False),
        sa.Column("noted_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["rally_id"], ["rally.id"], name="fk_attendance_rally_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_attendance_person_id"),
        sa.PrimaryKeyConstraint("rally_id", "person_id", name="pk_attendance"),
    )
    op.create_index("ix_attendance_person_id", "attendance", ["person_id"])


def downgrade() -> None:
    op.drop_index("ix_attendance_person_id", "attendance")
    op.drop_table("attendance")
    for table, columns in _added().items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
