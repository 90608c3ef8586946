"""The demo's pictures: each another one, and every altered copy near its own."""

import io
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from demo.pictures import ALTERATIONS, landscape
from matching.media import fingerprint_file
from matching.photo import PhotoFingerprints

THRESHOLD = 31


def _pdq(content: bytes, file: Path) -> tuple[int, int]:
    file.write_bytes(content)
    made = fingerprint_file(file)
    assert isinstance(made, PhotoFingerprints)
    return int(made.pdq.hex, 16), made.quality


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("number", [0, 7])
@pytest.mark.parametrize("name", ALTERATIONS)
def test_an_altered_copy_is_near_its_picture(name: str, number: int, tmp_path: Path) -> None:
    picture = landscape(number)
    ending, encode = ALTERATIONS[name]
    one, quality = _pdq(_png(picture), tmp_path / "one.png")
    other, _ = _pdq(encode(picture), tmp_path / f"other{ending}")
    assert quality >= 50
    assert (one ^ other).bit_count() <= THRESHOLD


def test_other_pictures_are_far_from_each_other(tmp_path: Path) -> None:
    made = [_pdq(_png(landscape(n)), tmp_path / "one.png")[0] for n in (0, 1, 2, 1000, 1001)]
    assert all((a ^ b).bit_count() > THRESHOLD for a, b in combinations(made, 2))


def test_a_picture_is_the_same_every_time() -> None:
    assert landscape(3).tobytes() == landscape(3).tobytes()
