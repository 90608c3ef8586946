"""What a source may be told and held to.

Revision: 0002
Follows: 0001
"""

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To 0002."""


def downgrade() -> None:
    """Back to 0001."""
