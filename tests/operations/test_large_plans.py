"""Large studies are planned in time that grows as they do, and are within the bounds of what may be asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ablate.operations.plan import plan

# From one size to the next; what is quadratic takes GROWTH² times as long.
GROWTH = 4
# Beyond it a plan grows faster than its study; measured are 2.3 to 3.8.
MOST = 2 * GROWTH


def seeds(number: int) -> tuple[Sequence[str], bool, int]:
    """The words of a study, whether it is a grid, and how many runs it has."""
    return ["+sweep=l2", f"sweep.seeds={number}"], False, 4 * number


def arms(number: int) -> tuple[Sequence[str], bool, int]:
    levels = range(round(number**0.5))
    rates, strengths = (",".join(f"{level / scale:g}" for level in levels) for scale in (1e3, 1e5))
    return [f"model.dropout={rates}", f"model.l2={strengths}", "sweep.seeds=1"], True, number


def levels(number: int) -> tuple[Sequence[str], bool, int]:
    return [f"model.dropout={','.join(f'{level / 1e4:g}' for level in range(number))}", "sweep.seeds=1"], True, number


@pytest.mark.slow
@pytest.mark.parametrize(("study", "size"), [(seeds, 5_000), (arms, 10_000), (levels, 1_600)])
def test_a_plan_takes_as_much_longer_as_its_study_is_larger(
    tmp_path: Path, study: Callable[[int], tuple[Sequence[str], bool, int]], size: int
) -> None:
    def seconds(number: int) -> float:
        words, is_grid, runs = study(number)
        begun = time.process_time()
        planned = plan([*words, f"results_dir={tmp_path}"], is_grid=is_grid)
        taken = time.process_time() - begun
        assert len(planned.runs) == len(set(planned.runs)) == runs
        return taken

    seconds(4)  # what is read once in a process
    small, large = seconds(size // GROWTH), seconds(size)
    assert large < MOST * small
