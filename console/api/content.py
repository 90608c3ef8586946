"""Content comes in here, in batches, and its state can be asked."""

from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, ValidationError

from console.access import open_to_anybody, requires_key
from console.api import openapi
from console.api.schema import (
    MAX_BYTES,
    MAX_ITEMS,
    ContentAnswer,
    ItemModel,
    ItemResult,
    ItemState,
    StateAnswer,
    StateRequest,
)
from console.limits import limiter
from console.parts import parts
from moderation import content
from moderation.content import Item
from moderation.keys import Scope
from moderation.naming import hit_name

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")

Model = TypeVar("Model", bound=BaseModel)


@blueprint.before_request
def _allow_batches() -> None:
    request.max_content_length = MAX_BYTES


@blueprint.post("/content")
@requires_key(Scope.WRITE_CONTENT)
def take() -> Response:
    """Take a batch of items, each by itself; matching follows in the background."""
    raw = _items(_json())
    results: list[ItemResult | None] = [None] * len(raw)
    good: list[tuple[int, Item]] = []
    for place, data in enumerate(raw):
        try:
            good.append((place, ItemModel.model_validate(data).item()))
        except ValidationError as error:
            results[place] = ItemResult(id=_id_of(data), status="rejected", error=_words(error))
    with parts().database.write() as rows:
        taken = content.take(rows, [item for _, item in good], datetime.now(UTC))
    for (place, item), (_, what, _row) in zip(good, taken, strict=True):
        results[place] = ItemResult(id=item.platform_id, status=what.value)
    parts().wake.content_taken([row for _, _, row in taken if row is not None])
    return _answer(ContentAnswer(results=[result for result in results if result]))


@blueprint.post("/content/state")
@requires_key(Scope.READ_CONTENT)
def state() -> Response:
    """Where items stand."""
    asked = _read(StateRequest)
    with parts().database.read() as rows:
        standing = content.standing(rows, asked.ids)
    return _answer(
        StateAnswer(
            items=[
                ItemState(
                    id=one.platform_id,
                    state=one.state.value,
                    hit=hit_name(one.hit_id) if one.hit_id else None,
                )
                for one in standing
            ]
        )
    )


@blueprint.get("/openapi.json")
@open_to_anybody
@limiter.limit("60 per minute")
def description() -> Response:
    """This API, as OpenAPI 3.1."""
    return jsonify(openapi.document())


def _json() -> Any:
    if not request.is_json:
        abort(415)
    data = request.get_json(silent=True)
    if data is None:
        abort(400, "the body is not JSON")
    return data


def _items(data: Any) -> list[Any]:
    if not isinstance(data, dict) or set(data) != {"items"} or not isinstance(data["items"], list):
        abort(400, 'the body must be an object with the one key "items", a list')
    items: list[Any] = data["items"]
    if not 1 <= len(items) <= MAX_ITEMS:
        abort(400, f"a batch has 1 to {MAX_ITEMS} items, this one has {len(items)}")
    return items


def _read(model: type[Model]) -> Model:
    try:
        return model.model_validate(_json())
    except ValidationError as error:
        abort(400, _words(error))


def _words(error: ValidationError) -> str:
    """What is wrong and where, without the value: it may be a fingerprint."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'item'}: "
        f"{fault['msg'].removeprefix('Value error, ')}"
        for fault in error.errors(include_input=False, include_url=False)[:5]
    )


def _id_of(data: Any) -> str | None:
    found = data.get("id") if isinstance(data, dict) else None
    return found[:200] if isinstance(found, str) else None


def _answer(model: BaseModel) -> Response:
    return Response(model.model_dump_json(), mimetype="application/json")
