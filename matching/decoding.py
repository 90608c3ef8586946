"""From a photo's bytes to the picture as people see it: upright, first frame, on white, RGB.

PDQ is of what is seen, so a palette PNG, a CMYK JPEG or a picture turned by its EXIF must give
the pixels of the plain original; without that they come out over 200 bits away.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError
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

EXACT_PIXELS = 2048 * 2048
SIDE = 1024
"""A picture of more than EXACT_PIXELS is averaged down, by whole factors, to sides of at least
SIDE before it is hashed. hashing.pdf advises 512 for speed, which was seen to cost up to 16 bits;
1024 costs 2.6 on the mean and 8 at most, bounds the memory, takes a quarter of the time, and over
altered copies of 12 megapixels the distances came out neither larger nor smaller on the mean."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what makes the picture upright (CIPA DC-008, 4.6.5.1.6)."""

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
    rgb = manageable(_to_rgb(image))
    turn = _TURNS.get(_orientation(image))
    return np.ascontiguousarray(np.asarray(rgb if turn is None else rgb.transpose(turn)))


def manageable(image: Image.Image) -> Image.Image:
    """The RGB picture itself, or where it has more than EXACT_PIXELS a smaller one of it."""
    if image.width * image.height <= EXACT_PIXELS:
        return image
    return image.reduce((max(1, image.width // SIDE), max(1, image.height // SIDE)))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.mode == "LAB":
        return image.getchannel("L").convert("RGB")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        flat = Image.new("RGB", seen.size, BACKGROUND)
        flat.paste(seen, mask=seen.getchannel("A"))
        return flat
    return image.convert("RGB") if image.mode != "RGB" else image


def _eight_bits(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey levels of 16 bits by their upper byte; others, whose range nothing states, by theirs."""
    if values.dtype.kind == "u":
        high_byte: NDArray[np.uint8] = (values >> 8).astype(np.uint8)
        return high_byte
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    scale = 255.0 / (high - low) if high > low else 0.0
    return ((values.astype(np.float32) - low) * scale).astype(np.uint8)


def _orientation(image: Image.Image) -> int:
    """EXIF's word on how the camera was held, 1 where it says nothing that can be read.

    TIFF and HEIF are turned by their decoders already, which take the word away.
    """
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - broken EXIF costs the turn, as in a browser, not the photo
        return 1


def _reason(error: Exception) -> str:
    if isinstance(error, EOFError) or "truncated" in str(error).lower():
        return "truncated: the file ends before the picture does"
    return "damaged: the picture cannot be decoded"
