"""Sessions: kept in Redis as MessagePack, and read as nothing else."""

from typing import Any, cast

import msgspec
from flask import Flask, current_app, session
from flask_session import Session
from flask_session.base import Serializer, ServerSideSession, ServerSideSessionInterface


class MessagePack(Serializer):  # type: ignore[misc]
    """Reads MessagePack only.

    Flask-Session's own serializer falls back to pickle, which runs what it reads: whoever can
    write into Redis could run code here.
    """

    def encode(self, session: ServerSideSession) -> bytes:
        """The session as bytes."""
        return msgspec.msgpack.encode(dict(session))

    def decode(self, serialized_data: bytes) -> dict[str, Any]:
        """The session again; an empty one where the bytes are something else."""
        try:
            return msgspec.msgpack.decode(serialized_data, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}


def install(app: Flask) -> None:
    """Keep the sessions of `app` where its configuration says."""
    Session(app)
    _interface(app).serializer = MessagePack()


def renew() -> None:
    """Give this session another id and forget what it held.

    Whoever knew the old id, because they planted it or because they saw it, knows nothing now.
    """
    # In this order: an emptied session has nothing to lose and would keep its id.
    _interface(current_app).regenerate(session)
    session.clear()


def _interface(app: Flask) -> ServerSideSessionInterface:
    return cast(ServerSideSessionInterface, app.session_interface)
