"""What is open until it is closed, as a context manager."""

from types import TracebackType
from typing import Self


class Closing:
    """Base of connections and clients: leaving the `with` closes them."""

    def close(self) -> None:
        """Close the connections. Nothing can be asked afterwards."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
