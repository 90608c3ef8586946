"""What every kind of registry is asked, and the table of the kinds there are.

A new kind is one file (or folder) with a client that has these methods, one line in KINDS, and one
line in the contract test (tests/exchange/test_contract.py).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import TracebackType
from typing import ClassVar, Protocol, Self

from exchange.errors import Refused
from exchange.file_list import FileListClient
from exchange.ncmec import NcmecClient
from exchange.records import Checkpoint, Member, Outcome, Page, Reason, Receipt, Told
from exchange.stopncii import StopNciiClient
from exchange.threatexchange import ThreatExchangeClient
from matching.fingerprint import Algorithm


class RegistryClient(Protocol):
    """One configured connection to one registry. Every method raises Unavailable or Refused.

    A context manager, which closes it. Its `repr` shows no credentials. `told` is what this kind
    can be told; a kind that does not need a secret is given empty credentials.
    """

    told: ClassVar[frozenset[Told]]
    needs_secret: ClassVar[bool]

    def __init__(self, address: str, credentials: str, *, member_ids: Collection[str] = ()) -> None:
        """Nothing is sent yet. Raises Refused for what cannot be right."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def close(self) -> None:
        """Close the connections."""

    def whoami(self) -> Member:
        """Who we are to the registry: tests address and credentials."""

    def fetch(self, checkpoint: Checkpoint | None, now: datetime) -> Page:
        """One page: the first without a checkpoint, else the one after it. `now` is aware.

        Pages may repeat entries and never leave one out. The checkpoint is stored in the
        transaction that applies the page; a fetch that failed is asked again with the same one.
        """

    def reasons(self, algorithm: Algorithm) -> tuple[Reason, ...]:
        """The registry's own reasons for a negative vote; empty where it has none."""

    def report(self, outcome: Outcome) -> Receipt:
        """Tell an outcome. Sent again it has the effect of once."""


KINDS: Mapping[str, type[RegistryClient]] = {
    "ncmec": NcmecClient,
    "stopncii": StopNciiClient,
    "threatexchange": ThreatExchangeClient,
    "file": FileListClient,
}


def connect(
    kind: str, address: str, credentials: str, *, member_ids: Collection[str] = ()
) -> RegistryClient:
    """A client for a source: its kind, its base URL, its credentials as that kind writes them.

    Raises Refused for an unknown kind, and for an address or credentials that cannot be right;
    nothing is sent yet.
    """
    return _client(kind)(address, credentials, member_ids=member_ids)


def told(kind: str) -> frozenset[Told]:
    """What this kind of registry can be told. Raises Refused for an unknown kind."""
    return _client(kind).told


def needs_secret(kind: str) -> bool:
    """Whether this kind asks for credentials. Raises Refused for an unknown kind."""
    return _client(kind).needs_secret


def _client(kind: str) -> type[RegistryClient]:
    if kind not in KINDS:
        raise Refused(f"unknown kind of registry {kind[:40]!r}; known are {', '.join(KINDS)}")
    return KINDS[kind]
