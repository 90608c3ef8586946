"""All tables at once, for migrations and for whoever needs the whole metadata."""

from store import audit, content, delivery, entry, hit, person, source
from store.base import Base

__all__ = ["audit", "content", "delivery", "entry", "hit", "metadata", "person", "source"]

metadata = Base.metadata
