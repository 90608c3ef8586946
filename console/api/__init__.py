"""The platform-facing JSON API, version 1."""
