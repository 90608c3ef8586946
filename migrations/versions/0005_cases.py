"""The cases in which a registry's entry was reported, to be found by their numbers.

Revision: 0005
Follows: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """To 0005."""
    op.create_table(
        "entry_cases",
        sa.Column("entry_id", _key(), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_entry_cases_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "number", name=op.f("pk_entry_cases")),
    )
    op.create_index(op.f("ix_entry_cases_number"), "entry_cases", ["number"])


def downgrade() -> None:
    """Back to 0004."""
    op.drop_table("entry_cases")
