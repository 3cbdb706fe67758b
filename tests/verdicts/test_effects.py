from __future__ import annotations

import math

import pytest

from ablate.core.records import METRICS
from ablate.verdicts.effects import EffectValues, effect_of_differences
from ablate.verdicts.engine import judge_effects
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Flag, Scale

LOSS = METRICS["val_loss"]
TRAINED = ArmValues(dict.fromkeys(range(6), 0.1), planned=range(6))
PARTLY = ArmValues(dict.fromkeys(range(4), 0.2), planned=range(6), diverged=(4, 5))
CONTRASTS = {0: 0.1, 1: 0.11, 2: 0.09, 3: 0.1}


def test_counts_are_of_the_seeds_and_runs_of_all_cells() -> None:
    effect = EffectValues(CONTRASTS, (TRAINED, PARTLY), composite={})
    assert (effect.n_planned, effect.n_diverged, effect.divergence) == (6, 2, "2/12")


def test_without_a_worst_value_there_is_no_test() -> None:
    (row,) = judge_effects({"a": EffectValues(CONTRASTS, (TRAINED, PARTLY), composite={})}, LOSS, margin=0.01)
    assert (row.n, row.n_planned, row.n_diverged, row.qualifier) == (4, 6, 2, "diverged 2/12")
    assert (row.p_diff, row.p_diff_adj, row.p_tost_adj) == (None, None, None)
    assert row.diff == pytest.approx(0.1)


def test_a_difference_that_is_not_finite_counts_as_diverged() -> None:
    effect = effect_of_differences({0: 0.5, 2: math.nan, 1: math.inf})
    assert (dict(effect.contrasts), effect.composite) == ({0: 0.5}, {})
    assert (effect.n_planned, effect.n_diverged, effect.divergence) == (3, 2, "2/3")
    assert effect_of_differences({0: 0.5}).composite is None


def test_a_cell_without_a_logarithm_is_flagged() -> None:
    without = EffectValues({}, (TRAINED, TRAINED), is_positive=False)
    with_one = EffectValues(CONTRASTS, (TRAINED, TRAINED))
    rows = judge_effects({"a": without, "b": with_one}, LOSS, scale=Scale.LOG_ERROR)
    assert [Flag.NOT_POSITIVE in row.flags for row in rows] == [True, False]
    assert {row.test_name for row in rows} == {"one-sample t on per-seed contrasts of log errors"}
