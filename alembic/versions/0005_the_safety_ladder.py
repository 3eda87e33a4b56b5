"""The safety ladder: checks and their steps, calls, shifts, emergency contacts, organizers' own phones."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

IS_OPEN = sa.text("state not in ('resolved', 'off')")
IS_ALARM = sa.text("checkin_id is null and state not in ('resolved', 'off')")
IS_PLANNED, IS_PLACING = sa.text("state = 'planned'"), sa.text("state = 'placing'")


def upgrade() -> None:
    op.create_table(
        "emergency_contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("answered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["family_id"], ["person.id"], name=op.f("fk_emergency_contact_family_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_emergency_contact_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_contact")),
    )
    op.create_index(op.f("ix_emergency_contact_person_id"), "emergency_contact", ["person_id"])
    op.create_index(
        "uq_emergency_contact_family_id_person_id",
        "emergency_contact",
        ["family_id", "person_id"],
        unique=True,
    )

    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("told_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_shift_chapter_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shift_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index("ix_shift_chapter_id_ends_at", "shift", ["chapter_id", "ends_at"])

    op.create_table(
        "voice_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("once_key", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("says_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("keys", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("pressed", sa.String(), nullable=False),
        sa.Column("sid", sa.String(), nullable=True),
        sa.Column("not_before", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("not_after", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("placing_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("answered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_voice_call_person_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_voice_call_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_call")),
        sa.UniqueConstraint("once_key", name=op.f("uq_voice_call_once_key")),
        sa.UniqueConstraint("sid", name=op.f("uq_voice_call_sid")),
    )
    op.create_index(op.f("ix_voice_call_person_id"), "voice_call", ["person_id"])
    op.create_index(
        "ix_voice_call_placing",
        "voice_call",
        ["placing_at"],
        sqlite_where=IS_PLACING,
        postgresql_where=IS_PLACING,
    )
    op.create_index(
        "ix_voice_call_planned",
        "voice_call",
        ["not_before"],
        sqlite_where=IS_PLANNED,
        postgresql_where=IS_PLANNED,
    )
    op.create_index("ix_voice_call_subject", "voice_call", ["subject"])

    op.create_table(
        "safety_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("checkin_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("why", sa.String(32), nullable=True),
        sa.Column("rung", sa.SmallInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("day_from", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("due_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("closes_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("next_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("silent_since", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("seen_out_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("taken_by", sa.String(), nullable=False),
        sa.Column("taken_person_id", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("resolved_by", sa.String(), nullable=False),
        sa.Column("resolved_person_id", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "state <> 'resolved' or (resolved_by <> '' and resolved_at is not null)",
            name=op.f("ck_safety_check_resolved_has_who_and_when"),
        ),
        sa.ForeignKeyConstraint(
            ["chapter_id"], ["chapter.id"], name=op.f("fk_safety_check_chapter_id")
        ),
        sa.ForeignKeyConstraint(
            ["checkin_id"], ["checkin.id"], name=op.f("fk_safety_check_checkin_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_safety_check_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["resolved_person_id"],
            ["person.id"],
            name=op.f("fk_safety_check_resolved_person_id"),
        ),
        sa.ForeignKeyConstraint(
            ["taken_person_id"], ["person.id"], name=op.f("fk_safety_check_taken_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_check")),
        sa.UniqueConstraint("checkin_id", name=op.f("uq_safety_check_checkin_id")),
    )
    op.create_index(op.f("ix_safety_check_chapter_id"), "safety_check", ["chapter_id"])
    op.create_index(
        "ix_safety_check_open",
        "safety_check",
        ["state", "next_at"],
        sqlite_where=IS_OPEN,
        postgresql_where=IS_OPEN,
    )
    op.create_index(op.f("ix_safety_check_person_id"), "safety_check", ["person_id"])
    op.create_index(
        "uq_safety_check_alarm",
        "safety_check",
        ["person_id"],
        unique=True,
        sqlite_where=IS_ALARM,
        postgresql_where=IS_ALARM,
    )
    op.create_index(op.f("ix_safety_check_subject"), "safety_check", ["subject"])

    op.create_table(
        "safety_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("safety_id", sa.Uuid(), nullable=False),
        sa.Column("once_key", sa.String(), nullable=False),
        sa.Column("did", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("by_voice", sa.Boolean(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_safety_step_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["safety_id"], ["safety_check.id"], name=op.f("fk_safety_step_safety_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_step")),
        sa.UniqueConstraint("once_key", name=op.f("uq_safety_step_once_key")),
    )
    op.create_index(op.f("ix_safety_step_person_id"), "safety_step", ["person_id"])
    op.create_index("ix_safety_step_safety_id_id", "safety_step", ["safety_id", "id"])

    op.add_column(
        "chapter",
        sa.Column("safety_again_minutes", sa.Integer(), nullable=False, server_default="15"),
    )
    op.add_column(
        "chapter",
        sa.Column("safety_rung_minutes", sa.Integer(), nullable=False, server_default="5"),
    )
    op.add_column(
        "chapter",
        sa.Column("safety_call_minutes", sa.Integer(), nullable=False, server_default="3"),
    )

    op.add_column(
        "office", sa.Column("closes_minute", sa.Integer(), nullable=False, server_default="1020")
    )

    with op.batch_alter_table("organizer") as batch:
        batch.add_column(sa.Column("person_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(op.f("fk_organizer_person_id"), "person", ["person_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("organizer") as batch:
        batch.drop_constraint(op.f("fk_organizer_person_id"), type_="foreignkey")
        batch.drop_column("person_id")
    op.drop_column("office", "closes_minute")
    op.drop_column("chapter", "safety_call_minutes")
    op.drop_column("chapter", "safety_rung_minutes")
    op.drop_column("chapter", "safety_again_minutes")
    for table in ("safety_step", "safety_check", "voice_call", "shift", "emergency_contact"):
        op.drop_table(table)
