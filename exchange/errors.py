"""How an exchange fails: worth another try, or not."""


class ExchangeError(Exception):
    """Anything that went wrong with the other side. The message holds no fingerprint."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Unavailable(ExchangeError):
    """The same call may go through later: no connection, time-out, 429, 5xx, an unreadable body.

    `retry_after` is the other side's wish in seconds, None where it gave none.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Refused(ExchangeError):
    """The same call will be refused again: bad credentials, unknown entry, malformed request."""
