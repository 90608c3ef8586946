"""What a source may be told and held to.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

from store.base import Key

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TOLD = {"ncmec": ["outcome"], "stopncii": ["match", "outcome"]}
"""What the kinds of registry that there were could be told."""


def upgrade() -> None:
    """To 0002."""
    with op.batch_alter_table("sources") as batch_op:
        batch_op.add_column(sa.Column("told", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("pdq_distance", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("pdq_quality", sa.Integer(), nullable=True))
    sources = sa.table("sources", sa.column("kind"), sa.column("told", sa.JSON()))
    op.execute(sources.update().values(told=[]))
    for kind, told in TOLD.items():
        op.execute(sources.update().where(sources.c.kind == kind).values(told=told))
    with op.batch_alter_table("sources") as batch_op:
        batch_op.alter_column("told", existing_type=sa.JSON(), nullable=False)
    with op.batch_alter_table("sweeps") as batch_op:
        batch_op.add_column(sa.Column("source_id", Key, nullable=True))
        batch_op.create_foreign_key("fk_sweeps_source_id", "sources", ["source_id"], ["id"])
        batch_op.drop_constraint("uq_sweeps_index_version", type_="unique")
        batch_op.create_index(
            "uq_sweeps_index_version",
            ["index_version"],
            unique=True,
            sqlite_where=sa.text("source_id IS NULL"),
            postgresql_where=sa.text("source_id IS NULL"),
        )


def downgrade() -> None:
    """Back to 0001."""
    with op.batch_alter_table("sweeps") as batch_op:
        batch_op.drop_index("uq_sweeps_index_version")
    op.execute(
        "DELETE FROM sweep_chunks WHERE sweep_id IN "
        "(SELECT id FROM sweeps WHERE source_id IS NOT NULL)"
    )
    op.execute("DELETE FROM sweeps WHERE source_id IS NOT NULL")
    with op.batch_alter_table("sweeps") as batch_op:
        batch_op.drop_constraint("fk_sweeps_source_id", type_="foreignkey")
        batch_op.drop_column("source_id")
        batch_op.create_unique_constraint("uq_sweeps_index_version", ["index_version"])
    with op.batch_alter_table("sources") as batch_op:
        batch_op.drop_column("pdq_quality")
        batch_op.drop_column("pdq_distance")
        batch_op.drop_column("told")
