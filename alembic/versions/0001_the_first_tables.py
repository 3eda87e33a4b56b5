"""The first tables: people, check-ins, rallies, seats, the outbox and the audit."""

from __future__ import annotations

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("number", name=op.f("uq_audit_number")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "chapter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("network_name", sa.String(), nullable=False),
        sa.Column("contact_phone", sa.String(), nullable=False),
        sa.Column("caller_name", sa.String(), nullable=False),
        sa.Column("hotline", sa.String(), nullable=False),
        sa.Column("lead_sign_en", sa.String(), nullable=False),
        sa.Column("lead_sign_es", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("quiet_from_minute", sa.Integer(), nullable=False),
        sa.Column("quiet_until_minute", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chapter")),
        sa.UniqueConstraint("name", name=op.f("uq_chapter_name")),
    )
    op.create_table(
        "gate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("seen_by", sa.String(), nullable=False),
        sa.Column("seen_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_table(
        "seat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("language", sa.String(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "taken >= 0 and (capacity is null or taken <= capacity)",
            name=op.f("ck_seat_taken_fits"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat")),
    )
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seat_subject"), ["subject"], unique=False)

    op.create_table(
        "office",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("meeting_point", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("usual_wait_minutes", sa.Integer(), nullable=False),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_office_chapter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
    )
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_office_chapter_id"), ["chapter_id"], unique=False)

    op.create_table(
        "organizer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chapter_id"], ["chapter.id"], name=op.f("fk_organizer_chapter_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizer")),
    )
    with op.batch_alter_table("organizer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organizer_chapter_id"), ["chapter_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("phone_key", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("alias_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("area", sa.String(), nullable=False),
        sa.Column("consent", sa.String(32), nullable=False),
        sa.Column("is_unreachable", sa.Boolean(), nullable=False),
        sa.Column("unreachable_why", sa.String(), nullable=False),
        sa.Column("unknown_handsets", sa.Integer(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_person_chapter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("phone_key", name=op.f("uq_person_phone_key")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index("ix_person_chapter_id_id", ["chapter_id", "id"], unique=False)

    op.create_table(
        "rally",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ends_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("text_en", sa.String(), nullable=False),
        sa.Column("text_es", sa.String(), nullable=False),
        sa.Column("people_limit", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("announced_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("remind_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_rally_chapter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rally")),
    )
    with op.batch_alter_table("rally", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rally_chapter_id"), ["chapter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rally_remind_at"), ["remind_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rally_starts_at"), ["starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_rally_state"), ["state"], unique=False)

    op.create_table(
        "sender",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("messaging_service_sid", sa.String(), nullable=False),
        sa.Column("segments_per_second", sa.Float(), nullable=False),
        sa.Column("daily_cap_segments", sa.Integer(), nullable=True),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_sender_chapter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sender")),
        sa.UniqueConstraint("number", name=op.f("uq_sender_number")),
    )
    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sender_chapter_id"), ["chapter_id"], unique=False)

    op.create_table(
        "wording",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gate_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gate.id"], name=op.f("fk_wording_gate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording")),
    )
    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.create_index("uq_wording_gate_id_language", ["gate_id", "language"], unique=True)

    op.create_table(
        "alias_word",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("word_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_alias_word_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "word_key", name=op.f("pk_alias_word")),
    )
    with op.batch_alter_table("alias_word", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_alias_word_word_key"), ["word_key"], unique=False)

    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("revoked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name=op.f("fk_api_token_organizer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_token_secret_hash")),
    )
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_api_token_organizer_id"), ["organizer_id"], unique=False
        )

    op.create_table(
        "ask",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("answered_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("closed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ask_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ask")),
    )
    with op.batch_alter_table("ask", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ask_subject"), ["subject"], unique=False)
        batch_op.create_index(
            "uq_ask_person_id_subject_kind", ["person_id", "subject", "kind"], unique=True
        )

    op.create_table(
        "blast",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("quiet_exempt", sa.Boolean(), nullable=False),
        sa.Column("resends", sa.Boolean(), nullable=False),
        sa.Column("scheduled_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("not_after", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("planned_through", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("launched_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_blast_chapter_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_blast_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blast")),
    )
    with op.batch_alter_table("blast", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_blast_chapter_id"), ["chapter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_blast_scheduled_at"), ["scheduled_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_blast_state"), ["state"], unique=False)
        batch_op.create_index(
            "ix_blast_state_scheduled_at", ["state", "scheduled_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_blast_subject"), ["subject"], unique=False)

    op.create_table(
        "checkin",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chapter_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("needs_ride", sa.Boolean(), nullable=False),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("registered_how", sa.String(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("approved_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("asked_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("remind_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["chapter_id"], ["chapter.id"], name=op.f("fk_checkin_chapter_id")),
        sa.ForeignKeyConstraint(["family_id"], ["person.id"], name=op.f("fk_checkin_family_id")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_checkin_office_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkin")),
    )
    with op.batch_alter_table("checkin", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkin_chapter_id"), ["chapter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkin_family_id"), ["family_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkin_remind_at"), ["remind_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkin_starts_at"), ["starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkin_state"), ["state"], unique=False)

    op.create_table(
        "consent_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("consent", sa.String(32), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_consent_event_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_event")),
    )
    with op.batch_alter_table("consent_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_consent_event_person_id"), ["person_id"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("once_key", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("to_key", sa.LargeBinary(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("gate_id", sa.Uuid(), nullable=True),
        sa.Column("wording_id", sa.Uuid(), nullable=True),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("consent_needed", sa.String(32), nullable=False),
        sa.Column("quiet_exempt", sa.Boolean(), nullable=False),
        sa.Column("not_before", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("not_after", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("resends", sa.Boolean(), nullable=False),
        sa.Column("withdrawn", sa.String(), nullable=False),
        sa.Column("sid", sa.String(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("changed_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["gate_id"], ["gate.id"], name=op.f("fk_delivery_gate_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delivery_person_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_delivery_sender_id")),
        sa.ForeignKeyConstraint(
            ["wording_id"], ["wording.id"], name=op.f("fk_delivery_wording_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("once_key", name=op.f("uq_delivery_once_key")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "ix_delivery_claim",
            ["sender_id", "priority", "not_before", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'planned'"),
            postgresql_where=sa.text("state = 'planned'"),
        )
        batch_op.create_index("ix_delivery_gate_id_state", ["gate_id", "state"], unique=False)
        batch_op.create_index(
            "ix_delivery_late",
            ["not_after"],
            unique=False,
            sqlite_where=sa.text("state = 'planned'"),
            postgresql_where=sa.text("state = 'planned'"),
        )
        batch_op.create_index("ix_delivery_person_id", ["person_id"], unique=False)
        batch_op.create_index("ix_delivery_subject", ["subject"], unique=False)

    op.create_table(
        "family",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("has_lawyer", sa.Boolean(), nullable=False),
        sa.Column("papers_are_held", sa.Boolean(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_family_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_family")),
    )
    op.create_table(
        "inbound",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_sid", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("text_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("opt_out_type", sa.String(), nullable=False),
        sa.Column("received_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("done_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("handled_by", sa.String(), nullable=False),
        sa.Column("handled_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_inbound_person_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_inbound_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
        sa.UniqueConstraint("message_sid", name=op.f("uq_inbound_message_sid")),
    )
    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_inbound_done_at"), ["done_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_needs_person"), ["needs_person"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_next_try_at"), ["next_try_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_inbound_person_id"), ["person_id"], unique=False)

    op.create_table(
        "pace",
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("next_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("slowed_to", sa.Float(), nullable=False),
        sa.Column("slowed_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("window_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("window_sent", sa.Integer(), nullable=False),
        sa.Column("window_refused", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("day_segments", sa.Integer(), nullable=False),
        sa.Column("capped_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_pace_sender_id")),
        sa.PrimaryKeyConstraint("sender_id", name=op.f("pk_pace")),
    )
    op.create_table(
        "recovered",
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("through", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["sender_id"], ["sender.id"], name=op.f("fk_recovered_sender_id")),
        sa.PrimaryKeyConstraint("sender_id", name=op.f("pk_recovered")),
    )
    op.create_table(
        "rsvp",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(32), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("remainder_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_rsvp_person_id")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_rsvp_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rsvp")),
    )
    with op.batch_alter_table("rsvp", schema=None) as batch_op:
        batch_op.create_index("ix_rsvp_subject_state", ["subject", "state"], unique=False)
        batch_op.create_index("uq_rsvp_person_id_subject", ["person_id", "subject"], unique=True)

    op.create_table(
        "sign_in_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("used_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name=op.f("fk_sign_in_link_organizer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sign_in_link_secret_hash")),
    )
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_link_organizer_id"), ["organizer_id"], unique=False
        )

    op.create_table(
        "signed_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organizer_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("seen_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("ended_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["organizer.id"], name=op.f("fk_signed_in_organizer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signed_in")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_signed_in_secret_hash")),
    )
    with op.batch_alter_table("signed_in", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_signed_in_organizer_id"), ["organizer_id"], unique=False
        )

    op.create_table(
        "volunteer",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("vetting", sa.Integer(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("car_seats", sa.Integer(), nullable=False),
        sa.Column("vouched_by", sa.Uuid(), nullable=True),
        sa.Column("paused_until", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_volunteer_person_id")),
        sa.ForeignKeyConstraint(
            ["vouched_by"], ["person.id"], name=op.f("fk_volunteer_vouched_by")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_volunteer")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("to_key", sa.LargeBinary(), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("started_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("sid", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("look_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.Column("first_empty_at", sqlmodel.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_delivery_id", ["delivery_id"], unique=False)
        batch_op.create_index(
            "ix_attempt_look_at",
            ["look_at"],
            unique=False,
            sqlite_where=sa.text("look_at is not null"),
            postgresql_where=sa.text("look_at is not null"),
        )
        batch_op.create_index(
            "uq_attempt_open_to_key_urgent",
            ["to_key", "is_urgent"],
            unique=True,
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        )
        batch_op.create_index(
            "uq_attempt_sid",
            ["sid"],
            unique=True,
            sqlite_where=sa.text("sid is not null"),
            postgresql_where=sa.text("sid is not null"),
        )
    head = sa.table("audit_head", sa.column("id"), sa.column("number"), sa.column("hash"))
    op.execute(head.insert().values(id=1, number=0, hash="0" * 64))


def downgrade() -> None:
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_attempt_sid",
            sqlite_where=sa.text("sid is not null"),
            postgresql_where=sa.text("sid is not null"),
        )
        batch_op.drop_index(
            "uq_attempt_open_to_key_urgent",
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        )
        batch_op.drop_index(
            "ix_attempt_look_at",
            sqlite_where=sa.text("look_at is not null"),
            postgresql_where=sa.text("look_at is not null"),
        )
        batch_op.drop_index("ix_attempt_delivery_id")

    op.drop_table("attempt")
    op.drop_table("volunteer")
    with op.batch_alter_table("signed_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_signed_in_organizer_id"))

    op.drop_table("signed_in")
    with op.batch_alter_table("sign_in_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_link_organizer_id"))

    op.drop_table("sign_in_link")
    with op.batch_alter_table("rsvp", schema=None) as batch_op:
        batch_op.drop_index("uq_rsvp_person_id_subject")
        batch_op.drop_index("ix_rsvp_subject_state")

    op.drop_table("rsvp")
    op.drop_table("recovered")
    op.drop_table("pace")
    with op.batch_alter_table("inbound", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_inbound_person_id"))
        batch_op.drop_index(batch_op.f("ix_inbound_next_try_at"))
        batch_op.drop_index(batch_op.f("ix_inbound_needs_person"))
        batch_op.drop_index(batch_op.f("ix_inbound_done_at"))

    op.drop_table("inbound")
    op.drop_table("family")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_subject")
        batch_op.drop_index("ix_delivery_person_id")
        batch_op.drop_index(
            "ix_delivery_late",
            sqlite_where=sa.text("state = 'planned'"),
            postgresql_where=sa.text("state = 'planned'"),
        )
        batch_op.drop_index("ix_delivery_gate_id_state")
        batch_op.drop_index(
            "ix_delivery_claim",
            sqlite_where=sa.text("state = 'planned'"),
            postgresql_where=sa.text("state = 'planned'"),
        )

    op.drop_table("delivery")
    with op.batch_alter_table("consent_event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_consent_event_person_id"))

    op.drop_table("consent_event")
    with op.batch_alter_table("checkin", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkin_state"))
        batch_op.drop_index(batch_op.f("ix_checkin_starts_at"))
        batch_op.drop_index(batch_op.f("ix_checkin_remind_at"))
        batch_op.drop_index(batch_op.f("ix_checkin_family_id"))
        batch_op.drop_index(batch_op.f("ix_checkin_chapter_id"))

    op.drop_table("checkin")
    with op.batch_alter_table("blast", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_blast_subject"))
        batch_op.drop_index("ix_blast_state_scheduled_at")
        batch_op.drop_index(batch_op.f("ix_blast_state"))
        batch_op.drop_index(batch_op.f("ix_blast_scheduled_at"))
        batch_op.drop_index(batch_op.f("ix_blast_chapter_id"))

    op.drop_table("blast")
    with op.batch_alter_table("ask", schema=None) as batch_op:
        batch_op.drop_index("uq_ask_person_id_subject_kind")
        batch_op.drop_index(batch_op.f("ix_ask_subject"))

    op.drop_table("ask")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_token_organizer_id"))

    op.drop_table("api_token")
    with op.batch_alter_table("alias_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alias_word_word_key"))

    op.drop_table("alias_word")
    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.drop_index("uq_wording_gate_id_language")

    op.drop_table("wording")
    with op.batch_alter_table("sender", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sender_chapter_id"))

    op.drop_table("sender")
    with op.batch_alter_table("rally", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rally_state"))
        batch_op.drop_index(batch_op.f("ix_rally_starts_at"))
        batch_op.drop_index(batch_op.f("ix_rally_remind_at"))
        batch_op.drop_index(batch_op.f("ix_rally_chapter_id"))

    op.drop_table("rally")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("ix_person_chapter_id_id")

    op.drop_table("person")
    with op.batch_alter_table("organizer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organizer_chapter_id"))

    op.drop_table("organizer")
    with op.batch_alter_table("office", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_office_chapter_id"))

    op.drop_table("office")
    with op.batch_alter_table("seat", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_subject"))

    op.drop_table("seat")
    op.drop_table("notice")
    op.drop_table("gate")
    op.drop_table("chapter")
    op.drop_table("audit_head")
    op.drop_table("audit")
