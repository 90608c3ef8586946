"""Reading the lines of a file."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.file_list.lines import LONGEST, read_lines
from exchange.file_list.parse import COLUMNS, LineError, read_entry, reader
from exchange.records import EntryRecord, MediaKind, Member
from matching.fingerprint import Algorithm, FingerprintError
from tests.exchange.ncmec.records import START, made_up

FILE = Member("file", "list.csv")
PDQ = made_up(Algorithm.PDQ, "one")
LINE = {"id": "1", "algorithm": "pdq", "value": PDQ.hex}


def entry(**changed: object) -> EntryRecord:
    line = json.dumps({**LINE, **changed})
    return read_entry(reader(".jsonl", None)(line), FILE, START)


def said(read: Callable[[], EntryRecord]) -> str:
    """What is shown of a line: its record, or why there is none."""
    try:
        return repr(read())
    except (LineError, FingerprintError) as error:
        return str(error)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ({"id": ""}, "no id"),
        ({"id": None}, "no id"),
        ({"id": True}, "id must"),
        ({"id": "x" * 201}, "at most 200"),
        ({"id": "a\x00b"}, "id must"),
        ({"id": made_up(Algorithm.MD5, 1).hex}, "looks like a fingerprint"),
        ({"classification": f"was {PDQ.hex.upper()}"}, "looks like a fingerprint"),
        ({"classification": ["A1"]}, "classification must"),
        ({"algorithm": "pdna"}, "algorithm must be one of pdq, md5, sha1"),
        ({"algorithm": PDQ.hex}, "algorithm must"),
        ({"value": None}, "value must"),
        ({"kind": "text"}, "kind must be one of image, video"),
        ({"kind": ["image"]}, "kind must"),
        ({"withdrawn": "maybe"}, "withdrawn must"),
        ({"withdrawn": 2}, "withdrawn must"),
        ({"hash": "x"}, "none of id, algorithm"),
    ],
)
def test_a_line_that_cannot_be_right_says_why(fault: dict[str, object], what: str) -> None:
    with pytest.raises(LineError, match=what) as caught:
        entry(**fault)
    assert PDQ.hex[:32] not in str(caught.value).lower()


def test_a_value_that_is_none_of_its_algorithm_is_not_kept() -> None:
    with pytest.raises(FingerprintError, match="64 hex digits"):
        entry(value="ab")


@pytest.mark.parametrize("line", ["", "[]", "1", "{", "[" * 100_000])
def test_what_is_no_object_is_not_kept(line: str) -> None:
    with pytest.raises(LineError, match="JSON object"):
        reader(".jsonl", None)(line)


_words = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=30
)
_rows = st.builds(
    lambda ident, algorithm, kind, classification, withdrawn: (
        EntryRecord(
            FILE,
            f"{ident}:{algorithm}",
            kind,
            START,
            withdrawn=withdrawn,
            classification=None if withdrawn else classification,
            fingerprints=() if withdrawn else (made_up(algorithm, ident),),
        ),
        {
            "id": ident,
            "algorithm": algorithm.value,
            "value": "" if withdrawn else made_up(algorithm, ident).hex,
            "kind": kind.value,
            "classification": classification or "",
            "withdrawn": str(withdrawn).lower(),
        },
    ),
    _words,
    st.sampled_from(Algorithm),
    st.sampled_from(MediaKind),
    _words | st.none(),
    st.booleans(),
)


@given(_rows, st.permutations(COLUMNS))
def test_what_is_written_is_read_in_both_forms_and_any_order_of_columns(
    row: tuple[EntryRecord, dict[str, str]], columns: list[str]
) -> None:
    record, cells = row
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([cells[name] for name in columns])
    divide = reader(".csv", ",".join(columns))
    assert read_entry(divide(out.getvalue()), FILE, START) == record
    assert read_entry(reader(".jsonl", None)(json.dumps(cells)), FILE, START) == record


@given(st.text() | st.just(f"{PDQ.hex},pdq,1"), st.sampled_from([".csv", ".jsonl"]))
def test_any_line_is_a_record_or_an_error_that_shows_nothing_of_it(line: str, form: str) -> None:
    divide = reader(form, "id,algorithm,value")
    assert PDQ.hex[:32] not in said(lambda: read_entry(divide(line), FILE, START))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(PDQ.hex),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(COLUMNS), _json))
def test_any_object_is_a_record_or_an_error_that_shows_nothing_of_it(
    odd: dict[str, object],
) -> None:
    assert PDQ.hex[:32] not in said(lambda: entry(**odd))


@given(st.lists(st.binary(max_size=LONGEST + 50), max_size=12), st.integers(1, 5))
def test_lines_are_the_same_in_pages_of_any_size(pieces: list[bytes], count: int) -> None:
    body = b"\n".join(pieces)
    paged = []
    file, number, ended = io.BytesIO(body), 0, False
    while not ended:
        lines, ended = read_lines(file, number, count)
        paged += lines
        number += count
    whole, _ = read_lines(io.BytesIO(body), 0, 10**6)
    assert paged == whole
    wanted = [
        (number, line)
        for number, line in enumerate(body.split(b"\n"), start=1)
        if line.strip() or len(line) >= LONGEST
    ]
    assert [one.number for one in paged] == [number for number, _ in wanted]
