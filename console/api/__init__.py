"""The platform-facing JSON API, version 1."""

from console.api.content import blueprint

__all__ = ["blueprint"]
