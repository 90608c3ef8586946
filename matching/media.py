"""One file of media, photo or video: told apart by its content, never by its name."""

from io import BytesIO
from pathlib import Path

from matching.decoding import looks_like_photo
from matching.frames import FramePrint
from matching.limits import DEFAULT_LIMITS, MediaLimits
from matching.photo import PhotoFingerprints, fingerprint_photo
from matching.reading import Unreadable, open_regular
from matching.video import VideoFingerprints, fingerprint_video

__all__ = [
    "FramePrint",
    "PhotoFingerprints",
    "Unreadable",
    "VideoFingerprints",
    "fingerprint_bytes",
    "fingerprint_file",
]

HEAD = 64


def fingerprint_file(
    path: Path, limits: MediaLimits = DEFAULT_LIMITS
) -> PhotoFingerprints | VideoFingerprints:
    """Fingerprint a photo or a video. Raises Unreadable with a reason for people.

    Animations (GIF, WebP, AVIF) are photos: their first frame is what is fingerprinted.
    """
    with open_regular(path) as file:
        head = file.read(HEAD)
    if not head:
        raise Unreadable("empty")
    if looks_like_photo(head):
        return fingerprint_photo(path, limits)
    return fingerprint_video(path, limits)


def fingerprint_bytes(
    data: bytes, limits: MediaLimits = DEFAULT_LIMITS
) -> PhotoFingerprints | VideoFingerprints:
    """The same for a file that is in memory already."""
    if not data:
        raise Unreadable("empty")
    if looks_like_photo(data[:HEAD]):
        return fingerprint_photo(BytesIO(data), limits)
    return fingerprint_video(BytesIO(data), limits)
