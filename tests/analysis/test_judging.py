"""What a sweep asked reaches the engine, and nothing else does: every value is put there by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.judging import Judged, arms_to_confirm, judge_all_pairs, judge_study, judge_sweep
from ablate.core.plans import PlannedSweep
from ablate.core.records import METRICS, StoredRun
from ablate.core.specs import Arm, Component, Sweep, SweepSpec, confirmation_runs
from ablate.verdicts.engine import ArmValues, judge_arms, judge_differences
from ablate.verdicts.verdict import Family, Flag, Scale, Word
from tests.synthetic import (
    EPOCHS,
    completed_run,
    completed_runs,
    diverged_run,
    dropout_sweep,
    failed_run,
    optimizer_sweep,
    plan_of,
    run_spec,
    with_weights,
)

MISSING, FAILED, DIVERGED = "missing", "failed", "diverged"
# A value of the validation loss, or what became of the run instead.
Outcome = float | str
NOISE = np.array([0.0, 0.004, -0.003, 0.001, -0.002])
OPTIMIZERS = {"sgd": 0.01, "adam": 0.001, "adamw": 0.001}
SWEEP = optimizer_sweep(5, OPTIMIZERS)
LOSSES = {
    "sgd": list(0.16 + NOISE + 0.0005 * NOISE[::-1]),
    "adam": list(0.10 + NOISE),
    "adamw": list(0.101 + NOISE + 0.2 * NOISE[::-1]),
}


def with_loss(run: StoredRun, value: float) -> StoredRun:
    return replace(run, arrays={**run.arrays, "history/val_loss": np.full(EPOCHS, value)})


def stored(sweep: Sweep, losses: Sequence[Sequence[Outcome]], first_seed: int = 0) -> dict[str, StoredRun]:
    """The runs of every arm, in the order of the design, on the seeds from `first_seed` on."""
    runs = {}
    for arm, outcomes in zip(sweep.arms, losses, strict=True):
        for seed, outcome in enumerate(outcomes, first_seed):
            spec = arm.spec.with_seed(seed)
            if outcome == FAILED:
                runs[spec.run_id] = failed_run(spec)
            elif outcome == DIVERGED:
                runs[spec.run_id] = diverged_run(spec)
            elif not isinstance(outcome, str):
                runs[spec.run_id] = with_loss(completed_run(spec), outcome)
    return runs


def judged(sweep: Sweep = SWEEP, losses: Sequence[Sequence[Outcome]] = tuple(LOSSES.values()), **fields: Any) -> Judged:
    asked = replace(sweep, spec=replace(sweep.spec, **fields))
    return judge_sweep(PlannedSweep.of(asked), stored(asked, losses))


def by_seed(values: Sequence[float]) -> dict[int, float]:
    return dict(enumerate(values))


# arms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked",
    [
        {"margin": 0.01},
        {"margin": None},
        {"margin": "10%"},
        {"margin": None, "scale": "log_error"},
        {"margin": "5%", "alpha": 0.01, "multiplicity": "joint"},
    ],
    ids=str,
)
def test_the_arms_are_judged_as_the_sweep_asks(asked: dict[str, Any]) -> None:
    arms = {f"optimizer={name}": ArmValues(by_seed(values), planned=range(5)) for name, values in LOSSES.items()}
    scale = Scale(asked["scale"]) if "scale" in asked else None
    expected = judge_arms(
        arms, "optimizer=adam", METRICS["val_loss"], n_examples=None, classes=10, **{**asked, "scale": scale}
    )
    found = judged(**asked).verdicts
    assert [row.subject for row in found] == ["optimizer=sgd", "optimizer=adamw"]
    assert found == expected


def test_what_became_of_the_runs_is_told_to_the_engine() -> None:
    sgd = [MISSING, DIVERGED, FAILED, *LOSSES["sgd"][3:]]
    (row, other) = judged(losses=[sgd, LOSSES["adam"], LOSSES["adamw"]]).verdicts
    assert (row.n, row.n_planned, row.n_diverged, row.n_diverged_reference) == (2, 5, 1, 0)
    assert {Flag.INCOMPLETE, Flag.DIVERGED, Flag.CRASHED_DROPPED} <= set(row.flags)
    assert (other.n, other.n_diverged) == (5, 0)
    reference = judged(losses=[LOSSES["sgd"], [DIVERGED, *LOSSES["adam"][1:]], LOSSES["adamw"]]).verdicts
    assert [each.n_diverged_reference for each in reference] == [1, 1]


def test_what_was_measured_before_a_divergence_is_no_value() -> None:
    runs = stored(SWEEP, list(LOSSES.values()))
    spec = SWEEP.arms[0].spec.with_seed(0)
    runs[spec.run_id] = diverged_run(spec)
    assert runs[spec.run_id].history["val_loss"].size
    assert 0 not in judge_sweep(PlannedSweep.of(SWEEP), runs).verdicts[0].differences


def test_runs_of_other_studies_change_nothing() -> None:
    runs = stored(SWEEP, list(LOSSES.values()))
    strangers = completed_runs(dropout_sweep((0.1, 0.3), seeds=5))
    planned = PlannedSweep.of(SWEEP)
    assert judge_sweep(planned, {**strangers, **runs}) == judge_sweep(planned, runs)
    assert judge_sweep(planned, strangers) == judge_sweep(planned, {})


@pytest.mark.parametrize("sweep", [SWEEP, dropout_sweep((0.0, 0.1, 0.3))], ids=["optimizers", "dropout"])
def test_a_sweep_of_which_nothing_ran_has_a_row_for_each_arm(sweep: Sweep) -> None:
    found = judge_sweep(PlannedSweep.of(sweep), {})
    assert [(row.word, row.n) for row in found.verdicts] == [(None, 0)] * (len(sweep.arms) - 1)
    assert found.selection is None


# claims ------------------------------------------------------------------------------------------------


def claims(*texts: str, **fields: Any) -> list[Word | None]:
    found = judged(claims=texts, **fields).claims
    assert [row.subject for row in found] == list(texts)
    assert {row.family for row in found} == {Family.CLAIMS}
    return [row.word for row in found]


def test_claims_are_judged_in_their_own_words() -> None:
    assert claims("sgd > adam on val_loss", "sgd < adam on val_loss", "adamw ~ adam on val_loss") == [
        Word.SUPPORTED,
        Word.REFUTED,
        Word.SUPPORTED,
    ]
    assert claims("sgd worse than adam on val_loss", "sgd not worse than adam on val_loss") == [
        Word.SUPPORTED,
        Word.REFUTED,
    ]


def test_a_claim_has_the_sweeps_margin_only_on_the_sweeps_metric() -> None:
    primary, other, own = judged(
        claims=("adamw ~ adam on val_loss", "adamw < adam on gap", "adamw ~ adam on val_loss within 0.0001")
    ).claims
    assert [row.margin for row in (primary, other, own)] == [0.01, None, 0.0001]
    assert own.word is not Word.SUPPORTED


@pytest.mark.parametrize(
    ("fields", "claim", "scale"),
    [
        ({"margin": "10%", "scale": "log_error"}, "adamw ~ adam on val_loss within 0.01", Scale.RAW),
        ({"margin": 0.01, "scale": "raw"}, "adamw ~ adam on val_loss within 10%", Scale.LOG_ERROR),
        ({"margin": None, "scale": "log_error"}, "adamw < adam on val_loss", Scale.LOG_ERROR),
    ],
    ids=str,
)
def test_a_margin_of_its_own_brings_its_scale(fields: dict[str, Any], claim: str, scale: Scale) -> None:
    (row,) = judged(claims=(claim,), **fields).claims
    assert row.scale is scale


def test_the_claims_share_their_errors_among_themselves_alone() -> None:
    several = judged(claims=("adamw < adam on val_loss", "sgd > adam on val_loss"))
    (alone,) = judged(claims=("adamw < adam on val_loss",)).claims
    assert alone.p_diff_adj == alone.p_diff
    assert several.claims[0].p_diff == alone.p_diff
    assert several.verdicts == judged().verdicts


def test_claims_have_the_sweeps_level_and_its_way_of_sharing_it() -> None:
    texts = ("sgd > adam on val_loss", "adamw < adam on val_loss")
    holm, joint = (judged(claims=texts, alpha=0.01, multiplicity=how).claims for how in ("holm", "joint"))
    assert {row.alpha for row in holm} == {0.01}
    assert sorted(row.alpha_i for row in holm) == pytest.approx([0.005, 0.01])
    assert [row.alpha_i for row in joint] == pytest.approx([0.005, 0.005])


def test_a_run_that_never_gets_there_is_behind_one_that_does() -> None:
    """sgd reaches 0.12 in no seed but two; those that do have the epoch of their history."""
    curves = np.linspace(1.0, 0.1, EPOCHS)
    runs = stored(SWEEP, list(LOSSES.values()))
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, claims=("adam < sgd on epochs_to(val_loss, 0.5)",)))
    for arm, lift in zip(SWEEP.arms, (0.3, 0.0, 0.0), strict=True):
        for seed in range(5):
            run = runs[arm.spec.with_seed(seed).run_id]
            values = curves + lift * (1 + 0.2 * seed)
            runs[run.spec.run_id] = replace(run, arrays={**run.arrays, "history/val_loss": values})
    expected = {}
    for seed in range(5):
        reached = [np.flatnonzero(curves + lift * (1 + 0.2 * seed) <= 0.5) for lift in (0.3, 0.0)]
        if len(reached[0]):
            expected[seed] = float(reached[1][0] - reached[0][0])
    assert 0 < len(expected) < 5
    (row,) = judge_sweep(PlannedSweep.of(sweep), runs).claims
    assert row.differences == expected
    assert (row.n, row.n_diverged, row.n_diverged_reference) == (5, 0, 0)
    assert (row.n_unreached, row.n_unreached_reference) == (0, 5 - len(expected))
    assert (row.as_claimed, row.p_diff) == (5, pytest.approx(stats.binomtest(5, 5).pvalue))
    assert (row.word, row.margin, row.ci_low) == (Word.NOT_RESOLVED, None, None)
    assert row.metric.name == "epochs_to(val_loss, 0.5)"


LOST_ONE = ([DIVERGED, *LOSSES["sgd"][1:]], LOSSES["adam"], LOSSES["adamw"])


def composite_p(worst: float) -> float:
    """Of sgd − adam, whose seed 0 diverged; the larger of the two p, which is that with the worst value."""
    sgd = np.array([worst, *LOSSES["sgd"][1:]])
    return float(stats.ttest_rel(sgd, LOSSES["adam"]).pvalue)


def test_a_diverged_run_counts_as_the_worst_that_the_sweep_states() -> None:
    # One class in ten: a run that has learnt nothing has the loss log 10, and nothing has to be stated.
    for fields, worst in (({}, np.log(10)), ({"worst": 50.0}, 50.0)):
        found = judged(losses=LOST_ONE, claims=("sgd > adam on val_loss",), **fields)
        first = next(row for row in found.verdicts if row.subject == "optimizer=sgd")
        assert (first.n, first.counted, first.losses) == (4, 5, 5)
        assert first.p_diff == pytest.approx(composite_p(worst))
        assert found.claims[0].p_diff == pytest.approx(composite_p(worst))
        assert found.claims[0].as_claimed == 5


def test_every_pair_and_every_confirmation_has_the_stated_worst_value() -> None:
    asked = replace(CONFIRMED, spec=replace(CONFIRMED.spec, worst=50.0))
    planned = PlannedSweep.of(asked)
    (row, _) = judge_all_pairs(planned, stored(asked, LOST_ONE), "optimizer=sgd")
    assert row.p_diff == pytest.approx(composite_p(50.0))
    adamw = [0.05, 0.051, 0.049, 0.052]
    fresh = stored(asked, [[0.2] * 4, [0.101, 0.1, DIVERGED, 0.102], adamw], first_seed=5)
    best = (LOSSES["sgd"], LOSSES["adam"], list(0.08 + NOISE))
    found = judge_sweep(planned, stored(asked, best) | fresh).selection
    against = next(row for row in found.confirmation if row.reference == "optimizer=adam")
    assert against.p_diff == pytest.approx(stats.ttest_rel(adamw, [0.101, 0.1, 50.0, 0.102]).pvalue)


def test_a_claim_about_another_quantity_does_not_take_the_worst_value_of_the_metric() -> None:
    found = judged(losses=LOST_ONE, worst=50.0, claims=("sgd > adam on gap", "sgd < adam on weight_std"))
    assert [row.word for row in found.claims] == [Word.NOT_RESOLVED, None], "no run has a weight_std"
    assert found.claims[0].qualifier.startswith("not judged: say the worst value (`--worst`)")


def test_two_runs_that_never_get_there_are_a_tie_and_none_has_diverged() -> None:
    (row,) = judged(claims=("adamw ~ adam on epochs_to(val_loss, 0.05) within 1",)).claims
    assert (row.n, row.ties, row.n_diverged, row.n_unreached, row.n_unreached_reference) == (5, 5, 0, 5, 5)
    assert row.word is Word.NOT_RESOLVED


def test_an_arm_that_never_gets_there_loses_every_pair() -> None:
    (row,) = judged(claims=("adam < sgd on epochs_to(val_loss, 0.15)",)).claims
    assert (row.n, row.n_diverged, row.n_diverged_reference, row.n_unreached_reference) == (5, 0, 0, 5)
    assert (row.word, row.as_claimed) == (Word.NOT_RESOLVED, 5)


@pytest.mark.parametrize(
    ("losses", "margin"), [(["mean_squared_error"] * 3, 0.5), (["mean_squared_error", "huber", "huber"], None)]
)
def test_the_loss_under_another_name_has_the_margin_of_the_metric(losses: list[str], margin: float | None) -> None:
    """`val_loss` is `val_mse` where every arm trains on it, and then a claim cannot say other than the arms."""
    sweep = optimizer_sweep(5, OPTIMIZERS, metric="val_mse", claims=("adamw < adam on val_loss",), margin=0.5)
    arms = tuple(
        replace(arm, spec=replace(arm.spec, loss=Component(f"ablate.training.losses.{loss}")))
        for arm, loss in zip(sweep.arms, losses, strict=True)
    )
    sweep = replace(sweep, arms=arms)
    runs = {}
    for (name, values), arm in zip(LOSSES.items(), arms, strict=True):
        assert arm.levels["optimizer"] == name
        for seed, value in enumerate(values):
            run = with_loss(completed_run(arm.spec.with_seed(seed)), value)
            runs[run.spec.run_id] = replace(run, arrays={**run.arrays, "history/val_mse": np.full(EPOCHS, value)})
    found = judge_sweep(PlannedSweep.of(sweep), runs)
    assert found.claims[0].margin == margin
    assert found.verdicts[1].word is Word.EQUIVALENT
    assert (found.claims[0].word is Word.NO_PRACTICAL_DIFFERENCE) is (margin is not None)
    other = replace(sweep, spec=replace(sweep.spec, claims=("adamw < adam on gap",)))
    assert judge_sweep(PlannedSweep.of(other), runs).claims[0].margin is None


def test_a_claim_about_weights_reads_the_kernels() -> None:
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, claims=("adamw < adam on weight_std",)))
    runs = stored(SWEEP, list(LOSSES.values()))
    stds = {"adam": 0.30 + NOISE, "adamw": 0.25 + NOISE[::-1]}
    for arm in SWEEP.arms[1:]:
        for seed in range(5):
            run_id = arm.spec.with_seed(seed).run_id
            runs[run_id] = with_weights(runs[run_id], stds[arm.levels["optimizer"]][seed])  # type: ignore[index]
    (row,) = judge_sweep(PlannedSweep.of(sweep), runs).claims
    assert row.differences == pytest.approx(by_seed(stds["adamw"] - stds["adam"]))
    assert (row.word, row.as_claimed, row.margin) == (Word.SUPPORTED, 5, None)
    assert row.p_diff == pytest.approx(stats.ttest_rel(stds["adamw"], stds["adam"]).pvalue)


def test_claims_that_nothing_was_stored_for_have_no_verdict() -> None:
    assert claims("adamw < adam on weight_std", "sgd > adam on val_loss", margin=0.01) == [
        None,
        Word.SUPPORTED,
    ]


# on the test split -------------------------------------------------------------------------------------


def test_the_test_split_has_numbers_and_no_words() -> None:
    rows = judged().on_test
    assert [row.subject for row in rows] == ["optimizer=sgd", "optimizer=adamw"]
    for row in rows:
        assert (row.family, row.word, row.metric.name) == (Family.EXPLORATORY, None, "test_accuracy")
        assert Flag.EXPLORATORY_METRIC in row.flags


def test_predictions_tell_whether_it_holds_for_fresh_examples() -> None:
    """The arms err on the same examples in every run, but for two in a hundred."""
    runs = stored(SWEEP, list(LOSSES.values()))
    rng = np.random.default_rng(3)
    for arm in SWEEP.arms:
        for seed in range(5):
            run = runs[arm.spec.with_seed(seed).run_id]
            labels = run.arrays["test/label"]
            right = np.arange(120) < (60 if arm.levels["optimizer"] == "sgd" else 110)
            right ^= rng.random(120) < 0.02
            arrays = {**run.arrays, "test/prediction": np.where(right, labels, (labels + 1) % 10)}
            record = replace(run.record, metrics={**run.record.metrics, "test_accuracy": float(right.mean())})
            runs[run.spec.run_id] = replace(run, arrays=arrays, record=record)
    sgd, adamw = judge_sweep(PlannedSweep.of(SWEEP), runs).on_test
    assert (sgd.holds_new_test, adamw.holds_new_test) == (True, False)
    assert sgd.se_twoway is not None
    assert sgd.sd is not None
    assert sgd.se_twoway > sgd.sd / 5**0.5
    bare = {run_id: replace(run, arrays={"test/label": run.arrays["test/label"]}) for run_id, run in runs.items()}
    assert judge_sweep(PlannedSweep.of(SWEEP), bare).on_test[0].holds_new_test is None


def test_without_classes_the_test_twin_of_the_metric_is_shown() -> None:
    runs = stored(SWEEP, list(LOSSES.values()))
    bare = {run_id: replace(run, arrays={}) for run_id, run in runs.items()}
    assert {row.metric.name for row in judge_sweep(PlannedSweep.of(SWEEP), bare).on_test} == {"test_loss"}


def test_a_sweep_about_the_test_split_shows_it_once() -> None:
    sweep = dropout_sweep()
    assert judge_sweep(PlannedSweep.of(sweep), completed_runs(sweep)).on_test == ()


# factors -----------------------------------------------------------------------------------------------


def rates_sweep(factor: str = "model.dropout", rates: Sequence[float] = (0.0, 0.1, 0.3), **fields: Any) -> Sweep:
    sweep = dropout_sweep(rates, seeds=5)
    arms = tuple(replace(arm, levels={factor: rate}) for arm, rate in zip(sweep.arms, rates, strict=True))
    spec = replace(sweep.spec, factors={factor: tuple(rates)}, baseline={factor: rates[0]}, metric="val_loss", **fields)
    return Sweep(spec, arms)


def test_a_numeric_factor_has_a_slope_for_every_seed() -> None:
    rates, slopes = np.array([0.0, 0.1, 0.3]), 0.5 + NOISE
    losses = 0.1 + NOISE[::-1] + rates[:, None] * slopes
    found = judged(rates_sweep(), losses.tolist())
    (row,) = found.effects
    assert (row.subject, row.family, row.word) == ("slope over model.dropout", Family.EXPLORATORY, None)
    assert row.differences == pytest.approx(by_seed(slopes))
    assert row.p_diff == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue)


def test_a_slope_is_on_the_scale_of_the_sweep() -> None:
    rates = np.array([0.0, 0.1, 0.3])
    losses = 0.1 * np.exp(0.7 * rates)[:, None] * (1 + NOISE)
    (row,) = judged(rates_sweep(margin="10%"), losses.tolist()).effects
    assert row.scale is Scale.LOG_ERROR
    assert row.differences == pytest.approx(dict.fromkeys(range(5), 0.7))


@pytest.mark.parametrize(
    ("sweep", "why"),
    [
        (SWEEP, "levels are names"),
        (dropout_sweep(seeds=5), "two levels have a difference, not a slope"),
        (rates_sweep("randomness.salt", (0, 1, 2)), "a salt is a name"),
        (rates_sweep("seed_parts.order", (0, 1, 2)), "so is the number of a part of the seed"),
        (rates_sweep("model.batch_norm", (False, True, 2)), "a truth is no number"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_factors_have_none(sweep: Sweep, why: str) -> None:
    assert judge_sweep(PlannedSweep.of(sweep), completed_runs(sweep)).effects == (), why


def test_several_factors_have_a_slope_each_over_the_arms_that_vary_it_alone() -> None:
    rates, sizes = (0.0, 0.1, 0.3), (16, 32, 64)
    pairs = [(rate, 16) for rate in rates] + [(0.0, size) for size in sizes[1:]]
    arms = tuple(
        Arm(f"{rate},{size}", {"rate": rate, "size": size}, not index, replace(run_spec(dropout=rate), salt=size))
        for index, (rate, size) in enumerate(pairs)
    )
    spec = SweepSpec("two", "?", {"rate": rates, "size": sizes}, "one_factor", arms[0].levels, tuple(range(5)),
                     "val_loss")  # fmt: skip
    losses = [list(0.1 + 0.2 * rate + 0.01 * size + NOISE) for rate, size in pairs]
    found = {row.subject: row.diff for row in judged(Sweep(spec, arms), losses).effects}
    assert found == pytest.approx({"slope over rate": 0.2, "slope over size": 0.01})


GRID = {"model.dropout": (0.0, 0.3), "optimizer.learning_rate": (0.001, 0.01, 0.1)}


def grid_sweep(keep: int = 6, **fields: Any) -> Sweep:
    arms = tuple(
        Arm(f"{rate},{step}", dict(zip(GRID, (rate, step), strict=True)), not index, run_spec("adam", step, 0, rate))
        for index, (rate, step) in enumerate(product(*GRID.values()))
    )
    spec = SweepSpec("grid", "?", GRID, "grid", arms[0].levels, tuple(range(5)), "val_loss", 0.01)
    return Sweep(replace(spec, **fields), arms[:keep])


def grid_losses() -> np.ndarray:
    """[dropout, learning rate, seed]"""
    rng = np.random.default_rng(0)
    effect = np.array([[0.0, 0.01, 0.02], [0.03, 0.05, 0.09]])
    return 0.1 + effect[..., None] + NOISE + 0.002 * rng.standard_normal((2, 3, 5))


def test_a_full_grid_has_effects_interactions_and_shares() -> None:
    """By hand with numpy: each contrast averages over the other factor within each seed."""
    values = grid_losses()
    found = judged(grid_sweep(), values.reshape(6, 5).tolist())
    assert found.grid is not None
    main = values[1].mean(axis=0) - values[0].mean(axis=0)
    crossed = (values[1, 2] - values[0, 2]) - (values[1, 0] - values[0, 0])
    rows = {row.subject: row for row in found.effects}
    assert len(rows) == 1 + 2 + 2
    assert all(row.word is None for row in rows.values())
    (dropout, *_), (*_, last) = found.grid.main_effects, found.grid.interactions
    assert dropout.differences == pytest.approx(by_seed(main))
    assert last.differences == pytest.approx(by_seed(crossed))
    assert "dropout" in dropout.subject
    assert "model" not in dropout.subject
    squares = ((values.mean(axis=(1, 2)) - values.mean()) ** 2).sum() * 15 / ((values - values.mean()) ** 2).sum()
    shares = {share.name: share.share for share in found.grid.shares}
    assert shares["dropout"] == pytest.approx(squares)
    assert sum(shares.values()) == pytest.approx(1)
    (table,) = found.grid.tables
    cell = table.cell("0.3", "0.1")
    assert cell is not None
    assert cell.estimate.mean == pytest.approx(values[1, 2].mean())


def test_effects_of_a_grid_are_against_the_baselines_levels() -> None:
    values = grid_losses()
    sweep = grid_sweep(baseline={"model.dropout": 0.3, "optimizer.learning_rate": 0.1})
    arms = tuple(replace(arm, is_baseline=arm.levels == sweep.spec.baseline) for arm in sweep.arms)
    found = judged(replace(sweep, arms=arms), values.reshape(6, 5).tolist())
    main = values[0].mean(axis=0) - values[1].mean(axis=0)
    assert found.effects[0].differences == pytest.approx(by_seed(main))


def test_effects_of_a_grid_are_ratios_where_the_margin_is_one() -> None:
    values = grid_losses()
    found = judged(grid_sweep(margin="10%"), values.reshape(6, 5).tolist())
    main = np.log(values[1]).mean(axis=0) - np.log(values[0]).mean(axis=0)
    assert found.effects[0].scale is Scale.LOG_ERROR
    assert found.effects[0].differences == pytest.approx(by_seed(main))


def test_effects_keep_the_scale_of_the_sweep_where_a_value_has_no_logarithm() -> None:
    values = grid_losses() - grid_losses().min()
    found = judged(grid_sweep(margin="10%"), values.reshape(6, 5).tolist())
    assert {row.scale for row in (*found.effects, *found.verdicts)} == {Scale.LOG_ERROR}
    assert {(row.n, row.n_planned, row.diff) for row in found.effects} == {(0, 5, None)}
    assert all(Flag.NOT_POSITIVE in row.flags for row in (*found.effects, found.verdicts[0]))
    assert found.grid is not None
    assert (found.grid.scale, found.grid.shares) == (Scale.LOG_ERROR, ())
    (table,) = found.grid.tables
    assert [(cell.first_level, cell.second_level) for cell in table.cells] == list(
        product(("0.0", "0.3"), ("0.001", "0.01", "0.1"))
    )[1:]


def test_one_scale_holds_for_all_that_a_grid_shows() -> None:
    """Shares and cells of a log sweep, by hand with numpy."""
    values = grid_losses()
    grid = judged(grid_sweep(margin="10%"), values.reshape(6, 5).tolist()).grid
    assert grid is not None
    logs = np.log(values)
    squares = ((logs.mean(axis=(1, 2)) - logs.mean()) ** 2).sum() * 15 / ((logs - logs.mean()) ** 2).sum()
    assert {share.name: share.share for share in grid.shares}["dropout"] == pytest.approx(squares)
    (table,) = grid.tables
    cell = table.cell("0.3", "0.1")
    assert cell is not None
    assert {grid.scale, table.scale} == {Scale.LOG_ERROR}
    assert cell.estimate.values == pytest.approx(values[1, 2])
    assert cell.estimate.mean == pytest.approx(stats.gmean(values[1, 2]))
    low, high = stats.ttest_1samp(logs[1, 2], 0).confidence_interval()
    assert (cell.estimate.ci_low, cell.estimate.ci_high) == pytest.approx((np.exp(low), np.exp(high)))


def two_by_two() -> tuple[Sweep, np.ndarray]:
    """Eight seeds, and losses [dropout, learning rate, seed] with an interaction."""
    factors = {"model.dropout": (0.0, 0.3), "optimizer.learning_rate": (0.001, 0.01)}
    arms = tuple(
        Arm(f"{rate},{step}", dict(zip(factors, (rate, step), strict=True)), not index, run_spec("adam", step, 0, rate))
        for index, (rate, step) in enumerate(product(*factors.values()))
    )
    spec = SweepSpec("grid", "?", factors, "grid", arms[0].levels, tuple(range(8)), "val_loss", 0.01)
    effect = np.array([[0.0, 0.02], [0.04, 0.11]])
    return Sweep(spec, arms), 0.2 + effect[..., None] + 0.003 * np.random.default_rng(1).standard_normal((2, 2, 8))


@pytest.mark.parametrize("margin", [0.01, "10%"])
def test_effects_of_a_grid_follow_the_rule_of_the_arms_where_runs_diverged(margin: float | str) -> None:
    """Four runs on three of eight seeds diverged. The oracle is scipy on contrasts by numpy: over the five seeds on
    which every cell trained, and over all eight with the loss of guessing among ten classes."""
    sweep, values = two_by_two()
    lost = [(1, 1, 2), (1, 1, 5), (1, 0, 5), (0, 1, 7)]
    outcomes: list[list[Outcome]] = values.reshape(4, 8).tolist()
    for first, second, seed in lost:
        outcomes[2 * first + second][seed] = DIVERGED
        values[first, second, seed] = np.log(10)
    logs = values if margin == 0.01 else np.log(values)
    trained = [0, 1, 3, 4, 6]
    contrasts = [
        logs[1].mean(axis=0) - logs[0].mean(axis=0),
        logs[:, 1].mean(axis=0) - logs[:, 0].mean(axis=0),
        logs[1, 1] - logs[0, 1] - logs[1, 0] + logs[0, 0],
    ]
    found = judged(sweep, outcomes, margin=margin)
    two_analyses = [(stats.ttest_1samp(each[trained], 0), stats.ttest_1samp(each, 0)) for each in contrasts]
    assert len(found.effects) == 3
    for row, contrast, (complete, composite) in zip(found.effects, contrasts, two_analyses, strict=True):
        assert (row.n, row.n_planned, row.n_diverged) == (5, 8, 4)
        assert row.differences == pytest.approx({seed: contrast[seed] for seed in trained})
        assert (row.word, row.qualifier) == (None, "diverged 4/32")
        assert Flag.DIVERGED in row.flags
        assert row.p_diff == pytest.approx(max(complete.pvalue, composite.pvalue))
        assert composite.pvalue > 100 * complete.pvalue
    # Five clean seeds would have shown each of them.
    assert all(row.p_diff_adj is not None and row.p_diff_adj > 0.05 for row in found.effects)


def test_planned_runs_that_an_effect_lacks_are_told() -> None:
    sweep, values = two_by_two()
    outcomes: list[list[Outcome]] = values.reshape(4, 8).tolist()
    outcomes[3][0], outcomes[2][1] = MISSING, FAILED
    for row in judged(sweep, outcomes).effects:
        assert (row.n, row.n_planned, row.n_diverged, row.qualifier) == (6, 8, 0, "")
        assert {Flag.INCOMPLETE, Flag.CRASHED_DROPPED} <= set(row.flags)
        assert Flag.DIVERGED not in row.flags


def test_a_slope_follows_the_rule_of_the_arms_where_runs_diverged() -> None:
    doses = np.array([0.1, 0.3, 0.5])
    losses = 0.3 + 0.2 * doses[:, None] + 0.003 * np.random.default_rng(2).standard_normal((3, 8))
    outcomes: list[list[Outcome]] = losses.tolist()
    outcomes[2][3], losses[2, 3] = DIVERGED, np.log(10)
    (row,) = judged(dropout_sweep(tuple(doses), seeds=8), outcomes, margin=0.05, metric="val_loss").slopes
    slopes = np.polyfit(doses, losses, 1)[0]
    trained = [seed for seed in range(8) if seed != 3]
    assert row.differences == pytest.approx({seed: slopes[seed] for seed in trained})
    assert (row.n, row.n_planned, row.n_diverged, row.qualifier) == (7, 8, 1, "diverged 1/24")
    assert row.p_diff == pytest.approx(stats.ttest_1samp(slopes, 0).pvalue)
    assert stats.ttest_1samp(slopes[trained], 0).pvalue < 1e-4 < row.p_diff


def test_a_grid_that_is_not_full_has_no_effects() -> None:
    assert judged(grid_sweep(keep=5), grid_losses().reshape(6, 5)[:5].tolist()).grid is None
    assert judged().grid is None


@pytest.mark.parametrize("outcome", [MISSING, FAILED, DIVERGED])
def test_a_cell_without_runs_leaves_the_effects_open(outcome: str) -> None:
    losses = [*grid_losses().reshape(6, 5).tolist()[:5], [outcome] * 5]
    found = judged(grid_sweep(), losses)
    assert {row.n for row in found.effects} == {0}
    assert found.grid is not None
    assert found.grid.shares == ()


# the selected arm --------------------------------------------------------------------------------------


def test_the_lowest_mean_is_selected() -> None:
    found = judged().selection
    assert found is not None
    assert (found.arm, found.runner_up, found.confirmation) == ("optimizer=adam", "optimizer=adamw", ())
    lower = judged(losses=[LOSSES["sgd"], LOSSES["adam"], list(np.array(LOSSES["adamw"]) - 0.02)]).selection
    assert lower is not None
    assert lower.arm == "optimizer=adamw"


def test_of_two_arms_none_is_selected() -> None:
    sweep = dropout_sweep()
    assert judge_sweep(PlannedSweep.of(sweep), completed_runs(sweep)).selection is None


CONFIRMED = replace(SWEEP, spec=replace(SWEEP.spec, confirm=4))
LOWER = {**LOSSES, "adamw": list(np.array(LOSSES["adamw"]) - 0.02)}


def test_nothing_is_confirmed_before_every_run_has_an_outcome() -> None:
    planned = PlannedSweep.of(CONFIRMED)
    assert arms_to_confirm(planned, {}) == ()
    for outcome in (MISSING, FAILED):
        losses = [[*LOWER["sgd"][:4], outcome], LOWER["adam"], LOWER["adamw"]]
        assert arms_to_confirm(planned, stored(CONFIRMED, losses)) == ()
    losses = [[*LOWER["sgd"][:4], DIVERGED], LOWER["adam"], LOWER["adamw"]]
    assert arms_to_confirm(planned, stored(CONFIRMED, losses)) == ("optimizer=adamw", "optimizer=adam")


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([0.05, 0.10, 0.07], ("optimizer=sgd", "optimizer=adam", "optimizer=adamw")),
        ([0.16, 0.10, 0.12], ("optimizer=adam", "optimizer=adamw")),
        ([0.16, 0.10, 0.05], ("optimizer=adamw", "optimizer=adam")),
    ],
)
def test_selected_baseline_and_runner_up_are_each_confirmed_once(losses: list[float], expected: tuple[str]) -> None:
    runs = stored(CONFIRMED, [[value] * 5 for value in losses])
    assert arms_to_confirm(PlannedSweep.of(CONFIRMED), runs) == expected
    assert arms_to_confirm(PlannedSweep.of(SWEEP), runs) == ()


def test_fresh_seeds_decide_and_those_that_selected_do_not() -> None:
    """adamw was selected by five seeds and loses on the four that had no part in it."""
    chosen = stored(CONFIRMED, list(LOWER.values()))
    fresh = [[MISSING] * 4, [0.10, 0.11, 0.09, 0.10], [0.131, 0.14, 0.122, 0.129]]
    runs = {**chosen, **stored(CONFIRMED, fresh, first_seed=5)}
    assert set(runs) - set(chosen) <= {run.run_id for run in confirmation_runs(CONFIRMED)}
    found = judge_sweep(PlannedSweep.of(CONFIRMED), runs)
    assert found.selection is not None
    assert found.selection.arm == "optimizer=adamw"
    assert not found.selection.is_confirmed
    (row,) = found.selection.confirmation
    alone = judge_differences([0.031, 0.03, 0.032, 0.029], 0.01, metric=METRICS["val_loss"])
    assert (row.word, row.reference, list(row.differences)) == (Word.WORSE, "optimizer=adam", [5, 6, 7, 8])
    assert row.p_diff == pytest.approx(alone.p_diff)
    assert found.verdicts == judge_sweep(PlannedSweep.of(SWEEP), chosen).verdicts
    assert row in found.rows


def test_a_selection_that_wins_again_is_confirmed() -> None:
    chosen = stored(CONFIRMED, [[0.05] * 5, [0.10] * 5, [0.07] * 5])
    fresh = [[0.05, 0.051, 0.049, 0.05], [0.10, 0.101, 0.102, 0.10], [0.07, 0.071, 0.07, 0.069]]
    partly = judge_sweep(PlannedSweep.of(CONFIRMED), {**chosen, **stored(CONFIRMED, [fresh[0], [], []], 5)}).selection
    wholly = judge_sweep(PlannedSweep.of(CONFIRMED), {**chosen, **stored(CONFIRMED, fresh, 5)}).selection
    assert partly is not None
    assert wholly is not None
    assert (partly.is_confirmed, wholly.is_confirmed) == (False, True)
    assert [row.reference for row in wholly.confirmation] == ["optimizer=adam", "optimizer=adamw"]


def test_the_rows_are_arms_claims_confirmation_effects_and_the_test_split() -> None:
    found = judged(claims=("sgd > adam on val_loss",))
    assert found.rows == (*found.verdicts, *found.claims, *found.effects, *found.on_test)
    families: Mapping[str, int] = {row.family.value: 0 for row in found.rows}
    assert list(families) == ["arms", "claims", "exploratory"]


# what was changed after there were results -------------------------------------------------------------

TWO_CLAIMS = ("sgd > adam on val_loss", "adamw < adam on val_loss")


def changed(event: str, items: Sequence[Any], **fields: Any) -> Judged:
    asked = replace(SWEEP, spec=replace(SWEEP.spec, **fields))
    runs = stored(asked, tuple(LOSSES.values()))
    return judge_sweep(PlannedSweep.of(asked), runs, [{"event": event, "optimizers": list(items)}])


@pytest.mark.parametrize(
    ("event", "seeds", "flag"),
    [("post_hoc_seeds", [3, 4], Flag.POST_HOC_SEEDS), ("withdrawn_seeds", [9], Flag.WITHDRAWN_SEEDS)],
)
def test_other_seeds_than_were_planned_leave_numbers_and_no_words(event: str, seeds: list[int], flag: Flag) -> None:
    found, planned = changed(event, seeds, claims=TWO_CLAIMS), judged(claims=TWO_CLAIMS)
    for row, before in zip((*found.verdicts, *found.claims), (*planned.verdicts, *planned.claims), strict=True):
        assert (row.family, row.word) == (Family.EXPLORATORY, None)
        assert flag in row.flags
        assert before.word is not None
        assert (row.p_diff_adj, row.ci_low, row.differences) == (before.p_diff_adj, before.ci_low, before.differences)
    returned = changed(event, [9] if flag is Flag.POST_HOC_SEEDS else [3, 4], claims=TWO_CLAIMS)
    assert returned == planned


def test_a_claim_that_was_added_takes_nothing_from_the_first_ones() -> None:
    first, later = changed("post_hoc_claims", TWO_CLAIMS[1:], claims=TWO_CLAIMS).claims
    (alone,) = judged(claims=TWO_CLAIMS[:1]).claims
    assert first == alone
    assert (later.subject, later.word) == (TWO_CLAIMS[1], None)
    assert Flag.POST_HOC_CLAIMS in later.flags


def test_a_claim_that_was_withdrawn_goes_on_counting() -> None:
    (row,) = changed("withdrawn_claims", TWO_CLAIMS[1:], claims=TWO_CLAIMS[:1]).claims
    (alone,) = judged(claims=TWO_CLAIMS[:1]).claims
    assert row.p_diff_adj is not None
    assert alone.p_diff_adj is not None
    assert row.p_diff_adj / alone.p_diff_adj == pytest.approx(2)
    assert row.word is alone.word


def test_a_confirmation_on_other_seeds_than_the_first_has_no_word() -> None:
    runs = stored(CONFIRMED, [[0.05] * 5, [0.10] * 5, [0.07] * 5])
    runs |= stored(CONFIRMED, [[0.05, 0.051, 0.049, 0.05], [0.10, 0.101, 0.102, 0.10], [0.07, 0.071, 0.07, 0.069]], 5)
    planned = PlannedSweep.of(CONFIRMED)
    for event, seeds, is_confirmed in (
        ("repeated_confirmation", [5, 6], False),
        ("repeated_confirmation", [5, 6, 7, 8], True),
        ("withdrawn_seeds", [8, 9], False),
    ):
        found = judge_sweep(planned, runs, [{"event": event, "optimizers": seeds}]).selection
        assert found is not None
        assert found.is_confirmed is is_confirmed
        flagged = {Flag.REPEATED_CONFIRMATION in row.flags for row in found.confirmation}
        assert flagged == {not is_confirmed}


def test_a_whole_study_shares_one_error() -> None:
    """Two sweeps of two arms each, two claims, a confirmation: eight questions, each at α / 8, and differences and
    equivalences alike."""
    first = replace(SWEEP, spec=replace(SWEEP.spec, claims=TWO_CLAIMS, multiplicity="study", confirm=4))
    second = replace(SWEEP, spec=replace(SWEEP.spec, name="again", multiplicity="study"))
    alone = replace(SWEEP, spec=replace(SWEEP.spec, name="alone"))
    runs = stored(SWEEP, tuple(LOSSES.values()))
    found = judge_study(plan_of(first, second, alone), runs)
    rows = [*found[0].verdicts, *found[0].claims, *found[1].verdicts]
    assert [row.alpha_i for row in rows] == pytest.approx([0.05 / 8] * 6)
    assert all(row.p_diff_adj == pytest.approx(min(1, 8 * (row.p_diff or 0))) for row in rows)
    assert all(row.p_tost_adj == pytest.approx(min(1, 8 * (row.p_tost or 0))) for row in rows if row.p_tost)
    assert found[2].verdicts == judged().verdicts


# splits of their own -----------------------------------------------------------------------------------


def with_splits(sweep: Sweep, arms: int | None = None) -> Sweep:
    """The sweep with a split of its own for every seed of its first arms; of all where no number is given."""
    made = [
        replace(arm, spec=replace(arm.spec, dataset=replace(arm.spec.dataset, split_seed=None)))
        if arms is None or place < arms
        else arm
        for place, arm in enumerate(sweep.arms)
    ]
    return replace(sweep, arms=tuple(made))


def test_seeds_with_splits_of_their_own_are_judged_with_the_corrected_variance() -> None:
    found, naive = judged(with_splits(SWEEP)), judged()
    # A tenth is held out to validate.
    wider = [(1 / 5 + 0.1 / 0.9) / (1 / 5)] * 2
    squares = [(row.ci_high - row.ci_low) ** 2 for row in found.verdicts]
    assert squares == pytest.approx(
        [each * (row.ci_high - row.ci_low) ** 2 for each, row in zip(wider, naive.verdicts, strict=True)]
    )
    assert all(Flag.RESPLITS in row.flags and row.word is not None for row in found.verdicts)
    assert not any(Flag.RESPLITS in row.flags for row in naive.rows)


@pytest.mark.parametrize("fields", [{"metric": "test_accuracy", "margin": 0.01}, {"metric": "gap"}])
def test_without_a_correction_splits_leave_numbers_and_no_words(fields: dict[str, Any]) -> None:
    for row in judged(with_splits(SWEEP), **fields).verdicts:
        assert (row.word, row.family) == (None, Family.EXPLORATORY)
        assert Flag.OTHER_SPLITS in row.flags
        assert row.holds_new_test is None


def test_an_arm_with_splits_of_its_own_is_compared_with_no_other() -> None:
    sgd, adamw = judged(
        with_splits(SWEEP, arms=1), claims=("sgd > adam on val_loss", "adamw ~ adam on val_loss")
    ).verdicts
    assert (sgd.word, adamw.word) == (None, Word.EQUIVALENT)


def test_claims_effects_and_confirmations_allow_for_splits_too() -> None:
    sweep = with_splits(
        replace(SWEEP, spec=replace(SWEEP.spec, claims=("sgd > adam on val_loss", "sgd > adam on gap")))
    )
    loss, gap = judge_sweep(PlannedSweep.of(sweep), stored(sweep, tuple(LOSSES.values()))).claims
    assert loss.word is Word.SUPPORTED
    assert Flag.RESPLITS in loss.flags
    assert gap.word is None
    rates = with_splits(rates_sweep())
    (slope,) = judge_sweep(PlannedSweep.of(rates), completed_runs(rates)).slopes
    assert Flag.OTHER_SPLITS in slope.flags


def test_an_arm_of_which_other_parts_vary_is_neither_better_nor_worse() -> None:
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, design="seed_parts", confirm=3))
    runs = stored(sweep, tuple(LOSSES.values()))
    assert judge_sweep(PlannedSweep.of(sweep), runs).rows == ()
    assert arms_to_confirm(PlannedSweep.of(sweep), runs) == ()
