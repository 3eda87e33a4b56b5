"""Messages to many are drafted, looked at and approved; codes by text; who a message goes to."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _chapter_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("second_over", sa.Integer(), nullable=False, server_default="50"),
        sa.Column("cents_per_part", sa.Float(), nullable=False, server_default="1.1"),
    ]


def upgrade() -> None:
    for column in _chapter_columns():
        op.add_column("chapter", column)
    op.add_column("blast", sa.Column("ended_by", sa.String(), nullable=True))
    _make_drafts()
    _make_codes()
    op.create_table(
        "chosen",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_chosen_person_id"),
        sa.PrimaryKeyConstraint("list_id", "person_id", name="pk_chosen"),
    )


def _make_drafts() -> None:
    moment, text = sqlmodel.UTCDateTime(), sa.String()
    op.create_table(
        "message_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("subject", text, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("title", text, nullable=False),
        sa.Column("text_en", text, nullable=False),
        sa.Column("text_es", text, nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("send_at", moment, nullable=True),
        sa.Column("made_by", text, nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("changed_by_id", sa.Uuid(), nullable=True),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("asked_by", text, nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", moment, nullable=True),
        sa.Column("asked_about", text, nullable=False),
        sa.Column("approved_by", text, nullable=False),
        sa.Column("approved_by_id", sa.Uuid(), nullable=True),
        sa.Column("approved_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name="fk_message_draft_chapter_id"),
        sa.PrimaryKeyConstraint("id", name="pk_message_draft"),
    )
    op.create_index("ix_message_draft_chapter_id_state", "message_draft", ["chapter_id", "state"])
    op.create_index("ix_message_draft_subject", "message_draft", ["subject"])
    # Rallies that are drafts have a message that calls people to them; its id is the rally's.
    op.execute(
        "insert into message_draft (id, chapter_id, subject, kind, state, title, text_en, text_es,"
        " audience, typed, made_by, made_at, changed_at, asked_by, asked_about, approved_by)"
        " select id, chapter_id, 'rally:' || replace(cast(id as varchar(36)), '-', ''), 'call',"
        " 'draft', title, text_en, text_es, '{}', '{}', created_by, created_at, created_at,"
        " '', '', '' from rally where state = 'draft'"
    )


def _make_codes() -> None:
    moment = sqlmodel.UTCDateTime()
    op.create_table(
        "text_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name="fk_text_code_organizer_id"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_text_code_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_text_code"),
    )
    op.create_index("ix_text_code_about", "text_code", ["about"])
    op.create_index("ix_text_code_organizer_id", "text_code", ["organizer_id"])
    op.create_index("ix_text_code_person_id", "text_code", ["person_id"])


def downgrade() -> None:
    op.drop_table("chosen")
    op.drop_table("text_code")
    op.drop_table("message_draft")
    with op.batch_alter_table("blast") as batch_op:
        batch_op.drop_column("ended_by")
    with op.batch_alter_table("chapter") as batch_op:
        for column in _chapter_columns():
            batch_op.drop_column(column.name)
