"""Content comes in here, in batches; its state can be asked; uploads are checked."""

import json
from datetime import UTC, datetime

from werkzeug.exceptions import ServiceUnavailable

from console.api import openapi, reading
from console.api.routes import Route
from console.api.schema import (
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
from console.parts import Parts
from moderation import check, content
from moderation.keys import Scope
from moderation.naming import hit_name


def take(here: Parts, body: bytes) -> bytes:
    """Take a batch of items, each by itself; matching follows in the background."""
    sent = reading.items(body, MAX_ITEMS)
    with here.database.write() as rows:
        good = [one.item for one in sent if one.item]
        taken = content.take(rows, good, datetime.now(UTC))
    here.wake.content_taken([row for _, _, row in taken if row is not None])
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


def check_uploads(here: Parts, body: bytes) -> bytes:
    """Say what to do with uploads, at once, from the index that this process has loaded."""
    sent = reading.items(body, MAX_CHECKED)
    good = [one.item for one in sent if one.item]
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


def state(here: Parts, body: bytes) -> bytes:
    """Where items stand."""
    asked = reading.model(StateRequest, body)
    with here.database.read() as rows:
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


def description(_here: Parts, _body: bytes) -> bytes:
    """This API, as OpenAPI 3.1."""
    return json.dumps(openapi.document()).encode()


def _result(one: check.Checked) -> CheckResult:
    hit = hit_name(one.hit_id) if one.hit_id else None
    return CheckResult(id=one.platform_id, answer=one.answer.value, hit=hit)


ROUTES = (
    Route("POST", "/content", Scope.WRITE_CONTENT, take),
    Route("POST", "/check", Scope.WRITE_CONTENT, check_uploads),
    Route("POST", "/content/state", Scope.READ_CONTENT, state),
    Route("GET", "/openapi.json", None, description),
)
