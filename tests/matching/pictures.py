"""Pictures for the tests: photographs that scikit-image ships, and drawn ones. Nothing else."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import skimage
from PIL import Image

from matching.pdq import Pixels

DATA = Path(skimage.__file__).parent / "data"

PHOTOS = (
    "astronaut.png",
    "chelsea.png",
    "coffee.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "motorcycle_left.png",
    "retina.jpg",
    "rocket.jpg",
)
"""Free photographs, see skimage/data/README.txt."""


@cache
def photo(name: str = "chelsea.png", largest: int = 640) -> Image.Image:
    """A photograph as RGB, no side longer than `largest` so that tests stay quick."""
    with Image.open(DATA / name) as image:
        picture = image.convert("RGB")
    picture.thumbnail((largest, largest))
    return picture


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    """The picture as a file of that format."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def drawn(seed: int, width: int = 320, height: int = 240) -> Image.Image:
    """A drawn pattern with structure of its own for each seed: soft blobs of colour."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def flat(width: int = 320, height: int = 240) -> Image.Image:
    """A picture too plain to match."""
    return Image.new("RGB", (width, height), (120, 130, 140))


def pixels(image: Image.Image) -> Pixels:
    """The picture's pixels as the hash takes them."""
    return np.ascontiguousarray(np.asarray(image.convert("RGB")))
