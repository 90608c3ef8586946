"""Outcomes: circuits, undone decisions, suspicion, paused clocks, and what a policy decides.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

from store.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

HIT_COLUMNS = (
    ("closed_reason", sa.String(length=40)),
    ("unsupported_at", UtcDateTime()),
    ("paused_at", UtcDateTime()),
    ("paused_reason", sa.String(length=200)),
    ("escalated_at", UtcDateTime()),
    ("escalated_reason", sa.String(length=200)),
    ("review_reason", sa.String(length=80)),
)
HIT_INDEXES = ("unsupported_at", "paused_at", "escalated_at", "review_reason")
ENTRY_COLUMNS = (
    ("review_only_at", UtcDateTime()),
    ("review_only_reason", sa.String(length=200)),
    ("trusted_at", UtcDateTime()),
)
Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _protect(table: str, taken: str) -> None:
    """As in 0001: the database itself refuses UPDATE and DELETE."""
    if _sqlite():
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


def _set_decider(*, nullable: bool) -> None:
    """SQLite makes the table anew, and its triggers go with the old one."""
    if _sqlite():
        for event in ("replace", "update", "delete"):
            op.execute(f"DROP TRIGGER decisions_no_{event}")
    with op.batch_alter_table("decisions") as batch:
        batch.alter_column("person_id", existing_type=Key, nullable=nullable)
    if _sqlite():
        _protect(
            "decisions",
            "SELECT 1 FROM decisions "
            "WHERE id = NEW.id OR (hit_id = NEW.hit_id AND ordinal = NEW.ordinal)",
        )


def _index_where_set(table: str, column: str) -> None:
    condition = sa.text(f"{column} IS NOT NULL")
    op.create_index(
        f"ix_{table}_{column}_id",
        table,
        [column, "id"],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    """To 0003."""
    op.create_table(
        "destinations",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("retry_at", UtcDateTime(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_destinations")),
    )
    op.create_table(
        "source_records",
        sa.Column("source_id", Key, nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_records_source_id")
        ),
        sa.PrimaryKeyConstraint("source_id", "verdict", name=op.f("pk_source_records")),
    )
    op.execute(
        "INSERT INTO source_records (source_id, verdict, hits) "
        "SELECT entries.source_id, hits.verdict, count(DISTINCT hits.id) FROM hits "
        "JOIN matches ON matches.hit_id = hits.id JOIN entries ON entries.id = matches.entry_id "
        "WHERE hits.state = 'decided' GROUP BY entries.source_id, hits.verdict"
    )
    _set_decider(nullable=True)
    op.create_table(
        "undos",
        sa.Column("id", Key, nullable=False),
        sa.Column("decision_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_undos_decision_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_undos_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_undos")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_undos_decision_id")),
    )
    _protect("undos", "SELECT 1 FROM undos WHERE id = NEW.id OR decision_id = NEW.decision_id")
    op.create_table(
        "skips",
        sa.Column("hit_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("skipped_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name=op.f("fk_skips_hit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_skips_person_id")),
        sa.PrimaryKeyConstraint("hit_id", "person_id", name=op.f("pk_skips")),
    )
    for name, kind in HIT_COLUMNS:
        op.add_column("hits", sa.Column(name, kind, nullable=True))
    op.add_column(
        "hits", sa.Column("for_lead", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "hits",
        sa.Column("stood_seconds", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )
    with op.batch_alter_table("hits") as batch:
        batch.add_column(sa.Column("proposer_id", Key, nullable=True))
        batch.create_foreign_key(op.f("fk_hits_proposer_id"), "people", ["proposer_id"], ["id"])
    for name in HIT_INDEXES:
        _index_where_set("hits", name)
    op.create_table(
        "proposals",
        sa.Column("id", Key, nullable=False),
        sa.Column("hit_id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("registry_reason", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("why", sa.String(length=120), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["hit_id"], ["hits.id"], name=op.f("fk_proposals_hit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_proposals_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposals")),
    )
    op.create_index("ix_proposals_hit_id_settled_at", "proposals", ["hit_id", "settled_at"])
    op.create_table(
        "decision_groups",
        sa.Column("id", Key, nullable=False),
        sa.Column("person_id", Key, nullable=False),
        sa.Column("because", sa.String(length=20), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_decision_groups_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_groups")),
    )
    op.create_table(
        "grouped_decisions",
        sa.Column("decision_id", Key, nullable=False),
        sa.Column("group_id", Key, nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_grouped_decisions_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["decision_groups.id"], name=op.f("fk_grouped_decisions_group_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_grouped_decisions")),
    )
    op.create_index("ix_grouped_decisions_group_id", "grouped_decisions", ["group_id"])
    for name, kind in ENTRY_COLUMNS:
        op.add_column("entries", sa.Column(name, kind, nullable=True))
    _index_where_set("entries", "review_only_at")
    with op.batch_alter_table("matches") as batch:
        batch.add_column(sa.Column("fingerprint_id", Key, nullable=True))
        batch.create_foreign_key(
            op.f("fk_matches_fingerprint_id"), "entry_fingerprints", ["fingerprint_id"], ["id"]
        )
    op.drop_index("ix_matches_entry_id", "matches")
    op.create_index("ix_matches_entry_id_matched_at", "matches", ["entry_id", "matched_at"])
    op.add_column("deliveries", sa.Column("hit_id", Key, nullable=True))
    op.execute(
        "UPDATE deliveries SET hit_id = "
        "(SELECT hit_id FROM decisions WHERE decisions.id = deliveries.decision_id)"
    )
    op.execute("UPDATE deliveries SET state = 'given-up' WHERE state = 'failed'")
    with op.batch_alter_table("deliveries") as batch:
        batch.alter_column("hit_id", existing_type=Key, nullable=False)
        batch.alter_column("decision_id", existing_type=Key, nullable=True)
        batch.create_foreign_key(op.f("fk_deliveries_hit_id"), "hits", ["hit_id"], ["id"])
        batch.create_index("ix_deliveries_hit_id", ["hit_id"])


def downgrade() -> None:
    """Back to 0002. What it has no place for is lost: the log has it still."""
    op.execute("DELETE FROM deliveries WHERE decision_id IS NULL")
    op.execute("UPDATE deliveries SET state = 'failed' WHERE state = 'given-up'")
    with op.batch_alter_table("deliveries") as batch:
        batch.drop_index("ix_deliveries_hit_id")
        batch.drop_constraint(op.f("fk_deliveries_hit_id"), type_="foreignkey")
        batch.alter_column("decision_id", existing_type=Key, nullable=False)
        batch.drop_column("hit_id")
    op.drop_index("ix_matches_entry_id_matched_at", "matches")
    op.create_index("ix_matches_entry_id", "matches", ["entry_id"])
    with op.batch_alter_table("matches") as batch:
        batch.drop_constraint(op.f("fk_matches_fingerprint_id"), type_="foreignkey")
        batch.drop_column("fingerprint_id")
    op.drop_index("ix_entries_review_only_at_id", "entries")
    with op.batch_alter_table("entries") as batch:
        for name, _ in ENTRY_COLUMNS:
            batch.drop_column(name)
    for name in HIT_INDEXES:
        op.drop_index(f"ix_hits_{name}_id", "hits")
    with op.batch_alter_table("hits") as batch:
        batch.drop_constraint(op.f("fk_hits_proposer_id"), type_="foreignkey")
        for name in (
            "for_lead",
            "stood_seconds",
            "proposer_id",
            *(name for name, _ in HIT_COLUMNS),
        ):
            batch.drop_column(name)
    if not _sqlite():
        op.execute("DROP FUNCTION undos_append_only() CASCADE")
    op.drop_table("undos")
    op.drop_table("skips")
    op.drop_table("proposals")
    op.drop_table("grouped_decisions")
    op.drop_table("decision_groups")
    _set_decider(nullable=False)
    op.drop_table("source_records")
    op.drop_table("destinations")
