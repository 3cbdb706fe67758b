"""The choice of the next run, and how many programs it makes workers compile."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings, strategies as st

from ablate.core.records import Timings
from ablate.runner.schedule import Pace, next_program


@pytest.mark.parametrize(
    ("waiting", "current", "busy", "expected"),
    [
        ({"a": 1, "b": 9}, "a", (), "a"),
        ({"a": 1, "b": 9}, "a", ("a",), "a"),
        ({"a": 2, "b": 9}, None, (), "a"),
        ({"a": 2, "b": 9}, None, ("a",), "b"),
        ({"a": 0, "b": 9}, "a", (), "b"),
        ({"a": 4, "b": 9}, None, ("a", "b"), "b"),
        ({"a": 4, "b": 3}, None, ("a", "b"), "a"),
        ({"a": 3, "b": 3}, None, ("a", "b"), None),
        ({"a": 5}, None, ("a", "a"), None),
        ({"a": 6}, None, ("a", "a"), "a"),
        ({}, None, (), None),
        ({"a": 0}, "a", (), None),
    ],
)
def test_prefers_its_own_then_the_untouched_then_the_longest(waiting, current, busy, expected):
    assert next_program(waiting, current, busy) == expected


@pytest.mark.parametrize(
    ("waiting", "busy", "expected"),
    [
        (9, ("a",), None),  # the other has done 9 runs when this one has compiled
        (10, ("a",), "a"),
        (19, ("a", "a"), None),
        (20, ("a", "a"), "a"),
    ],
)
def test_helps_where_compiling_takes_less_than_all_that_is_left(waiting, busy, expected):
    """A compile of 10 seconds, and runs of 1."""
    pace = Pace().after(Timings(11.0, compile_seconds=8.0)).after(Timings(0.5)).after(Timings(1.5))
    assert next_program({"a": waiting}, None, busy, {"a": pace}) == expected


@pytest.mark.parametrize("timings", [(), (Timings(11.0, compile_seconds=8.0),), (Timings(1.0),), (Timings(0.0),) * 2])
def test_helps_where_nothing_is_known_of_the_time(timings):
    pace = functools.reduce(Pace.after, timings, Pace())
    assert next_program({"a": 4}, None, ("a",), {"a": pace}) == "a"


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), st.integers(1, 4))
def test_finishes_everything_and_compiles_little(sizes, workers):
    waiting = {f"program {index}": size for index, size in enumerate(sizes)}
    compiled = simulate(waiting, workers)
    assert sum(sizes) == compiled.pop("runs")
    assert all(count <= workers for count in compiled.values())
    assert compiled.keys() == waiting.keys()
    if workers == 1:
        assert set(compiled.values()) == {1}


def simulate(waiting: dict[str, int], workers: int) -> dict[str, int]:
    """Workers in lock step, one run each a turn: how often each program was compiled, and the runs done."""
    left, current, compiled = dict(waiting), [None] * workers, {"runs": 0}
    while any(left.values()):
        at_work: list[str] = []
        for worker in range(workers):
            program = next_program(left, current[worker], at_work)
            if program is None:
                continue
            left[program] -= 1
            compiled["runs"] += 1
            compiled[program] = compiled.get(program, 0) + (program != current[worker])
            current[worker] = program
            at_work.append(program)
        assert at_work
    return compiled
