"""What a decision ended on its hit, so that an undo brings it back.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To 0006."""
    op.add_column("decisions", sa.Column("ended", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Back to 0005."""
    op.drop_column("decisions", "ended")
