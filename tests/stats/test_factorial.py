from itertools import product

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.formula.api import ols
from statsmodels.stats.anova import AnovaRM

from ablate.stats.factorial import Factorial, dose_slopes, factorial_effects
from tests.analysis.stats_cases import expected, given

FACTORS = {"optimizer": ("sgd", "adam"), "activation": ("relu", "gelu")}
LARGE = {"a": (0, 1, 2), "b": ("x", "y"), "c": (False, True)}


def cells_of(rows: list[tuple]) -> dict[tuple, dict[int, float]]:
    cells: dict[tuple, dict[int, float]] = {}
    for *cell, seed, value in rows:
        cells.setdefault(tuple(cell), {})[seed] = value
    return cells


def two_by_two() -> Factorial:
    return factorial_effects(FACTORS, cells_of(given("factorial_2x2_seed_block")["rows"]))


def large_rows() -> list[tuple]:
    rng = np.random.default_rng(0)
    return [(*cell, seed, rng.normal() + seed) for cell in product(*LARGE.values()) for seed in range(4)]


def test_effects_are_per_seed_contrasts() -> None:
    case, rm = expected("per_seed_contrast"), expected("factorial_2x2_seed_block")
    optimizer, activation, interaction = two_by_two().effects
    assert optimizer.name == "optimizer: adam − sgd"
    assert interaction.name == "optimizer: adam − sgd × activation: gelu − relu"
    assert optimizer.estimate.mean == pytest.approx(case["main"])
    assert (optimizer.estimate.t, optimizer.estimate.p_two_sided) == pytest.approx((case["t_main"], case["p_main"]))
    assert (optimizer.estimate.ci_low, optimizer.estimate.ci_high) == pytest.approx((case["ci_low"], case["ci_high"]))
    assert optimizer.estimate.t**2 == pytest.approx(rm["F_opt_AnovaRM"])
    assert interaction.estimate.mean == pytest.approx(case["inter"])
    assert interaction.estimate.p_two_sided == pytest.approx(case["p_inter"])
    assert [effect.is_interaction for effect in (optimizer, activation, interaction)] == [False, False, True]


def test_shares_of_the_case() -> None:
    case = expected("factorial_2x2_seed_block")
    shares = {share.term: share.share for share in two_by_two().shares}
    names = ("opt", "act", "inter", "seed", "resid")
    assert list(shares) == ["optimizer", "activation", "optimizer × activation", "seed", "residual"]
    assert list(shares.values()) == pytest.approx([case[f"fanova_share_{name}"] for name in names])


def test_pooled_f_of_the_case_follows_from_the_shares() -> None:
    case = expected("factorial_2x2_seed_block")
    optimizer, activation, interaction, _, residual = two_by_two().shares
    assert residual.df == case["df_resid"]
    error = residual.sum_of_squares / residual.df
    found = [term.sum_of_squares / term.df / error for term in (optimizer, activation, interaction)]
    assert found == pytest.approx([case["F_opt"], case["F_act"], case["F_inter"]])
    partial = [
        term.sum_of_squares / (term.sum_of_squares + residual.sum_of_squares) for term in (optimizer, activation)
    ]
    assert partial == pytest.approx([case["partial_eta2_opt"], case["partial_eta2_act"]])


def test_sums_of_squares_agree_with_statsmodels_in_a_larger_grid() -> None:
    rows = large_rows()
    frame = pd.DataFrame(rows, columns=["a", "b", "c", "seed", "y"])
    anova = sm.stats.anova_lm(ols("y ~ C(a, Sum)*C(b, Sum)*C(c, Sum) + C(seed)", frame).fit(), typ=2)
    oracle = {
        " × ".join(part.split("(")[1].split(",")[0].strip(")") for part in term.split(":")): row
        for term, row in anova.iterrows()
        if term != "Residual"
    }
    grid = factorial_effects(LARGE, cells_of(rows))
    for share in grid.shares[:-1]:
        assert share.sum_of_squares == pytest.approx(oracle[share.term]["sum_sq"])
        assert share.df == oracle[share.term]["df"]
    assert grid.shares[-1].sum_of_squares == pytest.approx(anova.loc["Residual", "sum_sq"])
    assert sum(share.share for share in grid.shares) == pytest.approx(1)


def test_a_two_level_effect_of_a_larger_grid_is_the_repeated_measures_f() -> None:
    rows = large_rows()
    frame = pd.DataFrame(rows, columns=["a", "b", "c", "seed", "y"])
    oracle = AnovaRM(frame, "y", "seed", within=["a", "b", "c"]).fit().anova_table["F Value"]
    grid = factorial_effects(LARGE, cells_of(rows))
    found = {effect.factors: effect.estimate.t**2 for effect in grid.effects if "a" not in effect.factors}
    assert found == pytest.approx({("b",): oracle["b"], ("c",): oracle["c"], ("b", "c"): oracle["b:c"]})


def test_every_level_against_the_reference() -> None:
    rows = large_rows()
    frame = pd.DataFrame(rows, columns=["a", "b", "c", "seed", "y"])
    grid = factorial_effects(LARGE, cells_of(rows), reference={"a": 1})
    means = frame.groupby("a")["y"].mean()
    effects = {(effect.levels, effect.references): effect.estimate.mean for effect in grid.main_effects}
    assert effects[(0,), (1,)] == pytest.approx(means[0] - means[1])
    assert effects[(2,), (1,)] == pytest.approx(means[2] - means[1])
    both = frame.groupby(["a", "b"])["y"].mean()
    interaction = next(effect for effect in grid.interactions if effect.levels == (2, "y"))
    step = both[2, "y"] - both[1, "y"] - (both[2, "x"] - both[1, "x"])
    assert interaction.estimate.mean == pytest.approx(step)
    assert len(grid.main_effects) == 4
    assert len(grid.interactions) == 2 + 2 + 1


def test_only_seeds_that_every_cell_has() -> None:
    cells = cells_of(given("factorial_2x2_seed_block")["rows"])
    del cells["sgd", "relu"][2]
    assert factorial_effects(FACTORS, cells).seeds == (0, 1, 3)
    cells["adam", "gelu"] = {}
    empty = factorial_effects(FACTORS, cells)
    assert (empty.seeds, empty.shares, empty.effects[0].estimate.mean) == ((), (), None)


def test_equal_runs_have_no_variance_to_share() -> None:
    cells = {cell: dict.fromkeys(range(3), 0.9) for cell in product(*FACTORS.values())}
    assert {share.share for share in factorial_effects(FACTORS, cells).shares} == {None}


def test_refuses_a_grid_with_a_hole_and_a_reference_that_is_no_level() -> None:
    cells = cells_of(given("factorial_2x2_seed_block")["rows"])
    with pytest.raises(ValueError, match="no level of optimizer"):
        factorial_effects(FACTORS, cells, {"optimizer": "lion"})
    del cells["adam", "relu"]
    with pytest.raises(ValueError, match="adam, relu"):
        factorial_effects(FACTORS, cells)


def test_a_seed_that_one_cell_lacks_is_left_out_of_effects_that_the_cell_has_no_part_in() -> None:
    cells = cells_of(large_rows())
    del cells[2, "x", False][3]
    found = factorial_effects(LARGE, cells).effects
    # The steps from 0 to 1 of the first factor compare none of its cells at 2.
    assert any(effect.factors == ("a",) and effect.levels == (1,) for effect in found)
    assert {tuple(effect.contrasts) for effect in found} == {(0, 1, 2)}


def test_the_slope_of_every_seed() -> None:
    rng = np.random.default_rng(1)
    doses, values = [0.0, 0.1, 0.3, 0.5], rng.normal(size=(4, 5))
    slopes = dose_slopes([(dose, dict(enumerate(row))) for dose, row in zip(doses, values, strict=True)])
    assert list(slopes.values()) == pytest.approx(np.polyfit(doses, values, 1)[0])
    assert dose_slopes([(0.1, {0: 1.0}), (0.1, {0: 2.0})]) == {}
