"""Drawn pictures for the demo: made-up landscapes, each different, and altered copies of them."""

import io
import math
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

SIZE = (640, 480)


def landscape(seed: int) -> Image.Image:
    """A made-up landscape: sky, sun, hills, trees and houses where `seed` puts them."""
    dice = random.Random(seed)  # noqa: S311 - draws pictures
    width, height = SIZE
    picture = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(picture)
    top, bottom = _colour(dice, 120, 255), _colour(dice, 120, 255)
    for y in range(height):
        share = y / height
        row = tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        draw.line([(0, y), (width, y)], fill=row)
    x, y, radius = dice.randrange(width), dice.randrange(height // 2), dice.randrange(20, 70)
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_colour(dice, 200, 255))
    for layer in range(4):
        _hills(draw, dice, height * (0.35 + 0.15 * layer), _colour(dice, 20, 200))
    for _ in range(dice.randrange(6, 14)):
        _tree(draw, dice)
    for _ in range(dice.randrange(2, 6)):
        _house(draw, dice)
    return picture.filter(ImageFilter.GaussianBlur(0.8))


def _colour(dice: random.Random, low: int, high: int) -> tuple[int, int, int]:
    return dice.randint(low, high), dice.randint(low, high), dice.randint(low, high)


def _hills(
    draw: ImageDraw.ImageDraw, dice: random.Random, level: float, colour: tuple[int, int, int]
) -> None:
    width, height = SIZE
    waves = [
        (dice.uniform(5, 45), dice.uniform(0.5, 5), dice.uniform(0, math.tau)) for _ in range(4)
    ]
    edge = [
        (x, level + sum(a * math.sin(f * x / width * math.tau + p) for a, f, p in waves))
        for x in range(0, width + 8, 8)
    ]
    draw.polygon([(0, height), *edge, (width, height)], fill=colour)


def _tree(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    x, y, size = dice.randrange(SIZE[0]), dice.randrange(200, 470), dice.randrange(20, 80)
    draw.rectangle([x - size // 12, y - size // 2, x + size // 12, y], fill=(80, 50, 30))
    draw.polygon(
        [(x - size // 3, y - size // 3), (x + size // 3, y - size // 3), (x, y - size)],
        fill=_colour(dice, 10, 140),
    )


def _house(draw: ImageDraw.ImageDraw, dice: random.Random) -> None:
    x, y, size = dice.randrange(SIZE[0]), dice.randrange(260, 460), dice.randrange(30, 90)
    draw.rectangle([x, y - size // 2, x + size, y], fill=_colour(dice, 90, 255))
    draw.polygon(
        [(x - 6, y - size // 2), (x + size + 6, y - size // 2), (x + size // 2, y - size)],
        fill=_colour(dice, 60, 200),
    )


def _encode(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


ALTERATIONS: dict[str, tuple[str, Callable[[Image.Image], bytes]]] = {
    "same": (".png", lambda picture: _encode(picture, "PNG")),
    "smaller": (".jpg", lambda picture: _encode(picture.resize((320, 240)), "JPEG", quality=85)),
    "recompressed": (".jpg", lambda picture: _encode(picture, "JPEG", quality=25)),
    "brighter": (
        ".jpg",
        lambda picture: _encode(ImageEnhance.Brightness(picture).enhance(1.2), "JPEG", quality=90),
    ),
    "palette": (".png", lambda picture: _encode(picture.convert("P"), "PNG")),
    "print": (".jpg", lambda picture: _encode(picture.convert("CMYK"), "JPEG", quality=90)),
}
"""Ways in which a picture comes back: name to file ending and encoder."""
