"""What the views need of the installation, kept on the application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from config.policy import Policy
from exchange.records import Member
from matching.index import IndexDirectory
from moderation.source_settings import RegistryKind
from store.database import Database

NAME = "console"


class Wake(Protocol):
    """Tells the background that there is work. A wake-up that is lost costs time, never work."""

    def content_taken(self, content_ids: Sequence[int]) -> None:
        """Content arrived and wants matching."""

    def deliveries_planned(self) -> None:
        """A decision put deliveries into the outbox."""

    def sync(self, source_id: int) -> None:
        """A source is to be read now."""

    def reachable(self) -> bool:
        """Whether the queues can be reached."""


class Registries(Protocol):
    """What can be asked of registries without knowing how one speaks to them."""

    def kinds(self) -> Mapping[str, RegistryKind]:
        """Every kind that can be connected to, by its name."""

    def has_secret(self, name: str) -> bool:
        """Whether the secret of that name is set where this process runs."""

    def whoami(self, source_id: int) -> Member:
        """Who we are to a source's registry, within seconds. Raises moderation.sources.NoAnswer."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Database, policy, this host's index, the way to wake the background, and the registries."""

    database: Database
    policy: Policy
    index: IndexDirectory
    wake: Wake
    registries: Registries


def parts() -> Parts:
    """The parts of the application that answers this request."""
    return cast(Parts, current_app.extensions[NAME])
