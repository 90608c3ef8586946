"""Triage: saved views, keys of one's own, how long and how many.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

from store.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To 0004."""
    op.create_table(
        "exposures",
        sa.Column("person_id", _key(), nullable=False),
        sa.Column("daily_hits", sa.Integer(), nullable=True),
        sa.Column("daily_minutes", sa.Integer(), nullable=True),
        sa.Column("paused_at", UtcDateTime(), nullable=True),
        sa.Column("back_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_exposures_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_exposures")),
    )
    op.create_table(
        "preferences",
        sa.Column("person_id", _key(), nullable=False),
        sa.Column("keys_off", sa.Boolean(), nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_preferences_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_preferences")),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", _key(), nullable=False),
        sa.Column("person_id", _key(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("starts", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_saved_views_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(
        op.f("ix_saved_views_person_id_name"), "saved_views", ["person_id", "name"], unique=True
    )
    # Closed hits by when they were closed, and an entry by its registry's id alone.
    op.create_index(op.f("ix_hits_state_closed_at_id"), "hits", ["state", "closed_at", "id"])
    op.create_index(op.f("ix_entries_entry_id"), "entries", ["entry_id"])


def downgrade() -> None:
    """Back to 0003."""
    op.drop_index(op.f("ix_entries_entry_id"), table_name="entries")
    op.drop_index(op.f("ix_hits_state_closed_at_id"), table_name="hits")
    op.drop_table("saved_views")
    op.drop_table("preferences")
    op.drop_table("exposures")
