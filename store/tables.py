"""All tables at once, for migrations and for whoever needs the whole metadata."""

from store import (
    audit,
    content,
    delivery,
    entry,
    exposure,
    group,
    hit,
    person,
    preference,
    proposal,
    refusal,
    skip,
    source,
)
from store.base import Base

__all__ = [
    "audit",
    "content",
    "delivery",
    "entry",
    "exposure",
    "group",
    "hit",
    "metadata",
    "person",
    "preference",
    "proposal",
    "refusal",
    "skip",
    "source",
]

metadata = Base.metadata
