"""StopNCII, version 1, from the client's side."""

from exchange.stopncii.client import StopNciiClient

__all__ = ["StopNciiClient"]
