"""What people ask of registries: which kinds there are, and whether one lets us in."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from functools import partial
from threading import BoundedSemaphore, Thread

from exchange import registry
from exchange.address import base_url
from exchange.errors import ExchangeError
from exchange.records import Member
from jobs import connections
from jobs.runtime import Runtime
from moderation.source_settings import RegistryKind
from moderation.sources import NoAnswer

PATIENCE = 20.0
"""Seconds that a person waits for a registry. The names' server is asked within them too."""
AT_ONCE = 4


class Registries:
    """The kinds of registry, and the connections to them, for whoever only asks."""

    def __init__(self, parts: Runtime, patience: float = PATIENCE) -> None:
        self._parts = parts
        self._patience = patience
        self._free = BoundedSemaphore(AT_ONCE)

    def kinds(self) -> Mapping[str, RegistryKind]:
        """Every kind that can be connected to, by its name."""
        return {
            name: RegistryKind(
                name, registry.told(name), registry.needs_secret(name), partial(self._check, name)
            )
            for name in registry.KINDS
        }

    def has_secret(self, name: str) -> bool:
        """Whether the secret of that name is set where this process runs."""
        return self._parts.settings.secret(name) is not None

    def whoami(self, source_id: int) -> Member:
        """Who we are to a source's registry. Raises NoAnswer, at the latest after the patience."""
        if not self._free.acquire(blocking=False):
            raise NoAnswer("too many registries are being asked; try again in a minute")
        asked: Future[Member] = Future()
        # A thread of its own: it ends with the connection's limits, and the person need not wait.
        Thread(target=self._ask, args=(source_id, asked), daemon=True).start()
        try:
            return asked.result(self._patience)
        except TimeoutError:
            raise NoAnswer(f"no answer within {self._patience:g} seconds") from None
        except ExchangeError as error:
            raise NoAnswer(str(error)) from None

    def _ask(self, source_id: int, asked: Future[Member]) -> None:
        try:
            with connections.registry(self._parts, source_id) as client:
                asked.set_result(client.whoami())
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            asked.set_exception(error)
        finally:
            self._free.release()

    def _check(self, kind: str, address: str, secret: str, member_ids: Collection[str]) -> None:
        """Refuse what the client of this kind refuses before it sends anything.

        Credentials can only be looked at where they are set.
        """
        credentials = self._parts.settings.secret(secret) if secret else ""
        if credentials is None:
            base_url(address, kind)
        else:
            registry.connect(kind, address, credentials, member_ids=member_ids).close()
