"""Meta's ThreatExchange (Graph API), from the client's side."""

from exchange.threatexchange.client import ThreatExchangeClient

__all__ = ["ThreatExchangeClient"]
