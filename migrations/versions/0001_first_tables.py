"""The first tables; the audit log and the decisions refuse to be changed.

Revision: 0001
Follows: none
"""

import sqlalchemy as sa
from alembic import op

from store.base import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PROTECTED = {
    "audit_entries": "SELECT 1 FROM audit_entries WHERE id = NEW.id",
    "decisions": "SELECT 1 FROM decisions "
    "WHERE id = NEW.id OR (hit_id = NEW.hit_id AND ordinal = NEW.ordinal)",
}
"""Tables that only ever grow, and the row whose place a new one would take."""


def _protect(table: str, taken: str) -> None:
    """Let the database itself refuse UPDATE and DELETE, whoever asks.

    SQLite's INSERT OR REPLACE deletes without firing the triggers of a DELETE
    (https://www.sqlite.org/lang_conflict.html), so a place that is taken is refused as well.
    """
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({taken}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        for event in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def _unprotect(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP FUNCTION {table}_append_only() CASCADE")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
    op.create_table(
        "audit_entries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entries_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entries_subject"), ["subject"], unique=False)

    op.create_table(
        "content",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("surface", sa.String(length=80), nullable=True),
        sa.Column("uploader", sa.String(length=200), nullable=True),
        sa.Column("posted_at", UtcDateTime(), nullable=True),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("last_seen_at", UtcDateTime(), nullable=False),
        sa.Column("seen_count", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("matched_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content")),
        sa.UniqueConstraint("platform_id", name=op.f("uq_content_platform_id")),
    )
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_content_matched_version_id"), ["matched_version", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_content_uploader"), ["uploader"], unique=False)

    op.create_table(
        "index_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_versions")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("signed_in_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("base_url", sa.String(length=300), nullable=False),
        sa.Column("secret_name", sa.String(length=80), nullable=False),
        sa.Column("member_ids", sa.JSON(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("due_hours", sa.Double(), nullable=True),
        sa.Column("checkpoint", sa.JSON(), nullable=True),
        sa.Column("checkpoint_serial", sa.Integer(), nullable=False),
        sa.Column("synced_at", UtcDateTime(), nullable=True),
        sa.Column("reasons_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_sources_name")),
    )
    op.create_table(
        "content_fingerprints",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("value", sa.LargeBinary(length=64), nullable=False),
        sa.Column("quality", sa.Integer(), nullable=True),
        sa.Column("at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["content_id"], ["content.id"], name=op.f("fk_content_fingerprints_content_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_content_fingerprints")),
    )
    with op.batch_alter_table("content_fingerprints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_content_fingerprints_algorithm_value"),
            ["algorithm", "value"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_content_fingerprints_content_id"), ["content_id"], unique=False
        )

    op.create_table(
        "dispute_reasons",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("reason_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_dispute_reasons_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_reasons")),
    )
    with op.batch_alter_table("dispute_reasons", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_dispute_reasons_source_id_algorithm_reason_id"),
            ["source_id", "algorithm", "reason_id"],
            unique=True,
        )

    op.create_table(
        "entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("member_id", sa.String(length=255), nullable=False),
        sa.Column("member_name", sa.String(length=255), nullable=False),
        sa.Column("entry_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("classification", sa.String(length=255), nullable=True),
        sa.Column("omitted", sa.JSON(), nullable=False),
        sa.Column("listed_at", UtcDateTime(), nullable=True),
        sa.Column("first_seen_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_entries_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_entries_source_id_member_id_entry_id"),
            ["source_id", "member_id", "entry_id"],
            unique=True,
        )

    op.create_table(
        "hits",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("nearest", sa.Integer(), nullable=False),
        sa.Column("priority_reasons", sa.JSON(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("at_risk_at", UtcDateTime(), nullable=False),
        sa.Column("urgent_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("holder_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("lease_number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"], name=op.f("fk_hits_content_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["people.id"], name=op.f("fk_hits_holder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hits")),
    )
    with op.batch_alter_table("hits", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hits_content_id"), ["content_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hits_holder_id"), ["holder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hits_opened_at"), ["opened_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_hits_state_at_risk_at"), ["state", "at_risk_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_hits_state_due_at"), ["state", "due_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_hits_state_urgent_at_id"), ["state", "urgent_at", "id"], unique=False
        )
        batch_op.create_index(
            "uq_hits_open_content",
            ["content_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "sweeps",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "index_version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["index_version"], ["index_versions.id"], name=op.f("fk_sweeps_index_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweeps")),
        sa.UniqueConstraint("index_version", name=op.f("uq_sweeps_index_version")),
    )
    op.create_table(
        "sync_runs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("problems", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_sync_runs_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_runs")),
    )
    with op.batch_alter_table("sync_runs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sync_runs_source_id_id"), ["source_id", "id"], unique=False
        )

    op.create_table(
        "decisions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.String(length=12), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name=op.f("fk_decisions_hit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_decisions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_decided_at"), ["decided_at"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_decisions_hit_id_ordinal"), ["hit_id", "ordinal"], unique=True
        )
        batch_op.create_index(
            batch_op.f("ix_decisions_person_id_decided_at"),
            ["person_id", "decided_at"],
            unique=False,
        )

    op.create_table(
        "entry_fingerprints",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("value", sa.LargeBinary(length=64), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("indexed_version", sa.Integer(), nullable=True),
        sa.Column("removed_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_entry_fingerprints_entry_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_fingerprints")),
    )
    with op.batch_alter_table("entry_fingerprints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_entry_fingerprints_algorithm_value"),
            ["algorithm", "value"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_entry_fingerprints_entry_id"), ["entry_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_entry_fingerprints_indexed_version_id"),
            ["indexed_version", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_entry_fingerprints_removed_version_id"),
            ["removed_version", "id"],
            unique=False,
        )

    op.create_table(
        "matches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("content_revision", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("difference", sa.LargeBinary(length=32), nullable=True),
        sa.Column("quality", sa.Integer(), nullable=True),
        sa.Column("frames", sa.JSON(), nullable=False),
        sa.Column(
            "refused_hit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("index_version", sa.Integer(), nullable=False),
        sa.Column("matched_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["content_id"], ["content.id"], name=op.f("fk_matches_content_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_matches_entry_id")),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name=op.f("fk_matches_hit_id")),
        sa.ForeignKeyConstraint(
            ["refused_hit_id"], ["hits.id"], name=op.f("fk_matches_refused_hit_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matches")),
    )
    with op.batch_alter_table("matches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_matches_content_id"), ["content_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_matches_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_matches_hit_id"), ["hit_id"], unique=False)
        batch_op.create_index(
            "uq_matches_listed",
            ["hit_id", "entry_id", "algorithm"],
            unique=True,
            sqlite_where=sa.text("refused_hit_id IS NULL"),
            postgresql_where=sa.text("refused_hit_id IS NULL"),
        )

    op.create_table(
        "peer_votes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("algorithm", sa.String(length=255), nullable=False),
        sa.Column("vote", sa.String(length=20), nullable=False),
        sa.Column("member_id", sa.String(length=255), nullable=False),
        sa.Column("member_name", sa.String(length=255), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("voted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_peer_votes_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_peer_votes")),
    )
    with op.batch_alter_table("peer_votes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_peer_votes_entry_id"), ["entry_id"], unique=False)

    op.create_table(
        "refusals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "content_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("algorithm", sa.String(length=20), nullable=False),
        sa.Column("value", sa.LargeBinary(length=64), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("indexed_version", sa.Integer(), nullable=True),
        sa.Column("removed_version", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["content_id"], ["content.id"], name=op.f("fk_refusals_content_id")
        ),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name=op.f("fk_refusals_hit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    with op.batch_alter_table("refusals", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refusals_hit_id"), ["hit_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_refusals_indexed_version_id"), ["indexed_version", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_refusals_removed_version_id"), ["removed_version", "id"], unique=False
        )

    op.create_table(
        "sweep_chunks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sweep_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("last_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("contents", sa.Integer(), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["sweep_id"], ["sweeps.id"], name=op.f("fk_sweep_chunks_sweep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sweep_chunks")),
    )
    with op.batch_alter_table("sweep_chunks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sweep_chunks_sweep_id_done_at_id"),
            ["sweep_id", "done_at", "id"],
            unique=False,
        )

    op.create_table(
        "sync_problems",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("member_id", sa.String(length=255), nullable=True),
        sa.Column("entry_id", sa.String(length=255), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["sync_runs.id"], name=op.f("fk_sync_problems_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_problems")),
    )
    with op.batch_alter_table("sync_problems", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sync_problems_run_id"), ["run_id"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("destination", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("answer_status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_deliveries_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_deliveries_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_deliveries_idempotency_key")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_deliveries_decision_id"), ["decision_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_deliveries_destination_subject_id"),
            ["destination", "subject", "id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_deliveries_state_next_attempt_at"),
            ["state", "next_attempt_at"],
            unique=False,
        )

    for table, taken in PROTECTED.items():
        _protect(table, taken)


def downgrade() -> None:
    for table in PROTECTED:
        _unprotect(table)
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_state_next_attempt_at"))
        batch_op.drop_index(batch_op.f("ix_deliveries_destination_subject_id"))
        batch_op.drop_index(batch_op.f("ix_deliveries_decision_id"))

    op.drop_table("deliveries")
    with op.batch_alter_table("sync_problems", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sync_problems_run_id"))

    op.drop_table("sync_problems")
    with op.batch_alter_table("sweep_chunks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sweep_chunks_sweep_id_done_at_id"))

    op.drop_table("sweep_chunks")
    with op.batch_alter_table("refusals", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_refusals_removed_version_id"))
        batch_op.drop_index(batch_op.f("ix_refusals_indexed_version_id"))
        batch_op.drop_index(batch_op.f("ix_refusals_hit_id"))

    op.drop_table("refusals")
    with op.batch_alter_table("peer_votes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_peer_votes_entry_id"))

    op.drop_table("peer_votes")
    with op.batch_alter_table("matches", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_matches_listed",
            sqlite_where=sa.text("refused_hit_id IS NULL"),
            postgresql_where=sa.text("refused_hit_id IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_matches_hit_id"))
        batch_op.drop_index(batch_op.f("ix_matches_entry_id"))
        batch_op.drop_index(batch_op.f("ix_matches_content_id"))

    op.drop_table("matches")
    with op.batch_alter_table("entry_fingerprints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_fingerprints_removed_version_id"))
        batch_op.drop_index(batch_op.f("ix_entry_fingerprints_indexed_version_id"))
        batch_op.drop_index(batch_op.f("ix_entry_fingerprints_entry_id"))
        batch_op.drop_index(batch_op.f("ix_entry_fingerprints_algorithm_value"))

    op.drop_table("entry_fingerprints")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_person_id_decided_at"))
        batch_op.drop_index(batch_op.f("ix_decisions_hit_id_ordinal"))
        batch_op.drop_index(batch_op.f("ix_decisions_decided_at"))

    op.drop_table("decisions")
    with op.batch_alter_table("sync_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sync_runs_source_id_id"))

    op.drop_table("sync_runs")
    op.drop_table("sweeps")
    with op.batch_alter_table("hits", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_hits_open_content",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index(batch_op.f("ix_hits_state_urgent_at_id"))
        batch_op.drop_index(batch_op.f("ix_hits_state_due_at"))
        batch_op.drop_index(batch_op.f("ix_hits_state_at_risk_at"))
        batch_op.drop_index(batch_op.f("ix_hits_opened_at"))
        batch_op.drop_index(batch_op.f("ix_hits_holder_id"))
        batch_op.drop_index(batch_op.f("ix_hits_content_id"))

    op.drop_table("hits")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entries_source_id_member_id_entry_id"))

    op.drop_table("entries")
    with op.batch_alter_table("dispute_reasons", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_reasons_source_id_algorithm_reason_id"))

    op.drop_table("dispute_reasons")
    with op.batch_alter_table("content_fingerprints", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_fingerprints_content_id"))
        batch_op.drop_index(batch_op.f("ix_content_fingerprints_algorithm_value"))

    op.drop_table("content_fingerprints")
    op.drop_table("sources")
    op.drop_table("people")
    op.drop_table("index_versions")
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_content_uploader"))
        batch_op.drop_index(batch_op.f("ix_content_matched_version_id"))

    op.drop_table("content")
    with op.batch_alter_table("audit_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entries_subject"))
        batch_op.drop_index(batch_op.f("ix_audit_entries_action"))

    op.drop_table("audit_entries")
    op.drop_table("api_keys")
