"""Bytes of media fingerprinted by a process of its own: `python -m matching.apart LIMITS`.

The bytes go in by a pipe, the fingerprints come back by one, and nothing is written anywhere. A
decoder that crashes, hangs or eats memory costs this one question, not the server that asked; it
is given none of the server's environment, where secrets are.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from signal import ITIMER_REAL, SIGALRM, setitimer

from matching.confined import GRACE, confine, silence
from matching.fingerprint import Fingerprint
from matching.limits import MediaLimits
from matching.media import PhotoFingerprints, Unreadable, VideoFingerprints, fingerprint_bytes

ROOT = Path(__file__).resolve().parent.parent
STARTING = 20.0
"""Seconds that a process may take to start and to import what decodes, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Look:
    """One fingerprint to look for, with PDQ's quality, 0 to 100; None for an exact one."""

    fingerprint: Fingerprint
    quality: int | None = None


def fingerprint_apart(data: bytes, limits: MediaLimits) -> tuple[Look, ...]:
    """The fingerprints of a photo or a film, by a process that ends with the answer.

    Raises Unreadable with a reason for people; also when the decoder crashed or took too long.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "matching.apart", json.dumps(asdict(limits))],
            input=data,
            capture_output=True,
            check=False,
            timeout=STARTING + limits.max_seconds + GRACE,
            env={"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired:
        # Without what subprocess keeps in the error: the answer, so far as it had come.
        raise Unreadable(f"took longer than {limits.max_seconds:g} seconds") from None
    if done.returncode == -SIGALRM:
        raise Unreadable(f"took longer than {limits.max_seconds:g} seconds")
    if done.returncode != 0:
        raise Unreadable("the decoder crashed on it")
    answer = json.loads(done.stdout)
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    return tuple(
        Look(Fingerprint.parse(algorithm, value), quality)
        for algorithm, value, quality in answer["looks"]
    )


def looks(found: PhotoFingerprints | VideoFingerprints) -> tuple[Look, ...]:
    """All that a file can be looked for by."""
    exact = (Look(found.md5), Look(found.sha1))
    if isinstance(found, VideoFingerprints):
        return (*(Look(frame.pdq, frame.quality) for frame in found.frames), *exact)
    enlarged = (Look(*found.enlarged),) if found.enlarged else ()
    return (Look(found.pdq, found.quality), *enlarged, *exact)


def main() -> None:
    """Read the bytes to their end, answer, and end."""
    limits = MediaLimits(**json.loads(sys.argv[1]))
    data = sys.stdin.buffer.read()
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    confine()
    silence()
    # Left at its default the alarm ends the process, also deep inside a decoder.
    setitimer(ITIMER_REAL, limits.max_seconds + GRACE)
    answers.write(json.dumps(_answer(data, limits)))
    answers.flush()


def _answer(data: bytes, limits: MediaLimits) -> dict[str, object]:
    try:
        found = looks(fingerprint_bytes(data, limits))
    except Unreadable as error:
        return {"unreadable": error.reason}
    except Exception as error:  # noqa: BLE001 - a fault of ours costs this question, and is named
        return {"unreadable": f"unexpected {type(error).__name__}; please report it"}
    return {
        "looks": [(one.fingerprint.algorithm, one.fingerprint.hex, one.quality) for one in found]
    }


if __name__ == "__main__":
    main()
