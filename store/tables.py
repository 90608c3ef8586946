"""All tables at once, for migrations and for whoever needs the whole metadata."""

from store import (
    audit,
    content,
    delivery,
    entry,
    exposure,
    hit,
    person,
    preference,
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
    "hit",
    "metadata",
    "person",
    "preference",
    "refusal",
    "skip",
    "source",
]

metadata = Base.metadata
