"""Files for the scanner's tests."""

import io
from pathlib import Path

from PIL import Image

from tests.matching.pictures import drawn, encoded

SCANS = 8_000


def endless_jpeg() -> bytes:
    """A small progressive JPEG of very many scans: 145 kB that take half a minute to decode."""
    file = io.BytesIO()
    Image.new("L", (2048, 2048), 128).save(file, "JPEG", progressive=True, quality=50)
    data = file.getvalue()
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last_scan * SCANS + data[-2:]


def pictures(folder: Path, count: int, side: int = 160) -> None:
    """So many different drawn pictures, 000.png and on."""
    for number in range(count):
        name = folder / f"{number:03}.png"
        name.write_bytes(encoded(drawn(number, side, side), "PNG", compress_level=1))
