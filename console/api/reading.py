"""Reading requests and writing answers: what is wrong is said, and never with the value."""

from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, abort, request
from pydantic import BaseModel, ValidationError

from console.api.schema import ItemModel
from moderation.content import Item

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sent:
    """One item as it was sent: readable, or with what is wrong with it."""

    id: str | None
    item: Item | None
    error: str | None


def items(most: int) -> list[Sent]:
    """The items of the request, each read by itself. 400 for anything but 1 to `most` of them."""
    data = _json()
    if not isinstance(data, dict) or set(data) != {"items"} or not isinstance(data["items"], list):
        abort(400, 'the body must be an object with the one key "items", a list')
    if not 1 <= len(data["items"]) <= most:
        abort(400, f"a batch has 1 to {most} items, this one has {len(data['items'])}")
    return [_sent(raw) for raw in data["items"]]


def body(model: type[Model]) -> Model:
    """The request as `model`. 400 with what is wrong and where."""
    try:
        return model.model_validate(_json())
    except ValidationError as error:
        abort(400, _words(error))


def answer(model: BaseModel) -> Response:
    """`model` as JSON."""
    return Response(model.model_dump_json(), mimetype="application/json")


def _json() -> Any:
    if not request.is_json:
        abort(415)
    data = request.get_json(silent=True)
    if data is None:
        abort(400, "the body is not JSON")
    return data


def _sent(raw: Any) -> Sent:
    try:
        item = ItemModel.model_validate(raw).item()
    except ValidationError as error:
        found = raw.get("id") if isinstance(raw, dict) else None
        return Sent(found[:200] if isinstance(found, str) else None, None, _words(error))
    return Sent(item.platform_id, item, None)


def _words(error: ValidationError) -> str:
    """What is wrong and where, without the value: it may be a fingerprint."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'item'}: "
        f"{fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False, include_url=False)[:5]
    )
