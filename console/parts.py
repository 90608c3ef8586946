"""What the views need of the installation, kept on the application."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from flask import current_app

from config.policy import Policy
from matching.index import IndexDirectory
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


@dataclass(frozen=True, slots=True)
class Parts:
    """Database, policy, this host's index, and the way to wake the background."""

    database: Database
    policy: Policy
    index: IndexDirectory
    wake: Wake


def parts() -> Parts:
    """The parts of the application that answers this request."""
    return cast(Parts, current_app.extensions[NAME])
