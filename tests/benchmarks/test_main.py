"""What somebody who runs the benchmarks meets."""

import json

import pytest

from benchmarks.__main__ import main
from benchmarks.figure import Figure


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The index benchmark as if it had run."""
    figures = [Figure.cost("query", 0.02, "ms", 3.0), Figure("build", 1.5, "s")]
    monkeypatch.setattr("benchmarks.index.run", lambda: figures)


def test_a_table_shows_value_peer_and_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "query" in line)
    assert all(part in row for part in ("0.02", "ms", "3", "150 x"))


def test_json_is_one_line_for_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"name": "query", "value": 0.02, "unit": "ms", "peer": 3.0, "ratio": 150.0},
        {"name": "build", "value": 1.5, "unit": "s", "peer": None, "ratio": None},
    ]


@pytest.mark.parametrize("name", ["nothing", "lists", "__main__"])
def test_an_unknown_name_is_refused_before_anything_runs(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["index", name])
    assert left.value.code == 2
    said = capsys.readouterr()
    assert f"no benchmark {name}; see benchmarks/README.md" in said.err
    assert said.out == ""


def test_more_is_better_where_it_is_a_yield() -> None:
    assert Figure.yields("contents", 100.0, "1/s", 50.0).ratio == 2.0
    assert Figure.cost("seconds", 100.0, "s", 50.0).ratio == 0.5
