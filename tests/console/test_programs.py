"""How often a program may call."""

from dataclasses import replace

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from console.programs import Program, Programs, rates

PROGRAM = Program(1, "uploads", frozenset())


@hypothesis_settings(max_examples=40, deadline=None)
@given(
    amount=st.integers(1, 20),
    seconds=st.lists(st.floats(0, 30), max_size=60),
)
def test_no_window_lets_more_in_than_its_limit(amount: int, seconds: list[float]) -> None:
    """Held against counting: windows of ten seconds begin with the first request after another."""
    limit, now, ends, counted = f"{amount} per 10 second", 1_000.0, 0.0, 0
    programs = Programs()
    for step in seconds:
        now += step
        if now >= ends:
            ends, counted = now + 10, 0
        counted += 1
        wait = programs.wait(PROGRAM, limit, now)
        assert (wait is not None) is (counted > amount)
        assert wait is None or 0 < wait <= 10


def test_programs_do_not_count_for_one_another() -> None:
    programs = Programs()
    assert programs.wait(PROGRAM, "1/minute") is None
    assert programs.wait(PROGRAM, "1/minute") is not None
    assert programs.wait(replace(PROGRAM, id=2), "1/minute") is None


def test_each_of_several_limits_holds() -> None:
    assert [rate.amount for rate in rates("2/second; 3/minute")] == [2, 3]
    programs = Programs()
    waits = [programs.wait(PROGRAM, "2/second; 3/minute", 50.0 + n) for n in range(5)]
    assert [wait is None for wait in waits] == [True, True, True, False, False]
