"""The person's side, in JSON: open a case, see how it stands, take it back."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized, UnsupportedMediaType

from exchange.records import MediaKind
from registry.case_form import BYTES_PER_ITEM, parse_case
from registry.cases import CaseState, ItemState
from registry.services import services
from registry.wire import format_time

opening = Blueprint("opening", __name__)
standing = Blueprint("standing", __name__)
"""Two blueprints, for their rate limits differ: see `app`."""


@opening.post("/cases")
def open_case() -> tuple[Response, int, dict[str, str]]:
    """Take fingerprints, and nothing else. Answers with the number and, this once, the PIN."""
    most = services().settings.max_case_items
    request.max_content_length = BYTES_PER_ITEM * (most + 1)
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("a case is sent as Content-Type: application/json")
    form = parse_case(request.get_data(cache=False), most)
    state, pin = services().cases.open(form)
    answer = jsonify(_case(state) | {"pin": pin})
    return answer, 201, {"Location": url_for("standing.show_case", number=state.number)}


@standing.get("/cases/<number>")
def show_case(number: str) -> Response:
    """How each picture or video stands."""
    return jsonify(_case(_granted(services().cases.look_up(number.upper(), _pin()))))


@standing.delete("/cases/<number>")
def take_back_case(number: str) -> Response:
    """Take everything in the case off the list, for good."""
    return jsonify(_case(_granted(services().cases.take_back(number.upper(), _pin()))))


def _pin() -> str:
    given = request.authorization
    return (given.token or "") if given and given.type == "bearer" else ""


def _granted(state: CaseState | None) -> CaseState:
    """The case, or the one answer that an unknown number and a wrong PIN share."""
    if state is None:
        raise Unauthorized(
            "no case has this number and this PIN; send the PIN as `Authorization: Bearer PIN`",
            www_authenticate=WWWAuthenticate("bearer", {"realm": "case"}),
        )
    return state


def _case(state: CaseState) -> dict[str, Any]:
    return {
        "case": state.number,
        "submitted": format_time(state.opened),
        "withdrawn": _maybe(state.withdrawn),
        "items": [_item(item) for item in state.items],
    }


def _item(item: ItemState) -> dict[str, Any]:
    return {
        "item": item.item,
        "kind": item.kind,
        "state": "withdrawn" if item.withdrawn else "listed",
        "confirmed": item.confirmed,
        "disputed": item.disputed,
        "words": _words(item),
    }


def _words(item: ItemState) -> str:
    what = "picture" if item.kind is MediaKind.IMAGE else "video"
    if item.withdrawn:
        return f"You took this {what} back. Platforms are told to stop looking for it."
    words = [f"This {what} is on the list that platforms look for."]
    if item.confirmed:
        words.append(f"{_platforms(item.confirmed)} found it and confirmed that it is this {what}.")
    if item.disputed:
        words.append(f"{_platforms(item.disputed)} found something and said that it is not it.")
    if not item.confirmed and not item.disputed:
        words.append("No platform has reported finding it so far.")
    return " ".join(words)


def _platforms(count: int) -> str:
    return "1 platform" if count == 1 else f"{count} platforms"


def _maybe(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None
