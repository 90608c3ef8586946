"""Every path has an id that the console takes, and no two share one."""

import os
import re
from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.content_id import LONGEST, content_id

NAMES = st.binary(min_size=1, max_size=60).filter(lambda b: b not in (b".", b".."))
PATHS = st.lists(NAMES.map(lambda b: b.replace(b"\0", b"_").replace(b"/", b"_")), min_size=1)


def _path(parts: list[bytes]) -> PurePosixPath:
    return PurePosixPath(*(os.fsdecode(part) for part in parts))


def test_plain_path_is_its_own_id() -> None:
    path = PurePosixPath("2026/März/photo 1.jpg")
    assert content_id(path) == "2026/März/photo 1.jpg"
    assert content_id(path, "cdn:") == "cdn:2026/März/photo 1.jpg"


def test_control_characters_do_not_get_through() -> None:
    assert content_id(PurePosixPath("a\nb\x1b[31m")) == "a\\nb\\x1b[31m"


@settings(deadline=None)
@given(PATHS)
def test_id_is_what_the_console_takes(parts: list[bytes]) -> None:
    id_ = content_id(_path(parts))
    assert re.fullmatch(r"[^\x00-\x1f\x7f]{1,200}", id_)
    id_.encode()


@settings(deadline=None)
@given(PATHS, PATHS)
def test_unlike_paths_have_unlike_ids(one: list[bytes], other: list[bytes]) -> None:
    if _path(one) != _path(other):
        assert content_id(_path(one)) != content_id(_path(other))


def test_name_that_looks_like_an_escape_is_another_name() -> None:
    strange, literal = PurePosixPath(os.fsdecode(b"caf\xe9")), PurePosixPath("caf\\udce9")
    assert content_id(strange) == "caf\\udce9"
    assert content_id(literal) == "caf\\\\udce9"


def test_long_paths_that_share_their_head_differ() -> None:
    long = "x" * 300
    ids = {content_id(PurePosixPath(long, name)) for name in ("a", "b", "c")}
    assert len(ids) == 3
    assert {len(id_) for id_ in ids} == {LONGEST}
