"""Reading requests and writing answers: what is wrong is said, and never with the value."""

import json
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from werkzeug.exceptions import BadRequest

from console.api.schema import Id, ItemModel
from moderation.content import Item

Model = TypeVar("Model", bound=BaseModel)

MAX_FAULTS = 5
_ID = TypeAdapter[str](Id)


@dataclass(frozen=True, slots=True)
class Sent:
    """One item as it was sent: readable, or with what is wrong with it. No id where it is none."""

    id: str | None
    item: Item | None
    error: str | None


def items(body: bytes, most: int) -> list[Sent]:
    """The items of a body, each read by itself. BadRequest for anything but 1 to `most` of them."""
    data = _json(body)
    if not isinstance(data, dict) or set(data) != {"items"} or not isinstance(data["items"], list):
        raise BadRequest('the body must be an object with the one key "items", a list')
    if not 1 <= len(data["items"]) <= most:
        raise BadRequest(f"a batch has 1 to {most} items, this one has {len(data['items'])}")
    return [_sent(raw) for raw in data["items"]]


def model(kind: type[Model], body: bytes) -> Model:
    """A body as `kind`. BadRequest with what is wrong and where."""
    try:
        return kind.model_validate(_json(body))
    except ValidationError as error:
        raise BadRequest(_words(error)) from error


def answer(model: BaseModel) -> bytes:
    """`model` as JSON."""
    return model.model_dump_json().encode()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # lists within lists within lists
        raise BadRequest("the body is not JSON") from None


def _sent(raw: Any) -> Sent:
    try:
        item = ItemModel.model_validate(raw).item()
    except ValidationError as error:
        return Sent(_id_of(raw), None, _words(error))
    return Sent(item.platform_id, item, None)


def _id_of(raw: Any) -> str | None:
    try:
        return _ID.validate_python(raw["id"])
    except (ValidationError, TypeError, KeyError, IndexError):
        return None


def _words(error: ValidationError) -> str:
    """What is wrong and where, with nothing that the sender chose: it may be a fingerprint."""
    faults = error.errors(include_input=False, include_url=False)[:MAX_FAULTS]
    return "; ".join(_fault(fault["type"], fault["loc"], fault["msg"]) for fault in faults)


def _fault(kind: str, loc: tuple[int | str, ...], message: str) -> str:
    if kind == "extra_forbidden":  # the last part of the place is the field's name, as sent
        loc, message = loc[:-1], "a field that does not belong here"
    place = ".".join(map(str, loc)) or "item"
    return f"{place}: {message.removeprefix('Value error, ')}"
