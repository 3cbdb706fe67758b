"""Ensembles of seeds as a table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from ablate.analysis.ensembles import EnsembleGain
from ablate.reporting.blocks import Block, Code, Row, paragraph, table
from ablate.reporting.numbers import UNDEFINED, interval, mean, number, shared_error

__all__ = ["ensembles_table"]

HEADER = ("arm", "seeds", "one seed", "95% interval", "all together", "gain", "95% interval of the gain")


def ensembles_table(gains: Mapping[str, EnsembleGain]) -> list[Block]:
    """One row an arm: the accuracy of one seed and of all together, and the gain with its interval."""
    error = shared_error(gain.single.se for gain in gains.values())
    rows: list[Row] = [[Code(arm), *_cells(gain, error)] for arm, gain in gains.items()]
    examples = max(gain.examples for gain in gains.values())
    note = (
        f"Test accuracy over {examples} examples. All together predict the class whose mean probability is largest. "
        "The interval of the gain is a jackknife over seeds: what as many new seeds would gain on these examples."
    )
    return [table(HEADER, rows, numeric=range(1, len(HEADER))), *paragraph(note)]


def _cells(gain: EnsembleGain, error: float | None) -> list[str]:
    signed = partial(number, se=error, signed=True)
    bounds = UNDEFINED if gain.low is None or gain.high is None else f"[{signed(gain.low)}, {signed(gain.high)}]"
    together = number(gain.accuracy, error)
    alone = [str(gain.single.n), mean(gain.single, error=error), interval(gain.single, error=error)]
    return [*alone, together, signed(gain.gain), bounds]
