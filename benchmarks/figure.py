"""One figure of a benchmark."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, what the peer took for the same in the same run, and their ratio.

    `ratio` says how many times better than the peer: above 1 is better. `peer` and `ratio` are
    None where there is nothing to hold the figure against.
    """

    name: str
    value: float
    unit: str
    peer: float | None = None
    ratio: float | None = None

    @classmethod
    def cost(cls, name: str, value: float, unit: str, peer: float) -> "Figure":
        """A figure of which less is better: time, memory."""
        return cls(name, value, unit, peer, peer / value)

    @classmethod
    def yields(cls, name: str, value: float, unit: str, peer: float) -> "Figure":
        """A figure of which more is better: contents a second."""
        return cls(name, value, unit, peer, value / peer)
