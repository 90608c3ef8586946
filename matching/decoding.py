"""From a photo's bytes to the picture as people see it: upright, first frame, on white, RGB.

PDQ is of what is seen, so a palette PNG, a CMYK JPEG or a picture turned by its EXIF must give
the pixels of the plain original; without that they come out over 200 bits away.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from pillow_heif import register_heif_opener

from matching.limits import MediaLimits
from matching.pdq import Pixels
from matching.reading import Unreadable

Image.init()
register_heif_opener(thumbnails=False, decode_threads=1)

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "HEIF", "AVIF", "TIFF", "BMP", "JPEG2000")
"""What a platform's uploads come in. A closed list: Pillow's other readers are rarely used code,
and some of them (EPS) start other programs."""

BACKGROUND = (255, 255, 255)
"""Transparent parts lie on white, as on most pages that show them. Every device that fingerprints
for the same registry has to use the same colour."""

Image.MAX_IMAGE_PIXELS = None  # MediaLimits.max_pixels is asked before a single pixel is decoded


def decode(data: bytes, limits: MediaLimits) -> Pixels:
    """The picture's pixels. Raises Unreadable; nothing of the data is in the reason."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            check_size(image.size, limits.max_pixels)
            return as_seen(image)
    except Unreadable:
        raise
    except UnidentifiedImageError:
        raise Unreadable("not a picture") from None
    except MemoryError:
        raise Unreadable("needs more memory than there is") from None
    except Exception as error:  # noqa: BLE001 - a decoder given damaged bytes raises anything
        raise Unreadable(_reason(error)) from None


def looks_like_photo(head: bytes) -> bool:
    """Whether a file that starts like this is for `decode`; `head` has 64 bytes or more."""
    accepts = (Image.OPEN[name][1] for name in FORMATS)
    return any(accept(head) for accept in accepts if accept is not None)


def check_size(size: tuple[int, int], max_pixels: int) -> None:
    """Raise Unreadable if a picture has no pixels, or more than `max_pixels`."""
    width, height = size
    if width < 1 or height < 1:
        raise Unreadable("has no pixels")
    if width * height > max_pixels:
        raise Unreadable(f"has {width} x {height} pixels, more than {max_pixels:,}")


def as_seen(image: Image.Image) -> Pixels:
    """Decode the first frame, upright and flattened, as rows x columns x RGB."""
    image.load()
    upright = ImageOps.exif_transpose(image)
    return np.ascontiguousarray(np.asarray(_to_rgb(upright)))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.mode == "LAB":
        return image.getchannel("L").convert("RGB")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        background = Image.new("RGBA", seen.size, (*BACKGROUND, 255))
        return Image.alpha_composite(background, seen).convert("RGB")
    return image.convert("RGB")


def _eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey levels of 16 bits by their upper byte; others, whose range nothing states, by theirs."""
    if values.dtype == np.uint16:
        high_byte: NDArray[np.uint8] = (values >> 8).astype(np.uint8)
        return high_byte
    low, high = float(values.min()), float(values.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    return ((values.astype(np.float64) - low) * scale).astype(np.uint8)


def _reason(error: Exception) -> str:
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return "truncated: the file ends before the picture does"
    return "damaged: the picture cannot be decoded"
