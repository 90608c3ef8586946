"""Looking for secret bytes in whatever form they may have taken."""

import base64
import zlib
from collections.abc import Iterable, Mapping

MIN_PART = 24
"""Bytes of a secret that must be found in one piece. By chance that happens never."""


def forms(secret: bytes) -> set[bytes]:
    """How `secret` may stand in other bytes: raw, as hex, as base64, as numbers, as pixels."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for skip in range(3):  # base64 looks different at each of three places
        text = base64.b64encode(secret[skip:])[: (len(secret) - skip) // 3 * 4]
        found |= {text, text.replace(b"+", b"-").replace(b"/", b"_")}
    found |= {
        separator.join(str(byte) for byte in secret[:MIN_PART]).encode()
        for separator in (", ", ",")
    }
    found.add(repr(secret)[2:-1].encode())
    found.add(secret.decode("latin-1").encode("utf-8"))
    found.add(b"".join(bytes([byte]) * 3 for byte in secret))  # grey pixels in three colours
    found.add(b"".join(bytes([byte]) * 3 + b"\xff" for byte in secret))  # and with alpha
    return found


def unpacked(data: bytes) -> Iterable[bytes]:
    """`data`, and what is in it if it is compressed as RQ compresses jobs."""
    yield data
    try:
        yield zlib.decompress(data)
    except zlib.error:
        return


class Search:
    """Looks for several secrets at once."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        self._forms = [(name, form) for name, secret in secrets.items() for form in forms(secret)]

    def __call__(self, data: bytes) -> set[str]:
        """The names of the secrets that are in `data`."""
        return {name for part in unpacked(data) for name, form in self._forms if form in part}
