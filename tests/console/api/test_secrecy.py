"""What was sent does not come back: not in an answer, not in a log, not as the name of a field."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.console.api.platform import QUICK, Platform, item
from tests.console.conftest import only

SECRET = "5ec7e7" * 10 + "abcd"
WORDS = st.sampled_from(["id", "kind", "fingerprints", "context", "value", "algorithm", "quality"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.just(SECRET) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "id": VALUES.filter(lambda value: value != SECRET),
        "kind": st.just("image") | VALUES,
        "fingerprints": st.lists(
            st.fixed_dictionaries(
                {"algorithm": st.sampled_from(["pdq", "md5", "sha1"]), "value": st.just(SECRET)},
                optional={"quality": VALUES, "at": VALUES, SECRET: VALUES},
            )
            | VALUES,
            max_size=3,
        )
        | VALUES,
        "context": VALUES,
        SECRET: VALUES,
    },
)


class Lines(logging.Handler):
    """Every line that anything logs, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.said.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """All lines of this test, those for debugging too."""
    handler, root = Lines(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


@QUICK
@given(items=st.lists(ITEMS, min_size=1, max_size=4))
@example(items=[item() | {SECRET: 1}])
@example(items=[item(context={SECRET: SECRET})])
@example(items=[item(fingerprints=[{"algorithm": SECRET, "value": SECRET, SECRET: SECRET}])])
@example(items=[{"id": "a", "kind": SECRET, "fingerprints": SECRET}])
def test_no_value_comes_back_or_is_logged(
    platform: Platform, lines: Lines, items: list[dict[str, Any]]
) -> None:
    for path in ("/content", "/check"):
        answer = platform.post(path, {"items": items})
        assert answer.status_code == 200, answer.text
        assert SECRET not in answer.text
    assert not [line for line in lines.said if SECRET in line]


@only("sqlite")
@QUICK
@given(body=st.dictionaries(st.just(SECRET) | st.just("items") | st.just("ids"), VALUES))
@example(body={"ids": [SECRET + "\n"]})
@example(body={"ids": ["a"], SECRET: 1})
@example(body={SECRET: 1})
def test_nor_does_it_out_of_a_refused_body(
    platform: Platform, lines: Lines, body: dict[str, Any]
) -> None:
    for path in ("/content", "/check", "/content/state"):
        answer = platform.post(path, body)
        assert answer.status_code in (200, 400)
        if answer.status_code == 400:
            assert SECRET not in answer.text
    assert not [line for line in lines.said if SECRET in line]
