"""Outcomes: circuits, undone decisions, the platform's holds, suspicion, paused clocks.

Revision: 0003
Follows: 0002
"""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To 0003."""


def downgrade() -> None:
    """Back to 0002."""
