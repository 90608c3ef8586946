"""How much one file of media may ask of us before it is put down as unreadable."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Limits for one file. A file beyond one of them is Unreadable, with the limit in the reason.

    max_pixels: width times height, of a photo or of a video's frames.
    max_photo_bytes, max_video_bytes: size of the file; a photo is held in memory whole.
    max_seconds: wall time. Checked between steps and between frames; code that hangs inside a
        decoder can be stopped from outside only, which is what the scanner does.
    max_frames: frames kept of one video. The platform API takes 1,200 fingerprints an item.
    """

    max_pixels: int = 100_000_000
    max_photo_bytes: int = 100_000_000
    max_video_bytes: int = 8_000_000_000
    max_seconds: float = 300.0
    max_frames: int = 1_000


DEFAULT_LIMITS = MediaLimits()
