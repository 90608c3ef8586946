"""What is refused, whole and without a trace: whatever is not fingerprints."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.fingerprint import Algorithm
from registry.tables import Case
from tests.registry.conftest import MakeRegistry, parts
from tests.registry.forms import Json, ask, fingerprint, picture, stored, submit, video

CANARY = b"\xff\xd8\xff\xe0CANARY-PICTURE-BYTES"
FORMS_OF_CANARY = [
    CANARY.decode("latin-1"),
    base64.b64encode(CANARY).decode(),
    CANARY.hex(),
    f"data:image/jpeg;base64,{base64.b64encode(CANARY).decode()}",
]


def test_a_plain_picture_is_refused_kindly(refusing: Flask) -> None:
    item = {"kind": "image", "fingerprints": [fingerprint(Algorithm.PDQ, quality=49)]}
    answer = submit(refusing, picture(), item)
    assert answer.status_code == 422
    (problem,) = answer.get_json()["problems"]
    assert problem["where"] == "items.2.fingerprints.1"
    assert "too plain" in problem["what"]
    assert "send md5 and sha1" in problem["what"]
    assert submit(
        refusing, {"kind": "image", "fingerprints": [fingerprint(Algorithm.PDQ, quality=50)]}
    )


def _with(item: Json, **more: Any) -> Json:
    return item | more


REFUSED: dict[str, Any] = {
    "no items": {"items": []},
    "nothing": {},
    "a list": [],
    "no fingerprints": {"items": [{"kind": "image", "fingerprints": []}]},
    "an unknown kind": {"items": [_with(picture(), kind="text")]},
    "an unknown class": {"items": [picture()], "classification": "Z9"},
    "an unknown algorithm": {
        "items": [_with(picture(), fingerprints=[{"algorithm": "crc", "value": "00"}])]
    },
    "a short value": {
        "items": [_with(picture(), fingerprints=[{"algorithm": "md5", "value": "00"}])]
    },
    "not hex": {
        "items": [_with(picture(), fingerprints=[{"algorithm": "md5", "value": "z" * 32}])]
    },
    "pdq without quality": {
        "items": [_with(picture(), fingerprints=[{"algorithm": "pdq", "value": "0f" * 32}])]
    },
    "quality of md5": {
        "items": [_with(picture(), fingerprints=[fingerprint(Algorithm.MD5) | {"quality": 90}])]
    },
    "quality above 100": {
        "items": [_with(picture(), fingerprints=[fingerprint(Algorithm.PDQ, quality=101)])]
    },
    "quality as text": {
        "items": [_with(picture(), fingerprints=[fingerprint(Algorithm.PDQ) | {"quality": "90"}])]
    },
    "the same algorithm twice": {
        "items": [_with(picture(), fingerprints=[fingerprint(Algorithm.MD5, n) for n in (1, 2)])]
    },
    "pdq of a video": {"items": [_with(picture(), kind="video")]},
    "too many items": {"items": [picture(n) for n in range(101)]},
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_form_that_is_no_case_is_refused(refusing: Flask, what: str) -> None:
    before = stored(refusing)
    answer = refusing.test_client().post("/cases", json=REFUSED[what])
    assert answer.status_code == 422
    problems = answer.get_json()["problems"]
    assert problems
    assert all(problem["where"] and problem["what"] for problem in problems)
    assert stored(refusing) == before


def _smuggled(canary: str) -> Iterator[Json]:
    fingerprints = picture()["fingerprints"]
    yield {"items": [picture()], "picture": canary}
    yield {"items": [picture()], canary: 1}
    yield {"items": [_with(picture(), bytes=canary)]}
    yield {
        "items": [
            {"kind": "image", "fingerprints": [_with(f, **{canary: canary}) for f in fingerprints]}
        ]
    }
    yield {"items": [_with(picture(), fingerprints=[{"algorithm": "md5", "value": canary}])]}
    yield {"items": [_with(picture(), fingerprints=[{"algorithm": canary, "value": "00"}])]}
    yield {"items": [_with(picture(), kind=canary)]}
    yield {"items": [picture()], "classification": canary}


@pytest.mark.parametrize("canary", FORMS_OF_CANARY)
def test_a_picture_in_a_form_is_refused_and_forgotten(
    refusing: Flask, canary: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    before = stored(refusing)
    for form in _smuggled(canary):
        answer = refusing.test_client().post("/cases", json=form)
        assert answer.status_code == 422
        assert canary not in json.dumps(answer.get_json(), ensure_ascii=False)
    assert stored(refusing) == before
    assert not holds_canary(stored(refusing))
    assert not holds_canary(caplog.text)


def test_a_picture_as_a_body_is_refused(refusing: Flask) -> None:
    client = refusing.test_client()
    before = stored(refusing)
    for content_type in (
        "image/jpeg",
        "application/octet-stream",
        "multipart/form-data; boundary=b",
    ):
        assert client.post("/cases", data=CANARY, content_type=content_type).status_code == 415
    assert client.post("/cases", data=CANARY, content_type="application/json").status_code == 422
    large = json.dumps({"items": [picture()], "x": "y" * 200_000})
    assert client.post("/cases", data=large, content_type="application/json").status_code == 413
    assert stored(refusing) == before


def holds_canary(text: str) -> bool:
    return any(form in text for form in FORMS_OF_CANARY) or "CANARY" in text


def test_the_search_for_the_canary_finds_one_that_is_planted(
    sqlite_url: str, make_registry: MakeRegistry
) -> None:
    registry = make_registry(sqlite_url)
    case = submit(registry, picture()).get_json()
    assert not holds_canary(stored(registry))
    with parts(registry).database.writing() as (session, _):
        entry = session.get_one(Case, case["case"]).entries[0]
        entry.fingerprints[0].value = CANARY
    assert holds_canary(stored(registry))


items = st.one_of(st.integers(0, 50).map(picture), st.integers(0, 50).map(video))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["items", "kind", "fingerprints", "algorithm", "value", "quality"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(form=anything)
def test_no_form_breaks_it(refusing: Flask, form: object) -> None:
    before = stored(refusing)
    body = json.dumps(form)
    answer = refusing.test_client().post("/cases", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert stored(refusing) == before


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=300))
def test_no_body_breaks_it(refusing: Flask, body: bytes) -> None:
    answer = refusing.test_client().post("/cases", data=body, content_type="application/json")
    assert answer.status_code == 422


@settings(max_examples=15, deadline=None)
@given(wanted=st.lists(items, min_size=1, max_size=6))
def test_each_item_of_a_case_stands_on_the_list_in_its_order(
    refusing: Flask, wanted: list[Json]
) -> None:
    case = submit(refusing, *wanted).get_json()
    assert [item["kind"] for item in case["items"]] == [item["kind"] for item in wanted]
    assert [item["item"] for item in case["items"]] == list(range(1, len(wanted) + 1))
    with parts(refusing).database.reading() as session:
        entries = session.get_one(Case, case["case"]).entries
        kept = [{f.value.hex() for f in entry.fingerprints} for entry in entries]
    assert kept == [{f["value"] for f in item["fingerprints"]} for item in wanted]
    assert ask(refusing, "GET", case["case"], case["pin"]).status_code == 200
