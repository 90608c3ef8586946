"""How many altered copies of photographs are found: within 31 bits of the original.

`python -m benchmarks.recall FOLDER… [--copies FOLDER]` makes copies of every picture under the
folders and reports, for each alteration, how many are within reach; and how many pairs of unlike
originals are, which would be false matches. Originals below MIN_QUALITY are counted apart: they
are never matched. With `--copies` the copies stay there, to be scanned. Without folders: the
photographs that scikit-image ships.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import skimage
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.alterations import ALL, BEYOND, Alteration, seen
from benchmarks.figure import Figure
from matching.fingerprint import Fingerprint
from matching.media import Unreadable
from matching.pdq import MIN_QUALITY, distance
from matching.photo import fingerprint_photo

RADIUS = 31
SMALLEST = 64
"""Pixels. PDQ works on 64 x 64: a smaller side is blown up, which nobody's photograph is."""

SIDES = (SMALLEST, 256)
"""Pixels. Counted apart, because what is lost is nearly all lost among the small."""

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".heic", ".avif"}


@dataclass(frozen=True, slots=True)
class Original:
    """A picture that is looked for, its shorter side in pixels, and how far each of its copies
    came out, by alteration."""

    path: Path
    pdq: Fingerprint
    side: int
    distances: dict[str, int]


def run() -> list[Figure]:
    """Copies found of the photographs that scikit-image ships, in per cent for each alteration."""
    originals, _ = measure([Path(skimage.__file__).parent / "data"], None)
    return [
        Figure(name, 100 * found / total, "% within 31 bits")
        for name, found, total, _ in summary(originals)
    ]


def measure(folders: Sequence[Path], copies: Path | None) -> tuple[list[Original], list[str]]:
    """The originals with the distances of their copies; and what was set aside, and why."""
    originals: list[Original] = []
    aside: list[str] = []
    paths = list(_pictures(folders))
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor() as pool:
        where = copies or Path(scratch)
        for path, result in zip(
            paths, pool.map(_measure, paths, [where] * len(paths), chunksize=4), strict=True
        ):
            if isinstance(result, str):
                aside.append(f"{path}: {result}")
            else:
                originals.append(result)
    return _unlike(originals, aside), aside


def summary(originals: Sequence[Original]) -> Iterator[tuple[str, int, int, list[Original]]]:
    """For each alteration: its name, copies found, copies made, and the originals it lost."""
    for alteration in ALL:
        lost = [one for one in originals if one.distances[alteration.name] > RADIUS]
        yield alteration.name, len(originals) - len(lost), len(originals), lost


def false_pairs(originals: Sequence[Original]) -> list[tuple[Original, Original]]:
    """Unlike originals that PDQ takes for one another."""
    return [
        (one, other)
        for one, other in combinations(originals, 2)
        if distance(one.pdq, other.pdq) <= RADIUS
    ]


def _pictures(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES and path.is_file() and not path.is_symlink():
                yield path


def _measure(path: Path, where: Path) -> Original | str:
    try:
        original = fingerprint_photo(path)
    except Unreadable as error:
        return error.reason
    if original.quality < MIN_QUALITY:
        return f"too plain to match (quality {original.quality})"
    with Image.open(path) as image:
        picture = seen(image)
    if min(picture.size) < SMALLEST:
        return f"smaller than {SMALLEST} pixels"
    distances = {
        alteration.name: min(
            distance(original.pdq, pdq) for pdq in _copied(picture, alteration, path, where)
        )
        for alteration in ALL
    }
    return Original(path, original.pdq, min(picture.size), distances)


def _copied(
    picture: Image.Image, alteration: Alteration, path: Path, where: Path
) -> list[Fingerprint]:
    """Write the copy; the fingerprints that it would be looked for by."""
    name = "-".join(path.with_suffix("").parts[-4:])
    copy = where / alteration.name / f"{name}{alteration.suffix}"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_bytes(alteration.copy(picture))
    found = fingerprint_photo(copy)
    return [found.pdq, *([found.enlarged[0]] if found.enlarged else [])]


def _unlike(originals: Sequence[Original], aside: list[str]) -> list[Original]:
    """One of each set of byte-like twins: packages ship a picture under several names."""
    first: dict[bytes, Original] = {}
    for one in originals:
        if one.pdq.value in first:
            aside.append(f"{one.path}: the same picture as {first[one.pdq.value].path}")
        else:
            first[one.pdq.value] = one
    return list(first.values())


def table(originals: Sequence[Original]) -> Table:
    """Copies found for each alteration: of all originals, and of those that are not tiny."""
    drawn = Table("alteration", title="copies within 31 bits, of originals whose shorter side is")
    for side in SIDES:
        drawn.add_column(f"{side} or more", justify="right")
        drawn.add_column("%", justify="right")
    drawn.add_column("median")
    drawn.add_column("farthest")
    beyond = {alteration.name for alteration in BEYOND}
    for alteration in ALL:
        name = alteration.name
        cells = [f"({name})" if name in beyond else name]
        for side in SIDES:
            bits = [one.distances[name] for one in originals if one.side >= side]
            found = sum(one <= RADIUS for one in bits)
            cells += [f"{found} of {len(bits)}", f"{100 * found / max(1, len(bits)):.1f}"]
        every = sorted(one.distances[name] for one in originals)
        drawn.add_row(*cells, str(every[len(every) // 2]), str(every[-1]))
    return drawn


def main(arguments: list[str]) -> int:
    """Print the table, what was lost and what was set aside."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recall", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--copies", type=Path, help="keep the copies here")
    parser.add_argument("--lost", action="store_true", help="name every copy that was not found")
    asked = parser.parse_args(arguments)
    folders = asked.folders or [Path(skimage.__file__).parent / "data"]
    originals, aside = measure(folders, asked.copies)
    for name, _, _, lost in summary(originals) if asked.lost else ():
        for one in lost:
            print(f"lost   {name}: {one.path} at {one.distances[name]}")
    for one, other in (pairs := false_pairs(originals)):
        print(f"alike  {one.path} and {other.path}: {distance(one.pdq, other.pdq)} bits")
    for line in aside:
        print(f"aside  {line}")
    Console(width=100).print(table(originals))
    print(f"{len(originals)} originals, {len(aside)} set aside, {len(pairs)} pairs within 31 bits")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
