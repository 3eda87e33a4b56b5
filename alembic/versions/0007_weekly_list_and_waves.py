"""Volunteers are asked in a weekly list and in waves, each with the reason; dates may move."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _added() -> dict[str, list[sa.Column[object]]]:
    moment, text, number = sqlmodel.UTCDateTime(), sa.String(), sa.Integer()
    return {
        "chapter": [
            sa.Column("list_weekday", number, nullable=False, server_default="3"),
            sa.Column("list_minute", number, nullable=False, server_default="1080"),
            sa.Column("wave_minutes", number, nullable=False, server_default="240"),
            sa.Column("people_per_place", number, nullable=False, server_default="5"),
            sa.Column("most_asks", number, nullable=False, server_default="3"),
        ],
        "office": [sa.Column("zip_code", text, nullable=True)],
        "ask": [
            sa.Column("wave", number, nullable=True),
            sa.Column("number", number, nullable=True),
            sa.Column("reason", text, nullable=True),
        ],
        "checkin": [
            sa.Column("listed_at", moment, nullable=True),
            sa.Column("wave_at", moment, nullable=True),
            sa.Column("moves", number, nullable=False, server_default="0"),
            sa.Column("moved_at", moment, nullable=True),
        ],
    }


def upgrade() -> None:
    for table, columns in _added().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_checkin_wave_at", "checkin", ["wave_at"])
    # What volunteers were asked about before goes on being asked about.
    op.execute("update checkin set wave_at = asked_at where state = 'approved'")
    op.create_table(
        "weekly_list",
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("started_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("through", sa.Uuid(), nullable=True),
        sa.Column("done_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_weekly_list_chapter_id"),
        sa.PrimaryKeyConstraint("chapter_id", "sent_on", name="pk_weekly_list"),
    )
    op.create_index("ix_weekly_list_done_at", "weekly_list", ["done_at"])
    op.create_table(
        "alarm_contact",
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_alarm_contact_chapter_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_alarm_contact_person_id"),
        sa.PrimaryKeyConstraint("chapter_id", "person_id", name="pk_alarm_contact"),
    )


def downgrade() -> None:
    op.drop_table("alarm_contact")
    op.drop_index("ix_weekly_list_done_at", "weekly_list")
    op.drop_table("weekly_list")
    op.drop_index("ix_checkin_wave_at", "checkin")
    for table, columns in _added().items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
