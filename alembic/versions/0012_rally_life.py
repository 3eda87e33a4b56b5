"""Rallies move, begin and end with who came; actions are done from where people are."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _added() -> dict[str, list[sa.Column[object]]]:
    moment, number = sqlmodel.UTCDateTime(), sa.Integer()
    return {
        "rally": [
            sa.Column("moves", number, nullable=False, server_default="0"),
            sa.Column("moved_at", moment, nullable=True),
            sa.Column("people_came", number, nullable=True),
            sa.Column("texted_by", sa.Uuid(), nullable=True),
            sa.Column("is_drill", sa.Boolean(), nullable=False, server_default="0"),
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
    _add_actions()
    _add_orders()
    op.create_table(
        "drill_guest",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("agreed_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_drill_guest_chapter_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_drill_guest_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_drill_guest"),
    )
    op.create_index("ix_drill_guest_chapter_id", "drill_guest", ["chapter_id"])


def _add_orders() -> None:
    op.create_table(
        "texted_draft",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("code_key", sa.LargeBinary(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_texted_draft_person_id"),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name="fk_texted_draft_organizer_id"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_texted_draft"),
    )
    op.create_table(
        "lock_code",
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("code_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name="fk_lock_code_organizer_id"
        ),
        sa.PrimaryKeyConstraint("organizer_id", name="pk_lock_code"),
    )


def _add_actions() -> None:
    moment, text, number = sqlmodel.UTCDateTime(), sa.String(), sa.Integer()
    words = ("title", "target", "target_phone", "link")
    said = ("text_en", "text_es", "script_en", "script_es")
    op.create_table(
        "action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        *(sa.Column(name, text, nullable=False) for name in words),
        sa.Column("deadline", moment, nullable=False),
        sa.Column("days", number, nullable=False),
        *(sa.Column(name, text, nullable=False) for name in said),
        sa.Column("created_by", text, nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("announced_at", moment, nullable=True),
        sa.Column("next_send_at", moment, nullable=True),
        sa.Column("days_sent", number, nullable=False),
        sa.Column("people_told", number, nullable=False),
        sa.Column("progress_at", moment, nullable=True),
        sa.Column("result_en", text, nullable=False),
        sa.Column("result_es", text, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_action_chapter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_action"),
    )
    for name in ("chapter_id", "state", "next_send_at"):
        op.create_index(f"ix_action_{name}", "action", [name])
    for table, column in (
        ("action_turn", sa.Column("day", number, nullable=False)),
        ("action_done", sa.Column("done_at", moment, nullable=False)),
    ):
        op.create_table(
            table,
            sa.Column("action_id", sa.Uuid(), nullable=False),
            sa.Column("person_id", sa.Uuid(), nullable=False),
            column,
            sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=f"fk_{table}_action_id"),
            sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=f"fk_{table}_person_id"),
            sa.PrimaryKeyConstraint("action_id", "person_id", name=f"pk_{table}"),
        )
        op.create_index(f"ix_{table}_person_id", table, ["person_id"])
    op.create_index("ix_action_turn_action_id_day", "action_turn", ["action_id", "day"])


def downgrade() -> None:
    for table in (
        "lock_code",
        "texted_draft",
        "drill_guest",
        "action_done",
        "action_turn",
        "action",
    ):
        op.drop_table(table)
    op.drop_index("ix_attendance_person_id", "attendance")
    op.drop_table("attendance")
    for table, columns in _added().items():
        with op.batch_alter_table(table) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
