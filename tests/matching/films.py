"""Films for the tests, made with PyAV from pictures."""

import io
import struct
from collections.abc import Sequence

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image


def film(
    shots: Sequence[Image.Image],
    *,
    form: str = "mp4",
    codec: str = "libx264",
    seconds: int = 2,
    rate: int = 8,
) -> bytes:
    """A film that holds each picture for so many seconds. Sides must be even."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = shots[0].size
        stream.pix_fmt = "yuv420p"
        for shot in shots:
            frame = av.VideoFrame.from_ndarray(np.asarray(shot), format="rgb24")
            for _ in range(seconds * rate):
                frame.pts = None
                container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def lying_on_its_side(mp4: bytes) -> bytes:
    """The same MP4 with the note of a phone held upright: turn by 90 degrees when playing."""
    plain = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    at = mp4.index(plain, mp4.index(b"tkhd"))
    return mp4[:at] + turned + mp4[at + len(plain) :]
