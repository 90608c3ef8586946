"""The platform's webhook: what a decision does there, signed, and how to check the signature."""

from exchange.platform.action import Action, PlatformAction
from exchange.platform.client import PlatformClient
from exchange.platform.signature import HEADER, BadSignature, sign, verify

__all__ = [
    "HEADER",
    "Action",
    "BadSignature",
    "PlatformAction",
    "PlatformClient",
    "sign",
    "verify",
]
