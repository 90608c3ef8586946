"""Which frames of a film are kept."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.fingerprint import Algorithm, Fingerprint
from matching.frames import NEAR_IDENTICAL, FramePrint, ThinnedFrames
from matching.pdq import distance


def _frame(seconds: int, bits: int) -> FramePrint:
    return FramePrint(float(seconds), Fingerprint(Algorithm.PDQ, bits.to_bytes(32)), 90)


def _kept(bits: list[int], limit: int) -> tuple[FramePrint, ...]:
    thinned = ThinnedFrames(limit)
    for second, value in enumerate(bits):
        thinned.add(_frame(second, value))
    return thinned.frames()


def test_near_identical_neighbours_are_left_out() -> None:
    assert [f.seconds for f in _kept([0, 0b11, 0b1111, 0b111111, 0b111111], 10)] == [0, 3]


def test_slow_change_is_not_lost_step_by_step() -> None:
    """The comparison is with the frame kept, so a slow fade leaves its traces."""
    fade = [(1 << n) - 1 for n in range(257)]
    kept = _kept(fade, 1000)
    assert len(kept) == 1 + 256 // (NEAR_IDENTICAL + 1)


def test_when_room_is_short_what_is_most_like_its_neighbour_goes_first() -> None:
    unlike = [0, (1 << 256) - 1]
    flicker = [0b111111, 0b111111 << 6] * 10
    kept = _kept([*unlike, *flicker], 4)
    assert {0, (1 << 256) - 1} <= {int.from_bytes(f.pdq.value) for f in kept}


@settings(deadline=None)
@given(
    st.lists(st.integers(0, (1 << 256) - 1), max_size=60),
    st.integers(1, 12),
)
def test_limit_order_and_first_frame_always_hold(bits: list[int], limit: int) -> None:
    kept = _kept(bits, limit)
    assert len(kept) <= limit
    assert bool(kept) == bool(bits)
    seconds = [frame.seconds for frame in kept]
    assert seconds == sorted(set(seconds))
    if bits:
        assert seconds[0] == 0
    for before, after in pairwise(kept):
        assert distance(before.pdq, after.pdq) > NEAR_IDENTICAL


@settings(deadline=None)
@given(st.lists(st.integers(0, (1 << 256) - 1), min_size=1, max_size=40))
def test_every_frame_is_near_a_kept_one_while_there_is_room(bits: list[int]) -> None:
    kept = _kept(bits, 40)
    for value in bits:
        assert min(distance(_frame(0, value).pdq, frame.pdq) for frame in kept) <= NEAR_IDENTICAL
