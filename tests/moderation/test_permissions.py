"""Who may do what, written out: a change of the table is a change here too, on purpose."""

import pytest

from moderation.permissions import GRANTS, Permission, Role, may

# moderator, auditor, lead, admin
TABLE = {
    "see-queue": (True, True, True, False),
    "claim": (True, False, True, False),
    "decide": (True, False, True, False),
    "reverse": (True, False, True, False),
    "release-others": (False, False, True, False),
    "search-by-fingerprint": (True, False, True, False),
    "set-limits": (False, False, True, False),
    "pause-clock": (False, False, True, False),
    "trust-entries": (False, False, True, False),
    "see-audit": (False, True, True, True),
    "export-audit": (False, True, False, False),
    "see-sources": (False, True, True, True),
    "sync-sources": (False, False, True, True),
    "manage-sources": (False, False, True, True),
    "see-deliveries": (False, True, True, True),
    "retry-deliveries": (False, False, True, True),
    "see-metrics": (False, True, True, True),
    "manage-people": (False, False, False, True),
}


def test_the_table_names_every_permission_and_every_role() -> None:
    assert set(TABLE) == set(Permission)
    assert set(GRANTS) == set(Role)
    assert list(Role) == ["moderator", "auditor", "lead", "admin"]


@pytest.mark.parametrize("permission", Permission)
def test_each_role_may_what_the_table_says(permission: Permission) -> None:
    assert tuple(may(role, permission) for role in Role) == TABLE[permission]


@pytest.mark.parametrize("role", ["", "Lead", "root", "moderator "])
def test_an_unknown_role_may_nothing(role: str) -> None:
    assert not any(may(role, permission) for permission in Permission)


def test_who_watches_does_not_decide_and_who_installs_neither() -> None:
    for role in (Role.AUDITOR, Role.ADMIN):
        assert not GRANTS[role] & {Permission.CLAIM, Permission.DECIDE, Permission.REVERSE}
