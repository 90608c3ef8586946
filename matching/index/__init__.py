"""Exact search among fingerprints: all PDQ values within a radius, all equal MD5 and SHA-1.

`IndexDirectory(path).current()` gives the loaded `Index` that this host serves.
"""

from matching.index.degenerate import degenerate
from matching.index.directory import IndexDirectory
from matching.index.errors import SnapshotError, StaleVersionError, TooManyMatchesError
from matching.index.index import Index
from matching.index.kernels import MAX_RADIUS
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
    "TooManyMatchesError",
    "degenerate",
]
