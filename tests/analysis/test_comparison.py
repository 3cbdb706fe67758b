from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.comparison import Disagreement, NoSuchArm, Scope, Side, compare, mismatches, sides_of_study
from ablate.analysis.judging import judge_sweep
from ablate.analysis.values import column_info, value_in
from ablate.core.records import StoredRun
from ablate.core.specs import Numerics
from ablate.verdicts.verdict import Flag
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


# what the error rate covers ----------------------------------------------------------------------------


def arms(*levels: str) -> list[Side]:
    return [side for level in levels for side in sides_of_study(PLAN, RUNS, level)]


def test_the_studys_baseline_comes_first_and_its_rows_are_the_studys() -> None:
    found = compare(arms("sgd", "adam"))
    assert found.labels == ("optimizers:optimizer=adam", "optimizers:optimizer=sgd")
    own = judge_sweep(PLAN.sweeps[0], RUNS).verdicts[0]
    assert found.scope is Scope.STUDY
    assert found.questions == len(SWEEP.arms) - 1
    assert found.verdicts == (replace(own, subject=found.labels[1], arm=found.labels[1], reference=found.labels[0]),)


def test_another_pair_is_adjusted_for_all_pairs() -> None:
    (row,) = (found := compare(arms("sgd", "rmsprop"))).verdicts
    assert (found.scope, found.questions) == (Scope.PAIRS, 15)
    column = column_info(SWEEP.spec.metric)
    losses = {
        arm.name: np.array([value_in(column.name)(RUNS[arm.spec.with_seed(seed).run_id]) for seed in range(3)])
        for arm in SWEEP.arms
    }
    p_values = [stats.ttest_rel(losses[one], losses[other]).pvalue for one, other in combinations(losses, 2)]
    mine = stats.ttest_rel(losses["optimizer=sgd"], losses["optimizer=rmsprop"]).pvalue
    smaller = sorted(p_values)
    holm = max(min(1.0, (15 - rank) * p) for rank, p in enumerate(smaller) if p <= mine * (1 + 1e-9))
    assert row.p_diff == pytest.approx(mine)
    assert row.p_diff_adj == pytest.approx(holm)


def test_across_studies_and_runs_nothing_is_bounded() -> None:
    other = sides_of_study(replace(PLAN, name="other"), RUNS, "adam")
    for sides in ([*arms("sgd"), *other], [*arms("sgd"), side("one", completed_run(run_spec()))]):
        found = compare(sides)
        assert found.scope is Scope.EXPLORATORY
        assert [row.word for row in found.verdicts] == [None]


def test_arms_of_two_sweeps_that_share_a_baseline_are_compared_in_the_one_that_has_both() -> None:
    first = dropout_sweep()
    last = first.arms[-1]
    second = replace(
        first,
        spec=replace(first.spec, name="again"),
        arms=(first.arms[0], replace(last, name="other", spec=replace(last.spec, salt=3))),
    )
    plan, runs = plan_of(first, second), completed_runs(first, second)
    sides = [*sides_of_study(plan, runs, "other"), *sides_of_study(plan, runs, first.arms[0].name)]
    found = compare(sides)
    assert (found.scope, found.questions) == (Scope.STUDY, 1)


def test_seeds_that_were_added_after_a_look_leave_no_word_here_either() -> None:
    events = ({"event": "post_hoc_seeds", "optimizers": [2]},)
    for pair in (("adam", "sgd"), ("sgd", "rmsprop")):
        (row,) = compare([side for level in pair for side in sides_of_study(PLAN, RUNS, level, events)]).verdicts
        assert row.word is None
        assert Flag.POST_HOC_SEEDS in row.flags


def test_arms_that_differ_in_what_of_the_seed_varies_have_numbers_and_no_words() -> None:
    about_noise = plan_of(replace(SWEEP, spec=replace(SWEEP.spec, design="seed_parts")))
    for first, second in (("adam", "sgd"), ("sgd", "nadam")):
        sides = [side for level in (first, second) for side in sides_of_study(about_noise, RUNS, level)]
        found = compare(sides)
        assert found.scope is Scope.EXPLORATORY
        assert [row.word for row in found.verdicts] == [None]


def test_seeds_with_splits_of_their_own_are_flagged_where_no_study_compares_them() -> None:
    def runs(optimizer: str, resplits: bool) -> list[StoredRun]:
        spec = run_spec(optimizer)
        own = replace(spec, dataset=replace(spec.dataset, split_seed=None)) if resplits else spec
        return [completed_run(own.with_seed(seed)) for seed in range(4)]

    for resplits in (True, False):
        found = compare([side("a", *runs("adam", resplits)), side("b", *runs("sgd", resplits))])
        assert [Flag.OTHER_SPLITS in row.flags for row in found.verdicts] == [resplits]


def test_seeds_that_draw_their_own_split_share_it_with_equal_seeds() -> None:
    def runs(optimizer: str, shift: int = 0) -> list[StoredRun]:
        spec = run_spec(optimizer)
        return [
            completed_run(replace(spec, seed=seed, dataset=replace(spec.dataset, split_seed=seed + shift)))
            for seed in range(3)
        ]

    assert mismatches([side("a", *runs("adam")), side("b", *runs("sgd"))]) == ()
    (apart,) = mismatches([side("a", *runs("adam")), side("b", *runs("sgd", shift=1))])
    assert apart.aspect == "split"
