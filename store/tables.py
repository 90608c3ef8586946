"""All tables at once, for migrations and for whoever needs the whole metadata."""

from store import audit, content, delivery, entry, hit, person, refusal, source
from store.base import Base

__all__ = [
    "audit",
    "content",
    "delivery",
    "entry",
    "hit",
    "metadata",
    "person",
    "refusal",
    "source",
]

metadata = Base.metadata
