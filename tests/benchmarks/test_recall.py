"""The recall benchmark counts what it says: copies found, false pairs, what was set aside."""

from pathlib import Path

import pytest

from benchmarks import alterations, recall
from benchmarks.alterations import Alteration
from tests.matching.pictures import drawn, encoded, flat, photo


def test_counts(tmp_path: Path) -> None:
    originals, copies = tmp_path / "originals", tmp_path / "copies"
    originals.mkdir()
    (originals / "coffee.png").write_bytes(encoded(photo("coffee.png", 320), "PNG"))
    (originals / "rocket.png").write_bytes(encoded(photo("rocket.jpg", 320), "PNG"))
    (originals / "rocket-again.png").write_bytes(encoded(photo("rocket.jpg", 320), "PNG"))
    (originals / "flat.png").write_bytes(encoded(flat(), "PNG"))
    (originals / "cut.jpg").write_bytes(encoded(photo(), "JPEG")[:900])
    (originals / "small.png").write_bytes(encoded(drawn(3, 40, 40), "PNG"))

    found, aside = recall.measure([originals], copies)

    counts = {name: (n, of) for name, n, of, _ in recall.summary(found)}
    assert counts["JPEG, quality 85"] == (2, 2)
    assert counts["mirrored"] == (0, 2)
    assert recall.false_pairs(found) == []
    reasons = sorted(line.split(": ", 1)[1].split(" ")[0] for line in aside)
    assert reasons == ["smaller", "the", "too", "truncated:"]
    assert {path.name for path in copies.iterdir()} == {one.name for one in alterations.ALL}


@pytest.mark.parametrize("alteration", alterations.ALL, ids=lambda one: one.name)
def test_every_alteration_makes_a_file(alteration: Alteration) -> None:
    assert len(alteration.copy(photo("chelsea.png", 200))) > 200
