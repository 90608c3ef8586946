"""What happens to a picture on its way round: each alteration writes a copy of it to a file."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Alteration:
    """A name for people, a suffix for the file, and what makes the copy's bytes."""

    name: str
    suffix: str
    copy: Callable[[Image.Image], bytes]


def seen(image: Image.Image) -> Image.Image:
    """The picture as it is seen on a white page: upright, opaque, RGB."""
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    page = Image.new("RGBA", upright.size, (*WHITE, 255))
    return Image.alpha_composite(page, upright).convert("RGB")


def _file(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _jpeg(image: Image.Image, quality: int = 85) -> bytes:
    return _file(image, "JPEG", quality=quality)


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    width, height = (max(1, round(side * factor)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _to_width(image: Image.Image, width: int) -> Image.Image:
    return _scaled(image, width / image.width)


def _turned_by_exif(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    lying = image.transpose(Image.Transpose.ROTATE_90)
    return _file(lying, "JPEG", quality=85, exif=exif.tobytes())


def _grey16(image: Image.Image) -> bytes:
    grey = np.asarray(image.convert("L")).astype(np.uint16) * 257
    return _file(Image.fromarray(grey), "PNG")


def _noisy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, 6, (image.height, image.width, 3))
    values = np.clip(np.asarray(image) + noise, 0, 255)
    return Image.fromarray(values.astype(np.uint8))


def _stamped(image: Image.Image) -> Image.Image:
    """A line of text in a corner, a twelfth of the picture high."""
    marked = image.copy()
    size = max(8, image.height // 12)
    at = (image.width // 20, image.height - 2 * size)
    ImageDraw.Draw(marked).text(at, "@somebody", fill=WHITE, stroke_fill=0, font_size=size)
    return marked


def _cropped(image: Image.Image, share: float) -> Image.Image:
    across, down = round(image.width * share), round(image.height * share)
    return image.crop((across, down, image.width - across, image.height - down))


def _flat_on_black(image: Image.Image) -> bytes:
    """White becomes black: what a copy of a cut-out picture looks like on a dark page."""
    values = np.asarray(image)
    white = (values == WHITE[0]).all(axis=2, keepdims=True)
    return _jpeg(Image.fromarray(np.where(white, 0, values).astype(np.uint8)))


FORMS = (
    Alteration("JPEG, quality 85", ".jpg", _jpeg),
    Alteration("JPEG, quality 50", ".jpg", lambda i: _jpeg(i, 50)),
    Alteration("JPEG, quality 20", ".jpg", lambda i: _jpeg(i, 20)),
    Alteration("JPEG, CMYK", ".jpg", lambda i: _jpeg(i.convert("CMYK"))),
    Alteration("JPEG, turned by its EXIF", ".jpg", _turned_by_exif),
    Alteration("PNG, palette of 256", ".png", lambda i: _file(i.quantize(256), "PNG")),
    Alteration("PNG, palette of 16", ".png", lambda i: _file(i.quantize(16), "PNG")),
    Alteration("PNG, grey of 16 bits", ".png", _grey16),
    Alteration("GIF", ".gif", lambda i: _file(i, "GIF")),
    Alteration("WebP, quality 60", ".webp", lambda i: _file(i, "WEBP", quality=60)),
    Alteration("AVIF, quality 50", ".avif", lambda i: _file(i, "AVIF", quality=50, speed=8)),
    Alteration("HEIC, quality 50", ".heic", lambda i: _file(i, "HEIF", quality=50)),
    Alteration("TIFF, LZW", ".tiff", lambda i: _file(i, "TIFF", compression="tiff_lzw")),
)
"""The same pixels, nearly, in another file."""

CHANGES = (
    Alteration("half the size", ".jpg", lambda i: _jpeg(_scaled(i, 0.5))),
    Alteration("a quarter of the size", ".jpg", lambda i: _jpeg(_scaled(i, 0.25))),
    Alteration("one and a half of the size", ".jpg", lambda i: _jpeg(_scaled(i, 1.5))),
    Alteration("thumbnail, 256 wide", ".jpg", lambda i: _jpeg(_to_width(i, 256))),
    Alteration(
        "brighter by 15 %", ".jpg", lambda i: _jpeg(ImageEnhance.Brightness(i).enhance(1.15))
    ),
    Alteration("darker by 30 %", ".jpg", lambda i: _jpeg(ImageEnhance.Brightness(i).enhance(0.7))),
    Alteration(
        "contrast up by 30 %", ".jpg", lambda i: _jpeg(ImageEnhance.Contrast(i).enhance(1.3))
    ),
    Alteration("grey", ".jpg", lambda i: _jpeg(i.convert("L"))),
    Alteration("blurred", ".jpg", lambda i: _jpeg(i.filter(ImageFilter.GaussianBlur(1.5)))),
    Alteration("noise", ".jpg", lambda i: _jpeg(_noisy(i))),
    Alteration("text in a corner", ".jpg", lambda i: _jpeg(_stamped(i))),
)
"""Other pixels that show the same picture."""

BEYOND = (
    Alteration("cropped by 2 % a side", ".jpg", lambda i: _jpeg(_cropped(i, 0.02))),
    Alteration("cropped by 5 % a side", ".jpg", lambda i: _jpeg(_cropped(i, 0.05))),
    Alteration("mirrored", ".jpg", lambda i: _jpeg(ImageOps.mirror(i))),
    Alteration(
        "turned by 90 degrees", ".jpg", lambda i: _jpeg(i.transpose(Image.Transpose.ROTATE_90))
    ),
    Alteration("white background made black", ".jpg", _flat_on_black),
)
"""What PDQ does not claim to survive (hashing.pdf), for the record."""

ALL = FORMS + CHANGES + BEYOND
