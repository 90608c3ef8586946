"""Every way a picture can be stored gives the fingerprint of what people see."""

import contextlib
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, ImageEnhance

from matching.decoding import BACKGROUND, EXACT_PIXELS, decode, looks_like_photo
from matching.limits import MediaLimits
from matching.pdq import distance, hash_pixels
from matching.reading import Unreadable
from tests.matching.pictures import drawn, encoded, photo, pixels

pytestmark = pytest.mark.filterwarnings("ignore:Corrupt EXIF data")

LIMITS = MediaLimits()
WITHIN = 31
"""Bits: what counts as the same picture."""


def _apart(picture: Image.Image, file: bytes) -> int:
    original, _ = hash_pixels(pixels(picture))
    stored, _ = hash_pixels(decode(file, LIMITS))
    return distance(original, stored)


def _grey16(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


def _float(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.float32) / 255)


def _signed(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.int32) * 1000)


def _lab(image: Image.Image) -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    turned = ImageCms.applyTransform(image, ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
    assert turned is not None
    return turned


def _half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


def _double(image: Image.Image) -> Image.Image:
    return image.resize((image.width * 2, image.height * 2))


def _brighter(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.15)


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "JPEG, quality 90": lambda i: encoded(i, "JPEG", quality=90),
    "JPEG, quality 30": lambda i: encoded(i, "JPEG", quality=30),
    "JPEG, progressive": lambda i: encoded(i, "JPEG", progressive=True),
    "JPEG, CMYK": lambda i: encoded(i.convert("CMYK"), "JPEG", quality=90),
    "PNG, palette": lambda i: encoded(i.quantize(256), "PNG"),
    "PNG, palette of 32": lambda i: encoded(i.quantize(32), "PNG"),
    "PNG, grey": lambda i: encoded(i.convert("L"), "PNG"),
    "PNG, grey with alpha": lambda i: encoded(i.convert("LA"), "PNG"),
    "PNG, grey of 16 bits": lambda i: encoded(_grey16(i), "PNG"),
    "PNG, opaque alpha": lambda i: encoded(i.convert("RGBA"), "PNG"),
    "GIF": lambda i: encoded(i, "GIF"),
    "WebP": lambda i: encoded(i, "WEBP", quality=70),
    "WebP, lossless": lambda i: encoded(i, "WEBP", lossless=True),
    "AVIF": lambda i: encoded(i, "AVIF", quality=60),
    "HEIF": lambda i: encoded(i, "HEIF", quality=60),
    "BMP": lambda i: encoded(i, "BMP"),
    "TIFF, LZW": lambda i: encoded(i, "TIFF", compression="tiff_lzw"),
    "TIFF, CMYK": lambda i: encoded(i.convert("CMYK"), "TIFF"),
    "TIFF, grey of 16 bits": lambda i: encoded(_grey16(i), "TIFF"),
    "TIFF, floats": lambda i: encoded(_float(i), "TIFF"),
    "TIFF, 32 bits": lambda i: encoded(_signed(i), "TIFF"),
    "TIFF, Lab": lambda i: encoded(_lab(i), "TIFF"),
    "JPEG 2000": lambda i: encoded(i, "JPEG2000"),
    "half the size": lambda i: encoded(_half(i), "JPEG"),
    "twice the size": lambda i: encoded(_double(i), "JPEG"),
    "brighter": lambda i: encoded(_brighter(i), "JPEG"),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("name", ["astronaut.png", "coffee.png", "rocket.jpg"])
def test_copy_is_within_reach_of_the_photograph(name: str, copy: str) -> None:
    picture = photo(name, 480)
    assert _apart(picture, COPIES[copy](picture)) <= WITHIN


def test_black_and_white_drawing_in_one_bit() -> None:
    drawing = drawn(7).convert("1", dither=Image.Dither.NONE)
    assert _apart(drawing, encoded(drawing, "PNG")) == 0


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize(
    ("orientation", "stored_as"),
    [
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_picture_turned_by_its_exif(
    form: str, orientation: int, stored_as: Image.Transpose
) -> None:
    upright = photo("coffee.png", 400)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    file = encoded(upright.transpose(stored_as), form, exif=exif.tobytes())
    assert _apart(upright, file) <= 12


def test_turn_is_needed() -> None:
    """The twin: the same file without the note is another picture to the hash."""
    upright = photo("coffee.png", 400)
    assert _apart(upright, encoded(upright.transpose(Image.Transpose.ROTATE_90), "JPEG")) > WITHIN


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_senseless_orientation_is_ignored(orientation: int) -> None:
    picture = photo()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    assert _apart(picture, encoded(picture, "JPEG", exif=exif)) <= 12


def test_broken_exif_costs_the_turn_not_the_photo() -> None:
    picture = photo()
    file = encoded(picture, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert _apart(picture, file) <= 12


def _on(colour: tuple[int, int, int], image: Image.Image) -> Image.Image:
    flat = Image.new("RGB", image.size, colour)
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _cut_out() -> Image.Image:
    """A disc of a photograph with everything around it transparent, black beneath."""
    picture = photo("astronaut.png", 400).convert("RGBA")
    y, x = np.ogrid[: picture.height, : picture.width]
    disc = (x - picture.width / 2) ** 2 + (y - picture.height / 2) ** 2 < 150**2
    alpha = Image.fromarray((disc * 255).astype(np.uint8))
    hidden = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    hidden.paste(picture, mask=alpha)
    hidden.putalpha(alpha)
    return hidden


def _palette_with_a_transparent_colour(image: Image.Image) -> bytes:
    return encoded(image.quantize(64, method=Image.Quantize.FASTOCTREE), "PNG")


@pytest.mark.parametrize(
    "store",
    [
        lambda i: encoded(i, "PNG"),
        lambda i: encoded(i, "WEBP", lossless=True),
        lambda i: encoded(i, "TIFF"),
        lambda i: encoded(i, "GIF"),
        _palette_with_a_transparent_colour,
    ],
    ids=["PNG", "WebP", "TIFF", "GIF", "palette PNG"],
)
def test_transparent_parts_lie_on_white(store: Callable[[Image.Image], bytes]) -> None:
    cut_out = _cut_out()
    assert BACKGROUND == (255, 255, 255)
    assert _apart(_on(BACKGROUND, cut_out), store(cut_out)) <= 12


def test_what_lies_beneath_transparency_does_not_show() -> None:
    """The twin: dropping the alpha instead shows the hidden black, another picture."""
    cut_out = _cut_out()
    assert _apart(cut_out.convert("RGB"), encoded(cut_out, "PNG")) > WITHIN


def test_transparent_colour_of_an_rgb_png() -> None:
    picture = drawn(5)
    picture.paste((1, 2, 3), (0, 0, 160, 120))
    white = picture.copy()
    white.paste(BACKGROUND, (0, 0, 160, 120))
    assert _apart(white, encoded(picture, "PNG", transparency=(1, 2, 3))) == 0


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF", "AVIF", "HEIF"])
def test_first_frame_of_an_animation(form: str) -> None:
    first, second = photo("coffee.png", 320), photo("rocket.jpg", 320).resize((320, 213))
    first = first.resize((320, 213))
    file = encoded(first, form, save_all=True, append_images=[second])
    assert _apart(first, file) <= 12


def test_picture_of_many_pixels_hashes_as_all_of_them_do() -> None:
    """Averaged down first, within the 10 bits that Meta allows between implementations."""
    picture = photo("hubble_deep_field.jpg", 10_000).resize((2750, 2400), Image.Resampling.LANCZOS)
    assert picture.width * picture.height > EXACT_PIXELS
    assert _apart(picture, encoded(picture, "BMP")) <= 10
    assert decode(encoded(picture, "BMP"), LIMITS).shape == (1200, 1375, 3)


def test_long_strip_stays_within_memory() -> None:
    strip = Image.new("RGB", (60_000, 80), (9, 9, 9))
    rows, columns, _ = decode(encoded(strip, "PNG"), LIMITS).shape
    assert rows * columns <= EXACT_PIXELS


def _bomb() -> bytes:
    """A few kilobytes that unfold to 225 million pixels."""
    return encoded(Image.new("1", (15_000, 15_000)), "PNG")


def _claims(width: int, height: int) -> bytes:
    """A small BMP whose header claims to be as large as this."""
    file = bytearray(encoded(drawn(1, 8, 8), "BMP"))
    file[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return bytes(file)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (_bomb(), "more than 100,000,000"),
        (_claims(2**31 - 1, 2**31 - 1), "more than 100,000,000"),
        (_claims(2**31 - 1, 1), "more than 100,000,000"),
        (_claims(0, 8), "not a picture|no pixels|damaged"),
        (b"just some text, whatever the name says", "not a picture"),
        (b"\xff\xd8\xff", "not a picture"),
        (b"\x89PNG\r\n\x1a\n", "not a picture|damaged|truncated"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
)
def test_bad_file_is_unreadable_with_a_reason(file: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(file, LIMITS)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "AVIF", "HEIF"])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_truncated_file_is_unreadable(form: str, kept: float) -> None:
    file = encoded(photo("rocket.jpg", 320), form)
    with pytest.raises(Unreadable) as caught:
        decode(file[: int(len(file) * kept)], LIMITS)
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    assert len(caught.value.reason) < 100


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "HEIF"])
def test_damaged_bytes_give_a_fingerprint_or_a_reason_never_another_error(form: str) -> None:
    file = encoded(drawn(4, 96, 64), form)
    random = np.random.default_rng(11)
    for _ in range(60):
        damaged = bytearray(file)
        for at in random.integers(0, len(file), 4):
            damaged[at] = random.integers(256)
        with contextlib.suppress(Unreadable):
            decode(bytes(damaged), LIMITS)


def test_photos_are_told_by_their_first_bytes() -> None:
    for form in ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "HEIF", "JPEG2000"):
        assert looks_like_photo(encoded(drawn(2, 64, 64), form)[:64]), form
    assert not looks_like_photo(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41".ljust(64, b"\0"))
    assert not looks_like_photo(b"\x1a\x45\xdf\xa3".ljust(64, b"\0"))


def test_source_may_be_closed_and_forgotten() -> None:
    """The pixels do not hang on the bytes: no lazy decoding after the answer."""
    data = io.BytesIO(encoded(drawn(6), "PNG")).getvalue()
    before = decode(data, LIMITS)
    copy = before.copy()
    del data
    assert np.array_equal(before, copy)
