from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.comparison import Disagreement, NoSuchArm, Side, compare, sides_of_study
from ablate.core.records import StoredRun
from ablate.core.specs import Numerics
from tests.synthetic import completed_run, completed_runs, dropout_sweep, optimizer_sweep, plan_of, run_spec

SWEEP = optimizer_sweep(seeds=3)
PLAN = plan_of(SWEEP)
RUNS = completed_runs(SWEEP)


def side(label: str, *runs: StoredRun) -> Side:
    return Side(label, runs)


def test_an_arm_is_found_by_name_and_by_level() -> None:
    for level in ("optimizer=adam", "adam"):
        (found,) = sides_of_study(PLAN, RUNS, level)
        assert found.label == "optimizers:optimizer=adam"
        assert [run.spec.seed for run in found.runs] == [0, 1, 2]


def test_a_whole_study_is_a_side_for_each_arm() -> None:
    assert [each.label for each in sides_of_study(PLAN, RUNS)] == [f"optimizers:{arm.name}" for arm in SWEEP.arms]


def test_a_level_that_names_no_arm_lists_those_that_exist() -> None:
    with pytest.raises(NoSuchArm, match=r"optimizers:lion names no arm; there are optimizer=sgd, optimizer=momentum"):
        sides_of_study(PLAN, RUNS, "lion")


def test_a_level_of_two_arms_is_ambiguous() -> None:
    plan = plan_of(SWEEP, replace(SWEEP, spec=replace(SWEEP.spec, name="again"), arms=tuple(
        replace(arm, name=f"{arm.name},x", spec=replace(arm.spec, salt=1)) for arm in SWEEP.arms
    )))  # fmt: skip
    with pytest.raises(NoSuchArm, match=r"several arms; it could be optimizer=adam, optimizer=adam,x"):
        sides_of_study(plan, RUNS, "adam")


def test_an_arm_without_runs_is_no_side() -> None:
    with pytest.raises(NoSuchArm, match="no stored run yet"):
        sides_of_study(PLAN, {}, "adam")


def test_a_baseline_that_two_sweeps_share_is_one_arm() -> None:
    rates = dropout_sweep()
    plan = plan_of(rates, replace(rates, spec=replace(rates.spec, name="again")))
    assert len(sides_of_study(plan, completed_runs(rates), "dropout=0.0")) == 1


def test_equal_settings_are_hidden() -> None:
    comparison = compare([*sides_of_study(PLAN, RUNS, "adam"), *sides_of_study(PLAN, RUNS, "sgd")])
    assert [(setting.name, setting.values) for setting in comparison.settings] == [
        ("optimizer", ("keras.optimizers.adam", "keras.optimizers.sgd")),
        ("optimizer.learning_rate", ("0.001", "0.01")),
    ]
    assert comparison.are_comparable


def test_metrics_are_paired_with_the_first_side() -> None:
    comparison = compare([*sides_of_study(PLAN, RUNS, "adam"), *sides_of_study(PLAN, RUNS, "sgd")])
    metric = next(each for each in comparison.metrics if each.metric.name == "test_loss")
    first, second = ([RUNS[SWEEP.arms[arm].spec.with_seed(seed).run_id] for seed in range(3)] for arm in (3, 0))
    expected = [
        b.record.metrics["test_loss"] - a.record.metrics["test_loss"] for a, b in zip(first, second, strict=True)
    ]
    assert metric.differences[0] is None
    assert metric.differences[1] is not None
    assert metric.differences[1].values == pytest.approx(expected)


@pytest.mark.parametrize(
    ("aspect", "change"),
    [
        ("data", lambda spec: replace(spec, dataset=replace(spec.dataset, digest="e2" * 32))),
        ("split", lambda spec: replace(spec, dataset=replace(spec.dataset, split_seed=7))),
        ("metric", lambda spec: replace(spec, loss=replace(spec.loss, target="ablate.training.losses.other"))),
        ("numerics", lambda spec: replace(spec, numerics=Numerics("gpu", "xla", 1))),
        ("numerics", lambda spec: replace(spec, precision="mixed_bfloat16")),
    ],
)
def test_what_makes_sides_incomparable_is_named(aspect, change) -> None:
    comparison = compare([side("a", completed_run(run_spec())), side("b", completed_run(change(run_spec())))])
    assert [mismatch.aspect for mismatch in comparison.mismatches] == [aspect]
    assert len(set(comparison.mismatches[0].values)) == 2


def test_a_side_that_is_mixed_in_itself_is_incomparable() -> None:
    mixed = side("m", completed_run(run_spec(seed=0)), completed_run(replace(run_spec(seed=1), precision="float16")))
    assert not compare([mixed, mixed]).are_comparable


def test_disagreements_are_between_runs_of_the_same_seed() -> None:
    sides = [side("a", *(completed_run(run_spec(seed=seed), 0.5) for seed in (1, 2))),
             side("b", *(completed_run(run_spec("sgd", seed=seed), 0.5) for seed in (2, 3)))]  # fmt: skip
    found = compare(sides).disagreements
    assert found is not None
    assert found.seeds == (2, 2)
    a, b = sides[0].runs[1].arrays, sides[1].runs[0].arrays
    differing = [i for i in range(120) if a["test/prediction"][i] != b["test/prediction"][i]]
    assert [example.index for example in found.examples] == differing
    i = differing[0]
    assert found.examples[0] == Disagreement(
        i,
        int(a["test/label"][i]),
        (int(a["test/prediction"][i]), int(b["test/prediction"][i])),
        (float(a["test/probability"][i]), float(b["test/probability"][i])),
    )


def test_other_test_examples_give_no_disagreements() -> None:
    one, other = completed_run(run_spec()), completed_run(run_spec(seed=1))
    moved = replace(other, arrays={**other.arrays, "test/label": np.roll(other.arrays["test/label"], 1)})
    assert compare([side("a", one), side("b", moved)]).disagreements is None


def test_a_side_holds_each_seed_once() -> None:
    run = completed_run(run_spec())
    with pytest.raises(ValueError, match="each of another seed"):
        side("twice", run, run)


def test_one_side_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="two sides"):
        compare([side("alone", completed_run(run_spec()))])
