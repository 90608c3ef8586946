"""NCMEC hash sharing, version 2, from the client's side."""

from exchange.ncmec.client import NcmecClient

__all__ = ["NcmecClient"]
