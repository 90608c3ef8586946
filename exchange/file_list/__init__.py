"""A list of fingerprints in a file on this host's disk. Nothing is told back."""

from exchange.file_list.client import FileListClient

__all__ = ["FileListClient"]
