"""How an index fails."""


class SnapshotError(Exception):
    """A snapshot that cannot be read or written. Says which file, what is wrong, what to do."""


class StaleVersionError(SnapshotError):
    """A change that is not based on the newest snapshot; `current` is that snapshot's version.

    Nothing was changed. Read the list again and try again with its newest version.
    """

    def __init__(self, message: str, *, current: int) -> None:
        super().__init__(message)
        self.current = current


class TooManyMatchesError(Exception):
    """A batch with more matches than fit in memory. Nothing is left out: ask in smaller batches."""
