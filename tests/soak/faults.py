"""How an answer is spoilt. In half of the cases the message had arrived all the same."""

import time

from tests.soak.proxy import Exchange, Reply
from tests.soak.senders import LIMITS

LATE_SECONDS = LIMITS.silence * 2


def error_500(exchange: Exchange, number: int) -> None:
    """500, before or after the message was taken."""
    _arrives_or_not(exchange, number)
    exchange.answer(Reply(500, (), b"a fault"))


def busy_429(exchange: Exchange, _number: int) -> None:
    """429 with a wish to be left alone for a second."""
    exchange.drop()
    exchange.answer(Reply(429, (("Retry-After", "1"),), b"busy"))


def silence(exchange: Exchange, number: int) -> None:
    """The connection is accepted, and no answer ever comes."""
    _arrives_or_not(exchange, number)
    time.sleep(LATE_SECONDS)
    exchange.hang_up()


def half_an_answer(exchange: Exchange, number: int) -> None:
    """A body that is shorter than its Content-Length says, and the end of the connection."""
    if number % 2:
        reply = exchange.upstream()
    else:
        exchange.drop()
        reply = Reply(200, (("Content-Type", "application/xml"),), b"<submissionResult")
    exchange.answer(
        Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2]),
        length=len(reply.body) + 1,
    )
    exchange.hang_up()


def late_answer(exchange: Exchange, _number: int) -> None:
    """The message is taken at once, and the answer comes when nobody listens any more."""
    reply = exchange.upstream()
    time.sleep(LATE_SECONDS)
    exchange.answer(reply)


def _arrives_or_not(exchange: Exchange, number: int) -> None:
    if number % 2:
        exchange.upstream()
    else:
        exchange.drop()
