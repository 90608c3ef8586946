"""Clients that ask a server as fast as it answers, in one thread and with little of a processor.

Each keeps one connection and sends its next request when it has the answer to the one before. The
requests are made beforehand and of an answer only its status and length are read, because on a
machine with two cores whatever the clients take is missing for the server.
"""

import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class _Client:
    connection: socket.socket
    next: int
    sent_at: float = 0.0
    received: bytes = b""


def ask(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    headers: Mapping[str, str],
    *,
    clients: int,
    seconds: float,
) -> list[float]:
    """Seconds that each answer took. RuntimeError for any that is not 200."""
    requests = [_request(port, path, body, headers) for body in bodies]
    selector = selectors.DefaultSelector()
    taken: list[float] = []
    for number in range(clients):
        client = _Client(socket.create_connection(("127.0.0.1", port)), number)
        client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(client.connection, selectors.EVENT_READ, client)
        _send(client, requests)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        for key, _ in selector.select(timeout=1):
            client = key.data
            part = client.connection.recv(65_536)
            if not part:
                raise RuntimeError(f"{path}: the server closed the connection")
            client.received += part
            if _is_whole(client.received, path):
                taken.append(time.perf_counter() - client.sent_at)
                client.next += clients
                _send(client, requests)
    for key in list(selector.get_map().values()):
        key.data.connection.close()
    return taken


def _request(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _send(client: _Client, requests: Sequence[bytes]) -> None:
    client.received = b""
    client.sent_at = time.perf_counter()
    client.connection.sendall(requests[client.next % len(requests)])


def _is_whole(received: bytes, path: str) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{path} answered {head[9:12].decode()}")
    length = head.lower().partition(b"content-length:")[2].split(b"\r", 1)[0]
    return len(body) >= int(length)
