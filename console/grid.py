"""Which bits of two PDQ fingerprints differ, laid out as the 16 x 16 grid that a person can read.

Bit k of a PDQ fingerprint says whether one coefficient of the picture's cosine transform is above
the median; coefficient k stands in row k // 16 (how often the picture changes from top to bottom)
and column k % 16 (from left to right). So differences at the top left are differences in coarse
shapes, at the bottom right in fine detail. (Facebook, "The TMK+PDQF and PDQ algorithms", 2019,
and its reference `pdqBuffer16x16Bits`.) The bytes of a fingerprint hold bit 255 first.

Only the exclusive or of two fingerprints comes in here, never a fingerprint.
"""

from dataclasses import dataclass

SIDE = 16
BITS = SIDE * SIDE


@dataclass(frozen=True, slots=True)
class GridRow:
    """The differing bits of one row; rows and columns count from 1, from the top left."""

    number: int
    columns: tuple[int, ...]

    def __str__(self) -> str:
        noun = "column" if len(self.columns) == 1 else "columns"
        return f"row {self.number}: {noun} {', '.join(map(str, self.columns))}"


@dataclass(frozen=True, slots=True)
class GridCells:
    """The rows in which something differs, from the top, and how they are said and drawn."""

    rows: tuple[GridRow, ...]

    @property
    def count(self) -> int:
        """The Hamming distance: how many of the 256 bits differ."""
        return sum(len(row.columns) for row in self.rows)

    @property
    def summary(self) -> str:
        """One short line: "12 of 256 bits differ"."""
        if not self.rows:
            return f"None of {BITS} bits differ"
        return f"{self.count} of {BITS} bits {'differs' if self.count == 1 else 'differ'}"

    @property
    def sentence(self) -> str:
        """The whole grid as text: the summary and each row with its columns."""
        if not self.rows:
            return f"{self.summary}."
        return f"{self.summary}: {'; '.join(map(str, self.rows))}."

    @property
    def path(self) -> str:
        """SVG path data, one unit square for each differing bit, in a 16 x 16 view box."""
        return "".join(
            f"M{column - 1} {row.number - 1}h1v1h-1z" for row in self.rows for column in row.columns
        )


def difference_grid(xor: bytes) -> GridCells:
    """Lay out the exclusive or of two PDQ fingerprints.

    `xor` is 32 bytes in the fingerprints' own order. Raises ValueError for any other length.
    """
    if len(xor) * 8 != BITS:
        raise ValueError(f"the difference of two PDQ fingerprints has 32 bytes, not {len(xor)}")
    bits = int.from_bytes(xor, "big")
    rows = []
    for row in range(SIDE):
        columns = tuple(column + 1 for column in range(SIDE) if bits >> (row * SIDE + column) & 1)
        if columns:
            rows.append(GridRow(row + 1, columns))
    return GridCells(tuple(rows))
