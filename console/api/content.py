"""Content comes in here, in batches; its state can be asked; uploads are checked."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import ServiceUnavailable

from console.access import open_to_anybody, requires_key
from console.api import openapi, reading
from console.api.schema import (
    MAX_BYTES,
    MAX_CHECKED,
    MAX_ITEMS,
    CheckAnswer,
    CheckResult,
    ContentAnswer,
    ItemResult,
    ItemState,
    StateAnswer,
    StateRequest,
)
from console.parts import parts
from moderation import check, content
from moderation.keys import Scope
from moderation.naming import hit_name

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.before_request
def _allow_batches() -> None:
    request.max_content_length = MAX_BYTES


@blueprint.post("/content")
@requires_key(Scope.WRITE_CONTENT)
def take() -> Response:
    """Take a batch of items, each by itself; matching follows in the background."""
    sent = reading.items(MAX_ITEMS)
    with parts().database.write() as rows:
        good = [one.item for one in sent if one.item]
        taken = content.take(rows, good, datetime.now(UTC))
    parts().wake.content_taken([row for _, _, row in taken if row is not None])
    outcomes = iter(taken)
    return reading.answer(
        ContentAnswer(
            results=[
                ItemResult(id=one.id, status=next(outcomes)[1].value)
                if one.item
                else ItemResult(id=one.id, status="rejected", error=one.error)
                for one in sent
            ]
        )
    )


@blueprint.post("/check")
@requires_key(Scope.WRITE_CONTENT)
def check_uploads() -> Response:
    """Say what to do with uploads, at once, from the index that this process has loaded."""
    sent = reading.items(MAX_CHECKED)
    good = [one.item for one in sent if one.item]
    here = parts()
    try:
        checked = check.check(here.database, here.index, here.policy, good, datetime.now(UTC))
    except check.NoIndex as error:
        raise ServiceUnavailable(str(error)) from error
    here.wake.content_taken(checked.stored)
    outcomes = iter(checked.answers)
    return reading.answer(
        CheckAnswer(
            index_version=checked.index_version,
            results=[
                _result(next(outcomes))
                if one.item
                else CheckResult(id=one.id, answer="rejected", error=one.error)
                for one in sent
            ],
        )
    )


@blueprint.post("/content/state")
@requires_key(Scope.READ_CONTENT)
def state() -> Response:
    """Where items stand."""
    asked = reading.body(StateRequest)
    with parts().database.read() as rows:
        standing = content.standing(rows, asked.ids)
    return reading.answer(
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
def description() -> Response:
    """This API, as OpenAPI 3.1."""
    return jsonify(openapi.document())


def _result(one: check.Checked) -> CheckResult:
    hit = hit_name(one.hit_id) if one.hit_id else None
    return CheckResult(id=one.platform_id, answer=one.answer.value, hit=hit)
