"""Passkeys, code apps, recovery codes and invitations; uploaded lists until they are applied."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("organizer", schema=None) as batch:
        batch.add_column(sa.Column("sign_in_name", sa.String(), nullable=True))
        batch.create_unique_constraint(op.f("uq_organizer_sign_in_name"), ["sign_in_name"])
    with op.batch_alter_table("sign_in_link", schema=None) as batch:
        batch.add_column(
            sa.Column("kind", sa.String(32), nullable=False, server_default="invitation")
        )
        batch.add_column(sa.Column("spoken_hash", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("wrong_tries", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("signed_in", schema=None) as batch:
        batch.add_column(
            sa.Column("how", sa.String(32), nullable=False, server_default="invitation")
        )
        batch.add_column(sa.Column("device", sa.String(), nullable=True))
        batch.add_column(sa.Column("confirmed_at", sqlmodel.UTCDateTime(), nullable=True))
    _passkeys()
    _codes()
    _lists()


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name=op.f("fk_passkey_organizer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential", name=op.f("uq_passkey_credential")),
    )
    op.create_index(op.f("ix_passkey_organizer_id"), "passkey", ["organizer_id"])
    op.create_table(
        "challenge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=True),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name=op.f("fk_challenge_organizer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
        sa.UniqueConstraint("nonce", name=op.f("uq_challenge_nonce")),
    )
    op.create_index(op.f("ix_challenge_expires_at"), "challenge", ["expires_at"])


def _codes() -> None:
    op.create_table(
        "code_app",
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name=op.f("fk_code_app_organizer_id")
        ),
        sa.PrimaryKeyConstraint("organizer_id", name=op.f("pk_code_app")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name=op.f("fk_recovery_code_organizer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_recovery_code_secret_hash")),
    )
    op.create_index(op.f("ix_recovery_code_organizer_id"), "recovery_code", ["organizer_id"])
    op.create_table(
        "guess",
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("wrong_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("wait_until", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name=op.f("pk_guess")),
    )
    op.create_index(op.f("ix_guess_wrong_at"), "guess", ["wrong_at"])


def _lists() -> None:
    op.create_table(
        "uploaded_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.String(), nullable=False),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("table_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("agreed", sa.String(), nullable=False),
        sa.Column("next_row", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chapter_id"], ["chapter.id"], name=op.f("fk_uploaded_list_chapter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploaded_list")),
    )
    op.create_index(op.f("ix_uploaded_list_chapter_id"), "uploaded_list", ["chapter_id"])
    op.create_index(op.f("ix_uploaded_list_state"), "uploaded_list", ["state"])


def downgrade() -> None:
    op.drop_table("uploaded_list")
    for table in ("guess", "recovery_code", "code_app", "challenge", "passkey"):
        op.drop_table(table)
    with op.batch_alter_table("signed_in", schema=None) as batch:
        batch.drop_column("confirmed_at")
        batch.drop_column("device")
        batch.drop_column("how")
    with op.batch_alter_table("sign_in_link", schema=None) as batch:
        batch.drop_column("wrong_tries")
        batch.drop_column("spoken_hash")
        batch.drop_column("kind")
    with op.batch_alter_table("organizer", schema=None) as batch:
        batch.drop_constraint(op.f("uq_organizer_sign_in_name"), type_="unique")
        batch.drop_column("sign_in_name")
