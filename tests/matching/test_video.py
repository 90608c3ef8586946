"""A film in, its frames' fingerprints out."""

import contextlib
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from matching.fingerprint import Fingerprint
from matching.limits import MediaLimits
from matching.pdq import distance, hash_pixels
from matching.reading import Unreadable
from matching.video import fingerprint_video
from tests.matching.films import film, lying_on_its_side
from tests.matching.pictures import drawn, encoded, flat, photo, pixels

SIZE = (320, 240)
NAMES = ("coffee.png", "chelsea.png", "rocket.jpg")


def _shots() -> list[Image.Image]:
    return [photo(name).resize(SIZE) for name in NAMES]


def _hash(picture: Image.Image) -> Fingerprint:
    return hash_pixels(pixels(picture))[0]


def _saved(folder: Path, data: bytes, name: str = "film") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("form", "codec"),
    [
        ("mp4", "libx264"),
        ("matroska", "libx264"),
        ("webm", "libvpx"),
        ("avi", "mpeg4"),
        ("mpegts", "mpeg2video"),
        ("mov", "mpeg4"),
        ("flv", "flv"),
        ("asf", "wmv2"),
    ],
)
def test_each_shot_is_found_where_it_is(tmp_path: Path, form: str, codec: str) -> None:
    data = film(_shots(), form=form, codec=codec)
    found = fingerprint_video(_saved(tmp_path, data))
    assert found.md5.hex == hashlib.md5(data).hexdigest()  # noqa: S324 - copies, not secrecy
    assert found.sha1.hex == hashlib.sha1(data).hexdigest()  # noqa: S324
    for number, shot in enumerate(_shots()):
        near = [f for f in found.frames if distance(f.pdq, _hash(shot)) <= 16]
        assert near
        assert 2 * number - 0.3 <= near[0].seconds <= 2 * number + 0.3
        assert near[0].quality >= 50
    assert [f.seconds for f in found.frames] == sorted(f.seconds for f in found.frames)
    assert not found.too_plain


def test_held_shot_is_kept_once(tmp_path: Path) -> None:
    found = fingerprint_video(_saved(tmp_path, film([photo().resize(SIZE)], seconds=6)))
    assert len(found.frames) < 3


def test_film_of_a_phone_held_upright(tmp_path: Path) -> None:
    upright = photo("astronaut.png").resize((240, 320))
    stored = film([upright.transpose(Image.Transpose.ROTATE_90)])
    found = fingerprint_video(_saved(tmp_path, lying_on_its_side(stored)))
    assert distance(found.frames[0].pdq, _hash(upright)) <= 12
    as_stored = fingerprint_video(_saved(tmp_path, stored))
    assert distance(as_stored.frames[0].pdq, _hash(upright)) > 31


def test_flat_film_is_too_plain(tmp_path: Path) -> None:
    assert fingerprint_video(_saved(tmp_path, film([flat()]))).too_plain


def test_frames_kept_are_limited_and_span_the_film(tmp_path: Path) -> None:
    data = film([drawn(seed, 160, 120) for seed in range(12)], seconds=1, rate=4)
    path = _saved(tmp_path, data)
    assert len(fingerprint_video(path).frames) == 12
    kept = fingerprint_video(path, MediaLimits(max_frames=5)).frames
    assert 1 <= len(kept) <= 5


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (MediaLimits(max_video_bytes=1000), "larger than 1,000 bytes"),
        (MediaLimits(max_pixels=1000), "more than 1,000"),
        (MediaLimits(max_seconds=0), "took longer than 0 seconds"),
    ],
)
def test_limits(tmp_path: Path, limits: MediaLimits, reason: str) -> None:
    path = _saved(tmp_path, film(_shots()[:1]))
    with pytest.raises(Unreadable, match=reason):
        fingerprint_video(path, limits)
    generous = replace(limits, max_video_bytes=10**7, max_pixels=10**6, max_seconds=60)
    assert fingerprint_video(path, generous).frames


@pytest.mark.parametrize(("form", "codec"), [("matroska", "libx264"), ("mpegts", "mpeg2video")])
def test_film_that_breaks_off_counts_as_far_as_it_plays(
    tmp_path: Path, form: str, codec: str
) -> None:
    data = film(_shots(), form=form, codec=codec)
    found = fingerprint_video(_saved(tmp_path, data[: len(data) * 3 // 5]))
    assert distance(found.frames[0].pdq, _hash(_shots()[0])) <= 16


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"just some text", "neither a picture nor a video"),
        (film([flat()])[:600], "neither a picture nor a video"),
        (encoded(photo(), "JPEG"), "neither a picture nor a video"),
    ],
    ids=["empty", "text", "MP4 cut off", "a photo"],
)
def test_no_film(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        fingerprint_video(_saved(tmp_path, data))


def test_film_whose_pictures_are_scrambled(tmp_path: Path) -> None:
    """What an encrypted film looks like: sound container, no frame that decodes."""
    data = bytearray(film(_shots()[:1]))
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    data[start:end] = bytes(b ^ 0x5A for b in data[start:end])
    with pytest.raises(Unreadable, match="encrypted"):
        fingerprint_video(_saved(tmp_path, bytes(data)))


def test_sound_alone_has_no_pictures(tmp_path: Path) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(Unreadable, match="no pictures"):
        fingerprint_video(_saved(tmp_path, file.getvalue()))


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{film}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{film}'\n",
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("playlist", PLAYLISTS)
def test_playlist_opens_no_other_file(tmp_path: Path, playlist: str) -> None:
    other = _saved(tmp_path, film(_shots()[:1]), "other.mp4")
    path = _saved(tmp_path, PLAYLISTS[playlist].format(film=other).encode(), "film.mp4")
    with pytest.raises(Unreadable, match="neither a picture nor a video"):
        fingerprint_video(path)


def test_damaged_bytes_give_frames_or_a_reason_never_another_error(tmp_path: Path) -> None:
    file = film([drawn(1, 64, 64), drawn(2, 64, 64)], seconds=1, rate=4)
    random = np.random.default_rng(5)
    for _ in range(40):
        damaged = bytearray(file)
        for at in random.integers(0, len(file), 6):
            damaged[at] = random.integers(256)
        with contextlib.suppress(Unreadable):
            fingerprint_video(_saved(tmp_path, bytes(damaged)))
