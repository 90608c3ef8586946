"""Exact search among fingerprints: all PDQ values within a radius, all equal MD5 and SHA-1.

`IndexDirectory(path).current()` gives the loaded `Index` that this host serves.
"""

from matching.index.directory import IndexDirectory
from matching.index.errors import SnapshotError, StaleVersionError
from matching.index.index import MAX_RADIUS, Index
from matching.index.matches import Matches
from matching.index.rows import Block, Row

__all__ = [
    "MAX_RADIUS",
    "Block",
    "Index",
    "IndexDirectory",
    "Matches",
    "Row",
    "SnapshotError",
    "StaleVersionError",
]
