"""Public forms that wait for their phone to answer, and how often such forms are used."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPENS = ("phone_link", "visit")


def upgrade() -> None:
    moment = sqlmodel.UTCDateTime()
    op.create_table(
        "pending_form",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("form_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_until", moment, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("is_new", sa.Boolean(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_pending_form_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_pending_form"),
        sa.UniqueConstraint("secret_hash", name="uq_pending_form_secret_hash"),
    )
    op.create_index("ix_pending_form_person_id", "pending_form", ["person_id"])
    op.create_index("ix_pending_form_expires_at", "pending_form", ["expires_at"])
    op.create_table(
        "form_use",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_form_use"),
    )
    op.create_index("ix_form_use_until", "form_use", ["until"])
    for table in OPENS:
        op.create_table(
            table,
            sa.Column("id", sa.Uuid(), nullable=False),
            sa.Column("person_id", sa.Uuid(), nullable=False),
            sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
            sa.Column("expires_at", moment, nullable=False),
            sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=f"fk_{table}_person_id"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.UniqueConstraint("secret_hash", name=f"uq_{table}_secret_hash"),
        )
        op.create_index(f"ix_{table}_person_id", table, ["person_id"])
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("organizer_id", sa.Uuid(), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_calendar_feed_person_id"),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name="fk_calendar_feed_organizer_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_feed"),
        sa.UniqueConstraint("person_id", name="uq_calendar_feed_person_id"),
        sa.UniqueConstraint("organizer_id", name="uq_calendar_feed_organizer_id"),
        sa.UniqueConstraint("secret_hash", name="uq_calendar_feed_secret_hash"),
    )


def downgrade() -> None:
    op.drop_table("calendar_feed")
    for table in OPENS:
        op.drop_index(f"ix_{table}_person_id", table)
        op.drop_table(table)
    op.drop_index("ix_form_use_until", "form_use")
    op.drop_table("form_use")
    op.drop_index("ix_pending_form_expires_at", "pending_form")
    op.drop_index("ix_pending_form_person_id", "pending_form")
    op.drop_table("pending_form")
