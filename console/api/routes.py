"""What a route of the API is: it cannot be written without saying which key opens it."""

from collections.abc import Callable
from dataclasses import dataclass

from console.parts import Parts
from moderation.keys import Scope


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path below the API's prefix.

    `scope` is what a key must have; None opens the route to everybody. `answer` makes JSON of the
    body that was sent (b"" for GET); it raises Werkzeug's HTTPExceptions.
    """

    method: str
    path: str
    scope: Scope | None
    answer: Callable[[Parts, bytes], bytes]
