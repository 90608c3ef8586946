"""Roles and what each may do. Everything that is not granted here is denied."""

from enum import StrEnum


class Permission(StrEnum):
    """One thing that somebody may do in the console."""

    SEE_QUEUE = "see-queue"
    CLAIM = "claim"
    DECIDE = "decide"
    REVERSE = "reverse"
    RELEASE_OTHERS = "release-others"
    SEARCH_BY_FINGERPRINT = "search-by-fingerprint"
    SET_LIMITS = "set-limits"
    PAUSE_CLOCK = "pause-clock"
    TRUST_ENTRIES = "trust-entries"
    SEE_AUDIT = "see-audit"
    EXPORT_AUDIT = "export-audit"
    SEE_SOURCES = "see-sources"
    SYNC_SOURCES = "sync-sources"
    MANAGE_SOURCES = "manage-sources"
    SEE_DELIVERIES = "see-deliveries"
    RETRY_DELIVERIES = "retry-deliveries"
    SEE_METRICS = "see-metrics"
    MANAGE_PEOPLE = "manage-people"


class Role(StrEnum):
    """What somebody is here for. An admin installs and connects, and decides nothing."""

    MODERATOR = "moderator"
    AUDITOR = "auditor"
    LEAD = "lead"
    ADMIN = "admin"


GRANTS: dict[Role, frozenset[Permission]] = {
    Role.MODERATOR: frozenset(
        {
            Permission.SEE_QUEUE,
            Permission.CLAIM,
            Permission.DECIDE,
            Permission.REVERSE,
            Permission.SEARCH_BY_FINGERPRINT,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Permission.SEE_QUEUE,
            Permission.SEE_AUDIT,
            Permission.EXPORT_AUDIT,
            Permission.SEE_SOURCES,
            Permission.SEE_DELIVERIES,
            Permission.SEE_METRICS,
        }
    ),
    Role.LEAD: frozenset(Permission) - {Permission.MANAGE_PEOPLE, Permission.EXPORT_AUDIT},
    Role.ADMIN: frozenset(
        {
            Permission.SEE_SOURCES,
            Permission.SYNC_SOURCES,
            Permission.MANAGE_SOURCES,
            Permission.SEE_DELIVERIES,
            Permission.RETRY_DELIVERIES,
            Permission.SEE_METRICS,
            Permission.SEE_AUDIT,
            Permission.MANAGE_PEOPLE,
        }
    ),
}


def may(role: str, permission: Permission) -> bool:
    """Whether somebody with `role` may do `permission`. An unknown role may do nothing."""
    try:
        return permission in GRANTS[Role(role)]
    except ValueError:
        return False
