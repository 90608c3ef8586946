"""A process that fingerprints one file after another: `python -m scanner.worker LIMITS`.

Reads a path a line (JSON) and answers a line (JSON). It is a process of its own because decoders
of other people's files crash, hang and eat memory: that may cost the file, never the scan.
"""

import json
import math
import os
import signal
import sys
from pathlib import Path
from typing import Any

from matching.confined import GRACE, confine, silence
from matching.fingerprint import Fingerprint
from matching.limits import MediaLimits
from matching.media import (
    FramePrint,
    PhotoFingerprints,
    Unreadable,
    VideoFingerprints,
    fingerprint_file,
)

LATEST = 86_400.0
"""Seconds. The console takes places up to a day into a film; beyond, a file's clock is nonsense."""


def main() -> None:
    """Answer until the input ends."""
    limits = MediaLimits(**json.loads(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    confine()
    _say(answers, {"ready": True})
    silence()
    for line in sys.stdin.buffer:
        # Left at its default the alarm ends the process, also deep inside a decoder.
        signal.setitimer(signal.ITIMER_REAL, limits.max_seconds + GRACE)
        answer = _answer(Path(json.loads(line)), limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(answers, answer)


def _say(answers: Any, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _answer(path: Path, limits: MediaLimits) -> dict[str, Any]:
    try:
        found = fingerprint_file(path, limits)
    except Unreadable as error:
        return {"unreadable": error.reason}
    except Exception as error:  # noqa: BLE001 - a fault of ours costs this file, and is named
        return {"unreadable": f"unexpected {type(error).__name__}; please report it"}
    return {
        "kind": "image" if isinstance(found, PhotoFingerprints) else "video",
        "too_plain": found.too_plain,
        "fingerprints": _wire(found),
    }


def _wire(found: PhotoFingerprints | VideoFingerprints) -> list[dict[str, Any]]:
    exact = [{"algorithm": one.algorithm, "value": one.hex} for one in (found.md5, found.sha1)]
    if isinstance(found, VideoFingerprints):
        return [*(_frame(frame) for frame in found.frames), *exact]
    likeness = [(found.pdq, found.quality), *([found.enlarged] if found.enlarged else [])]
    return [*(_pdq(value, quality) for value, quality in likeness), *exact]


def _pdq(value: Fingerprint, quality: int) -> dict[str, Any]:
    return {"algorithm": "pdq", "value": value.hex, "quality": quality}


def _frame(frame: FramePrint) -> dict[str, Any]:
    place = frame.seconds if math.isfinite(frame.seconds) and frame.seconds <= LATEST else None
    return {
        **_pdq(frame.pdq, frame.quality),
        "at": None if place is None else max(place, 0.0),
    }


if __name__ == "__main__":
    main()
