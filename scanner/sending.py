"""Batches on their way to the console, while the next files are being fingerprinted."""

from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic

from scanner.api import ContentApi, Context, Verdict
from scanner.process import Fingerprinted

ITEMS = 500
"""Items a batch. The console takes 1,000; half of it is small enough to see progress."""

PRINTS = 20_000
"""Fingerprints a batch, a few megabytes of JSON: the console takes 16 MB, and a film has many."""

SECONDS = 2.0
"""How long an item waits for its batch to fill."""


class Sending:
    """Collects items and sends them, one batch at a time, in a thread of its own."""

    def __init__(self, api: ContentApi, context: Context) -> None:
        self._api = api
        self._context = context
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sending")
        self._batch: list[Fingerprinted] = []
        self._prints = 0
        self._since = 0.0
        self._under_way: Future[list[Verdict]] | None = None

    def add(self, item: Fingerprinted) -> None:
        """Take an item to be sent."""
        if not self._batch:
            self._since = monotonic()
        self._batch.append(item)
        self._prints += len(item.fingerprints)

    def go_on(self) -> list[Verdict]:
        """Send the batch if it is time for it; what the console has said of earlier ones.

        Raises what ContentApi.send raises. Waits only if a batch is full before the one before
        it has arrived.
        """
        full = len(self._batch) >= ITEMS or self._prints >= PRINTS
        idle = self._under_way is None or self._under_way.done()
        if full or (self._batch and idle and monotonic() - self._since > SECONDS):
            return self._send()
        return self._arrived() if idle else []

    def finish(self) -> list[Verdict]:
        """Send the rest and wait for everything; what the console has said of it.

        Raises what ContentApi.send raises.
        """
        verdicts = self._send()
        return verdicts + self._arrived()

    def close(self) -> None:
        """End the thread; a request under way is waited for."""
        self._thread.shutdown(cancel_futures=True)

    def _send(self) -> list[Verdict]:
        verdicts = self._arrived()
        batch, self._batch, self._prints = self._batch, [], 0
        if batch:
            self._under_way = self._thread.submit(self._api.send, batch, self._context)
        return verdicts

    def _arrived(self) -> list[Verdict]:
        if self._under_way is None:
            return []
        verdicts = self._under_way.result()
        self._under_way = None  # only now: an interruption while waiting must not lose them
        return verdicts
