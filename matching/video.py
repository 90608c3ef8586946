"""A video's fingerprints: MD5 and SHA-1 of the file, PDQ of one frame a second."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image

from matching.decoding import check_size, manageable
from matching.fingerprint import Fingerprint
from matching.frames import FramePrint, ThinnedFrames
from matching.limits import DEFAULT_LIMITS, MediaLimits
from matching.pdq import MIN_QUALITY, Pixels, hash_pixels
from matching.reading import Deadline, Unreadable, digests_of_stream, open_regular

CONTAINERS = "mov,matroska,avi,mpeg,mpegts,mpegvideo,flv,asf,ogg,mxf,dv,ivf,rm"
"""FFmpeg's readers for what films are uploaded in. A closed list: its playlist readers (HLS,
concat, DASH) open other files and addresses, its text and raw readers take anything for a film."""


@dataclass(frozen=True, slots=True)
class VideoFingerprints:
    """What is kept of a video. `frames` are in the film's order and leave out near-repeats."""

    md5: Fingerprint
    sha1: Fingerprint
    frames: tuple[FramePrint, ...]

    @property
    def too_plain(self) -> bool:
        """No frame is to be matched; MD5 and SHA-1 still are."""
        return all(frame.quality < MIN_QUALITY for frame in self.frames)


def fingerprint_video(
    source: Path | BinaryIO, limits: MediaLimits = DEFAULT_LIMITS
) -> VideoFingerprints:
    """Fingerprint one video. Raises Unreadable with a reason for people.

    The file is read twice, by the digests and by the decoder, without being held in memory. A
    film that breaks off half-way counts as far as it plays: what can be seen can be matched.
    """
    if isinstance(source, Path):
        with open_regular(source) as file:
            return _fingerprint(file, limits)
    return _fingerprint(source, limits)


def _fingerprint(file: BinaryIO, limits: MediaLimits) -> VideoFingerprints:
    deadline = Deadline(limits.max_seconds)
    check_length(file, limits.max_video_bytes)
    frames = sampled(file, limits, deadline)
    file.seek(0)
    exact = digests_of_stream(file, deadline)
    return VideoFingerprints(md5=exact.md5, sha1=exact.sha1, frames=frames)


def sampled(file: BinaryIO, limits: MediaLimits, deadline: Deadline) -> tuple[FramePrint, ...]:
    """One frame a second, near-repeats left out; at least one, or Unreadable."""
    frames = ThinnedFrames(limits.max_frames)
    try:
        for seconds, frame in one_a_second(decoded(file, limits, deadline)):
            pdq, quality = hash_pixels(as_seen(frame))
            frames.add(FramePrint(seconds=round(seconds, 3), pdq=pdq, quality=quality))
    except Unreadable:
        raise
    except MemoryError:
        raise Unreadable("needs more memory than there is") from None
    except Exception:  # noqa: BLE001, S110 - a decoder given damaged bytes raises anything
        pass  # the frames before it stand
    if not frames.frames():
        raise Unreadable("damaged or encrypted: no frame of the video can be decoded")
    return frames.frames()


def check_length(file: BinaryIO, max_bytes: int) -> None:
    """Raise Unreadable if the file is empty or longer than `max_bytes`; rewind it."""
    length = file.seek(0, 2)
    file.seek(0)
    if length == 0:
        raise Unreadable("empty")
    if length > max_bytes:
        raise Unreadable(f"larger than {max_bytes:,} bytes")


def decoded(
    file: BinaryIO, limits: MediaLimits, deadline: Deadline
) -> Iterator[tuple[float, VideoFrame]]:
    """Seconds from the start, and the frame, for the first film in the file."""
    try:
        container = av.open(
            file,
            "r",
            metadata_errors="ignore",
            container_options={"format_whitelist": CONTAINERS},
            io_open=_nothing_else,
        )
    except (av.FFmpegError, ValueError, OSError):
        raise Unreadable("neither a picture nor a video") from None
    with container:
        yield from _frames(container, limits, deadline)


def _frames(
    container: InputContainer, limits: MediaLimits, deadline: Deadline
) -> Iterator[tuple[float, VideoFrame]]:
    if not container.streams.video:
        raise Unreadable("has no pictures in it")
    stream = container.streams.video[0]
    check_size((stream.codec_context.width, stream.codec_context.height), limits.max_pixels)
    stream.codec_context.thread_count = 1  # the scan runs one process a core already
    stream.codec_context.skip_frame = "NONREF"  # a second is sampled once: most B frames can go
    start = float((stream.start_time or 0) * (stream.time_base or 0))
    rate = float(stream.average_rate or 25)
    count = 0
    for packet in _packets(container, stream):
        deadline.check()
        for frame in _decoded(packet):
            check_size((frame.width, frame.height), limits.max_pixels)
            yield (count / rate if frame.time is None else frame.time - start), frame
            count += 1


def _packets(container: InputContainer, stream: VideoStream) -> "Iterator[Packet[VideoStream]]":
    try:
        yield from container.demux(stream)
    except (av.FFmpegError, OSError):
        return  # the file breaks off here; what came before stands


def _decoded(packet: "Packet[VideoStream]") -> list[VideoFrame]:
    try:
        return packet.decode()
    except av.FFmpegError:
        return []  # a damaged packet costs its own frames, as in a player


def one_a_second(
    frames: Iterator[tuple[float, VideoFrame]],
) -> Iterator[tuple[float, VideoFrame]]:
    """The first frame that falls into each second of the film, whichever way its times run."""
    last: int | None = None
    for seconds, frame in frames:
        if int(seconds) != last:
            last = int(seconds)
            yield seconds, frame


def as_seen(frame: VideoFrame) -> Pixels:
    """The frame's pixels, upright as a player turns them: phones film lying on their side."""
    picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    pixels = np.asarray(manageable(picture))
    return np.ascontiguousarray(np.rot90(pixels, k=round(frame.rotation / 90)))


def _nothing_else(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    """A film is one file: what it refers to elsewhere is not opened."""
    raise PermissionError("a video may not open other files")
