"""Passwords and PINs: made by us, shown once, kept as argon2 hashes, checked in constant work."""

import hmac
import secrets
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

PIN_DIGITS = 8


def new_password() -> str:
    """A password for a machine: 256 bits."""
    return secrets.token_urlsafe(32)


def new_pin() -> str:
    """A PIN for a person to write down."""
    return "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))


class Passwords:
    """Hashes and checks. What does not exist takes the same work as what is wrong.

    OWASP's smallest argon2id setting (19 MiB, 2 passes): passwords here are random, not chosen.
    A PIN is short, and a stolen table of them would be searched through in days: so every hash is
    keyed with the registry's secret key, which is not in the database.
    """

    def __init__(self, secret_key: str) -> None:
        self._key = secret_key.encode()
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._nobody = self.hash(new_password())

    def hash(self, word: str) -> str:
        """What to store for a password or PIN."""
        return self._hasher.hash(self._keyed(word))

    def matches(self, stored: str | None, word: str) -> bool:
        """Whether the word is the one stored. None stands for nobody and never matches."""
        try:
            matched = self._hasher.verify(stored or self._nobody, self._keyed(word))
        except (VerificationError, InvalidHashError):
            return False
        return matched and stored is not None

    def _keyed(self, word: str) -> bytes:
        return hmac.digest(self._key, word.encode(), sha256)
