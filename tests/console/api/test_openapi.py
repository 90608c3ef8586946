"""The API's description holds: schemathesis makes requests from it and checks every answer."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup

from tests.console.conftest import Console
from tests.console.matrix import routes

PATH = "/api/v1/openapi.json"
OPERATIONS = ("POST /check", "POST /content", "POST /content/state")
QUICK = hypothesis_settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _operation(console: Console, label: str) -> Any:
    schema = schemathesis.openapi.from_wsgi(PATH, console.app)
    return _operations(schema)[label]


def _operations(schema: Any) -> dict[str, Any]:
    found = {one.ok().label: one.ok() for one in schema.get_all_operations()}
    assert tuple(sorted(found)) == OPERATIONS, "a route that is described and not tried here"
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_described(console: Console, label: str, mode: GenerationMode) -> None:
    key = console.key()
    operation = _operation(console, label)

    @QUICK
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_described(case: Case[Any]) -> None:
        case.call_and_validate(headers=key)

    answers_as_described()


def test_the_description_needs_no_key_and_names_every_route(console: Console) -> None:
    answer = console.visitor().client.get(PATH)
    assert answer.status_code == 200
    document = json.loads(answer.text)
    described = {
        f"{method.upper()} /api/v1{path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    routed = {str(route) for route in routes(console.app) if route.rule.startswith("/api/")}
    assert described == routed - {f"GET {PATH}"}


def test_a_description_that_does_not_hold_is_noticed(console: Console) -> None:
    key = console.key()
    schema = schemathesis.openapi.from_wsgi(PATH, console.app)
    raw = json.loads(json.dumps(schema.raw_schema))
    raw["components"]["schemas"]["ContentAnswer"]["required"].append("planted")
    changed = schemathesis.openapi.from_dict(raw)
    changed.app = console.app
    case = _operations(changed)["POST /content"].Case(
        body={"items": ["x"]}, media_type="application/json"
    )
    with pytest.raises(FailureGroup, match="planted"):
        case.call_and_validate(headers=key)
