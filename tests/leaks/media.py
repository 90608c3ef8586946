"""Pictures and a film that carry a canary in every place that their format has."""

import random
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from demo.pictures import landscape
from tests.matching.films import film

CANARY = b"canary:" + random.Random(20260301).randbytes(57)
"""64 bytes that occur nowhere by chance."""
WORDS = CANARY.decode("latin-1")


def marked(number: int) -> Image.Image:
    """A landscape whose first rows hold the canary, as grey pixels and as colours."""
    pixels = np.asarray(landscape(number)).copy()
    values = np.frombuffer(CANARY, np.uint8)
    pixels[0, : len(values)] = values[:, None]
    pixels[1, : len(values) // 3] = values[: len(values) // 3 * 3].reshape(-1, 3)
    return Image.fromarray(pixels)


def write(folder: Path) -> list[Path]:
    """One file of each format, the same picture never twice; and one that cannot be read."""
    folder.mkdir()
    text = PngImagePlugin.PngInfo()
    text.add_text("comment", WORDS)
    exif = Image.Exif()
    exif[ExifTags.Base.ImageDescription] = WORDS
    marked(1).save(folder / "one.png", pnginfo=text, exif=exif)
    marked(2).save(folder / "two.jpg", quality=95, exif=exif, comment=CANARY)
    marked(3).save(folder / "three.webp", lossless=True, exif=exif, xmp=CANARY)
    marked(4).save(folder / "four.gif", comment=CANARY)
    marked(5).convert("P").save(folder / "five.png", pnginfo=text)
    (folder / "six.mp4").write_bytes(film([marked(6)], seconds=1))
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes() + CANARY)
    (folder / "broken.png").write_bytes((folder / "one.png").read_bytes()[:5_000] + CANARY)
    return sorted(folder.iterdir())
