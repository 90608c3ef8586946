"""Connections to the outside, from a source's row or the settings, with the secrets put in."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Self

from sqlalchemy import select

from exchange.errors import Refused
from exchange.platform import Action, PlatformAction, PlatformClient
from exchange.records import Outcome, Receipt, Vote
from exchange.registry import RegistryClient, connect
from jobs.runtime import Runtime
from matching.fingerprint import Algorithm, Fingerprint
from moderation.outbox import Order
from store.entry import Entry, EntryFingerprint
from store.source import Source


def registry(parts: Runtime, source_id: int) -> RegistryClient:
    """A client for the source. Raises Refused for an unknown source or a secret that is not set."""
    with parts.database.read() as session:
        source = session.get(Source, source_id)
    if source is None:
        raise Refused(f"there is no source {source_id}")
    credentials = parts.settings.secret(source.secret_name) if source.secret_name else ""
    if credentials is None:
        raise Refused(
            f"source {source.name}: the secret {source.secret_name} is not set; "
            f"put it into SECRET_{source.secret_name.upper()}"
        )
    return connect(source.kind, source.base_url, credentials, member_ids=source.member_ids)


def platform(parts: Runtime) -> PlatformClient:
    """A client for the platform's webhook. Raises Refused if none is set."""
    url, secret = parts.settings.platform_url, parts.settings.platform_secret
    if url is None or secret is None:
        raise Refused("the platform's webhook is not set; put it into PLATFORM_URL")
    return PlatformClient(
        url,
        secret.get_secret_value(),
        allow_private=parts.settings.allow_private_destinations,
    )


class Senders:
    """Sends orders from the outbox, over one connection to each side while it is open."""

    def __init__(self, parts: Runtime) -> None:
        self._parts = parts
        self._open = ExitStack()
        self._registries: dict[int, RegistryClient] = {}
        self._platform: PlatformClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def send(self, order: Order) -> Receipt:
        """Send one order. Raises ExchangeError as its client does."""
        if order.source_id is None:
            return self._to_platform(order)
        body = order.body
        return self._registry(order.source_id).report(
            Outcome(
                member_id=body["member_id"],
                entry_id=body["entry_id"],
                algorithm=Algorithm(body["algorithm"]),
                vote=Vote(body["vote"]) if body["vote"] else None,
                reason_ids=tuple(body["reason_ids"]),
                tags=tuple(body["tags"]),
                fingerprint=self._fingerprint(order.source_id, body),
            )
        )

    def _fingerprint(self, source_id: int, body: Mapping[str, Any]) -> Fingerprint | None:
        """The value that the outcome is about, for registries that know entries by it alone.

        Looked up now, so that it never rests in the outbox.
        """
        query = (
            select(EntryFingerprint)
            .join(Entry, Entry.id == EntryFingerprint.entry_id)
            .where(
                Entry.source_id == source_id,
                Entry.member_id == body["member_id"],
                Entry.entry_id == body["entry_id"],
                EntryFingerprint.algorithm == body["algorithm"],
            )
            .order_by(EntryFingerprint.retired, EntryFingerprint.id)
            .limit(1)
        )
        with self._parts.database.read() as session:
            row = session.scalar(query)
        return Fingerprint(Algorithm(row.algorithm), row.value) if row else None

    def _to_platform(self, order: Order) -> Receipt:
        if self._platform is None:
            self._platform = self._open.enter_context(platform(self._parts))
        return self._platform.send(
            PlatformAction(
                action=Action(order.action),
                content_id=order.body["content_id"],
                hit=order.body["hit"],
                decision=order.body["decision"],
                key=order.idempotency_key,
                occurred_at=order.created_at,
            )
        )

    def _registry(self, source_id: int) -> RegistryClient:
        if source_id not in self._registries:
            client = registry(self._parts, source_id)
            self._registries[source_id] = self._open.enter_context(client)
        return self._registries[source_id]
