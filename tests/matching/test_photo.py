"""A photo in, its fingerprints out, from a path or from bytes."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from matching.limits import MediaLimits
from matching.pdq import distance, hash_pixels
from matching.photo import fingerprint_photo
from matching.reading import Unreadable
from tests.matching.pictures import drawn, encoded, flat, photo, pixels


def test_path_and_bytes_give_the_same(tmp_path: Path) -> None:
    file = encoded(photo(), "PNG")
    (tmp_path / "cat.png").write_bytes(file)
    found = fingerprint_photo(tmp_path / "cat.png")
    assert found == fingerprint_photo(io.BytesIO(file))
    assert (found.pdq, found.quality) == hash_pixels(pixels(photo()))
    assert found.md5.hex == hashlib.md5(file).hexdigest()  # noqa: S324 - copies, not secrecy
    assert found.sha1.hex == hashlib.sha1(file).hexdigest()  # noqa: S324
    assert not found.too_plain


def test_plain_picture_says_so() -> None:
    assert fingerprint_photo(io.BytesIO(encoded(flat(), "PNG"))).too_plain


def test_values_do_not_show_themselves() -> None:
    found = fingerprint_photo(io.BytesIO(encoded(photo(), "PNG")))
    for value in (found.pdq.hex, found.md5.hex, found.sha1.hex):
        assert value not in repr(found)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (MediaLimits(max_pixels=1000), "more than 1,000"),
        (MediaLimits(max_photo_bytes=1000), "larger than 1,000 bytes"),
        (MediaLimits(max_seconds=0), "took longer than 0 seconds"),
    ],
)
def test_limits(limits: MediaLimits, reason: str) -> None:
    file = encoded(photo(), "JPEG")
    with pytest.raises(Unreadable, match=reason):
        fingerprint_photo(io.BytesIO(file), limits)
    assert fingerprint_photo(io.BytesIO(file), replace(limits, **_generous()))


def _generous() -> dict[str, int]:
    return {"max_pixels": 10**6, "max_photo_bytes": 10**6, "max_seconds": 60}


@pytest.mark.parametrize("name", ["chelsea.png", "coffee.png", "rocket.jpg"])
def test_small_copy_is_found_by_its_enlarged_fingerprint(name: str) -> None:
    original = fingerprint_photo(io.BytesIO(encoded(photo(name), "PNG")))
    small = photo(name).resize((160, 120), Image.Resampling.LANCZOS)
    copy = fingerprint_photo(io.BytesIO(encoded(small, "JPEG")))
    assert copy.enlarged
    enlarged, quality = copy.enlarged
    assert distance(original.pdq, enlarged) <= 31
    assert quality >= 50


def test_only_small_photos_have_an_enlarged_fingerprint() -> None:
    assert fingerprint_photo(io.BytesIO(encoded(drawn(1, 512, 512), "PNG"))).enlarged is None
    assert fingerprint_photo(io.BytesIO(encoded(drawn(1, 900, 511), "PNG"))).enlarged
