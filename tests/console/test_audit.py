"""The log on its page, and the export that anybody can check."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from commands.audit import audit as command
from tests.console.conftest import Console, only
from tests.console.visitor import Visitor


@pytest.fixture
def amir(console: Console) -> Visitor:
    """An auditor, after a hit was decided."""
    console.world.decide(console.world.hit(), "remove")
    return console.signed_in("amir")


def _column(visitor: Visitor, number: int) -> list[str]:
    return [row[number] for row in visitor.rows("lines")]


def test_the_newest_line_stands_first_with_who_and_what(amir: Visitor) -> None:
    amir.get("/audit")
    numbers = [int(one) for one in _column(amir, 0)]
    assert numbers == sorted(numbers, reverse=True)
    assert "person.signed-in" in _column(amir, 3)[0]
    assert _column(amir, 2)[0] == "person:amir"


def test_lines_are_found_by_subject_and_action(amir: Visitor) -> None:
    amir.get("/audit?subject=H-1")
    assert [one.split()[0] for one in _column(amir, 3)] == [
        "hit.decided",
        "hit.claimed",
        "hit.opened",
    ]
    amir.get("/audit")
    amir.press("Apply", action="hit.claimed")
    assert [one.split() for one in _column(amir, 3)] == [["hit.claimed", "H-1"]]
    amir.get("/audit?subject=H-999")
    assert "No such lines" in amir.text


def test_pages_are_bounded(console: Console, amir: Visitor) -> None:
    for _ in range(20):
        console.world.claim(console.world.hit(distance=4))
    amir.get("/audit?size=25")
    first = _column(amir, 0)
    amir.get(dict(amir.links("Pages"))["Next page"])
    second = _column(amir, 0)
    assert len(first) == 25
    assert not set(first) & set(second)


@pytest.mark.parametrize("query", ["cursor=x", "cursor=²", "size=²", "cursor=" + "9" * 40])
@only("sqlite")
def test_nonsense_in_the_address_is_passed_over(amir: Visitor, query: str) -> None:
    assert amir.get(f"/audit?{query}").status_code == 200


def test_the_export_holds_wherever_it_is_checked(amir: Visitor, tmp_path: Path) -> None:
    answer = amir.client.get("/audit/export.jsonl")
    assert answer.mimetype == "application/jsonl"
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["id"] for line in lines] == list(range(1, len(lines) + 1))
    assert (lines[-1]["action"], lines[-1]["actor"]) == ("audit.exported", "person:amir")
    file = tmp_path / "audit.jsonl"
    file.write_bytes(answer.data)
    done = CliRunner().invoke(command, ["verify", str(file)])
    assert done.exit_code == 0, done.output
    assert f"{len(lines)} lines" in done.output


def test_an_export_that_was_touched_does_not_hold(amir: Visitor, tmp_path: Path) -> None:
    text = amir.client.get("/audit/export.jsonl").text
    lines = text.splitlines(keepends=True)
    forged = {
        "changed": text.replace('"person:mona"', '"person:milan"', 1),
        "taken out": "".join(lines[:3] + lines[4:]),
        "swapped": "".join([lines[1], lines[0], *lines[2:]]),
        "damaged": text.replace("{", "", 1),
    }
    for what, kept in forged.items():
        assert kept != text, what
        file = tmp_path / "forged.jsonl"
        file.write_text(kept)
        assert CliRunner().invoke(command, ["verify", str(file)]).exit_code == 1, what


def test_taking_the_log_is_in_the_log(console: Console, amir: Visitor) -> None:
    first = amir.client.get("/audit/export.jsonl").text
    second = amir.client.get("/audit/export.jsonl").text
    assert second.startswith(first)
    assert second.count("audit.exported") == 2
