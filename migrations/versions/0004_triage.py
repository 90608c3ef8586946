"""Triage: saved views, keys of one's own, how long and how many.

Revision: 0004
Follows: 0003
"""

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To 0004."""


def downgrade() -> None:
    """Back to 0003."""
