"""The `<paging><next>` of a window: a path that this registry wrote itself, and can tell.

It looks like NCMEC's (`start`, `size` and `max` let a client guess how much is left) and carries a
signature over all of it. It is good for twelve hours, and only as it was given.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from itsdangerous import BadData, SignatureExpired, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

from registry.window import Place, Window

LIFETIME_SECONDS = 12 * 60 * 60


@dataclass(frozen=True, slots=True)
class Cursor:
    """The next page: entries `start` (from 1) and on, of `total`, in `window`, after `place`."""

    window: Window
    start: int
    size: int
    total: int
    place: Place

    @property
    def params(self) -> dict[str, str]:
        """What the path shows of it."""
        after, until = self.window.wire
        numbers = {"start": str(self.start), "size": str(self.size), "max": str(self.total)}
        return {"from": after, "to": until, **numbers}


class Cursors:
    """Writes cursors and reads them back, with a key that all worker processes share."""

    def __init__(self, secret_key: str) -> None:
        self._signer = URLSafeTimedSerializer(secret_key, salt="registry.cursor")

    def path(self, cursor: Cursor) -> str:
        """The path of the page, relative to the base: it begins /v2/."""
        signed = self._signer.dumps([*cursor.params.values(), *cursor.place])
        return f"/v2/entries?{urlencode({**cursor.params, 'cursor': str(signed)}, safe=':')}"

    def read(self, args: MultiDict[str, str]) -> Cursor:
        """The cursor in a request's parameters. Raises BadRequest saying what is wrong."""
        try:
            after, until, start, size, total, *place = self._signer.loads(
                args["cursor"], max_age=LIFETIME_SECONDS
            )
        except SignatureExpired:
            raise BadRequest(
                "this paging link is older than 12 hours; begin the window again"
            ) from None
        except BadData:
            raise BadRequest(_FOREIGN) from None
        cursor = Cursor(
            window=Window.parse(after, until),
            start=int(start),
            size=int(size),
            total=int(total),
            place=(place[0], place[1]),
        )
        if sorted(args.items(multi=True)) != sorted(
            [*cursor.params.items(), ("cursor", args["cursor"])]
        ):
            raise BadRequest(_FOREIGN)
        return cursor


_FOREIGN = (
    "this paging link is not as it was given: it is used unchanged, "
    "with the `from` and `to` that it was given for; begin the window again"
)
