"""For every flag of the engine one study that raises it, and one next to it that does not."""

import math

import numpy as np
import pytest

from ablate.core.records import METRICS, MetricInfo
from ablate.verdicts.engine import ArmValues, judge_arms, judge_differences
from ablate.verdicts.verdict import Flag, Verdict
from tests.core.test_metrics import BALANCED

ACCURACY, LOSS = METRICS["test_accuracy"], METRICS["val_loss"]
BASE = np.array([0.970, 0.972, 0.969, 0.974, 0.971, 0.968])


def verdict_of(
    arm: ArmValues | np.ndarray,
    base: ArmValues | np.ndarray = BASE,
    metric: MetricInfo = ACCURACY,
    others: int = 0,
    **more: object,
) -> Verdict:
    sides = [
        side if isinstance(side, ArmValues) else ArmValues(dict(enumerate(map(float, side)))) for side in (arm, base)
    ]
    arms = {"base": sides[1], "arm": sides[0], **{f"other {index}": sides[0] for index in range(others)}}
    return judge_arms(arms, "base", metric, **{"margin": 0.002, **more})[0]


def differing(*differences: float) -> np.ndarray:
    return BASE[: len(differences)] + np.array(differences)


USUAL = (0.004, 0.006, 0.005, 0.0055, 0.0045, 0.003)
SEEDS = range(6)


def arm_with(lost: dict, values: np.ndarray | None = None) -> ArmValues:
    found = dict(enumerate(differing(*USUAL) if values is None else values))
    gone = {seed for seeds in lost.values() for seed in seeds}
    return ArmValues({seed: value for seed, value in found.items() if seed not in gone}, planned=SEEDS, **lost)


CASES = {
    Flag.SINGLE_SEED: (verdict_of(differing(0.004)), verdict_of(differing(0.004, 0.005))),
    Flag.TWO_SEEDS: (verdict_of(differing(0.004, 0.005)), verdict_of(differing(0.004, 0.005, 0.006))),
    Flag.FEW_SEEDS: (verdict_of(differing(*USUAL[:4])), verdict_of(differing(*USUAL[:5]))),
    Flag.UNEQUAL_SEEDS: (verdict_of(differing(*USUAL[:5])), verdict_of(arm_with({"failed": [5]}), BASE)),
    Flag.INCOMPLETE: (
        verdict_of(ArmValues(dict(enumerate(differing(*USUAL[:5]))), planned=SEEDS)),
        verdict_of(arm_with({"failed": [5]})),
    ),
    Flag.NO_MARGIN: (verdict_of(differing(*USUAL), margin=None), verdict_of(differing(*USUAL))),
    # √(0.0293/(2 · 1000)) = 0.0038
    Flag.MARGIN_UNDER_NOISE: (
        verdict_of(differing(*USUAL), margin=0.003, n_examples=1000),
        verdict_of(differing(*USUAL), margin=0.004, n_examples=1000),
    ),
    # 2.46 % errors: 24.6 of 1000, 49 of 2000
    Flag.CEILING: (
        verdict_of(differing(*USUAL), n_examples=1000),
        verdict_of(differing(*USUAL), n_examples=2000),
    ),
    # chance 0.1 ± 2 · 0.03/√… : 0.119 for 1000 examples
    Flag.CHANCE_LEVEL: (
        verdict_of(np.array([0.97, 0.11, 0.96, 0.97]), classes=10, n_examples=1000),
        verdict_of(np.array([0.97, 0.13, 0.96, 0.97]), classes=10, n_examples=1000),
    ),
    Flag.DIVERGED: (verdict_of(arm_with({"diverged": [3]})), verdict_of(arm_with({"failed": [3]}))),
    Flag.CRASHED_DROPPED: (verdict_of(arm_with({"failed": [3]})), verdict_of(arm_with({"diverged": [3]}))),
    # 2.48 for four arms on five seeds, 1.7 on seven
    Flag.MANY_ARMS: (
        verdict_of(differing(*USUAL[:5]), others=3),
        verdict_of(np.append(differing(*USUAL), 0.9745), np.append(BASE, 0.97), others=3),
    ),
    Flag.PAIRING_USELESS: (verdict_of(2 * 0.971 - BASE), verdict_of(differing(*USUAL))),
    Flag.TEST_DISAGREE: (
        judge_differences([0.4, 0.1, 0.3, 0.25, 0.6, -0.05]),
        judge_differences([0.4, 0.1, 0.3, 0.25, 0.6, 0.05]),
    ),
    Flag.OUTLIER_SEED: (
        judge_differences([0.1, 0.11, 0.12, 0.13, 0.9]),
        judge_differences([0.1, 0.11, 0.12, 0.13, 0.16]),
    ),
    Flag.VARIANCE_FLOOR: (
        verdict_of(differing(*[0.004] * 6), n_examples=1000),
        verdict_of(differing(*USUAL), n_examples=1000),
    ),
    Flag.IDENTICAL_RUNS: (verdict_of(BASE), verdict_of(differing(0, 0, 0, 0, 0, 0.001))),
    Flag.RESPLITS: (verdict_of(differing(*USUAL), test_to_train=0.25), verdict_of(differing(*USUAL))),
    Flag.NOT_POSITIVE: (
        verdict_of(np.array([1.0, 0.99, 0.98]), margin="10%"),
        verdict_of(np.array([1.0, 0.99, 0.98]), margin="10%", n_examples=100),
    ),
}


@pytest.mark.parametrize("flag", CASES, ids=str)
def test_raised_where_it_holds_and_only_there(flag: Flag) -> None:
    raised, quiet = CASES[flag]
    assert flag in raised.flags
    assert flag not in quiet.flags


@pytest.mark.parametrize("others", [0, 1, 2])
@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_few_comparisons_are_not_many(others: int, seeds: int) -> None:
    """Three seeds see no effect below three sds of a single arm: that is said of the seeds."""
    flags = verdict_of(differing(*USUAL[:seeds]), BASE[:seeds], others=others).flags
    assert Flag.MANY_ARMS not in flags
    assert {Flag.TWO_SEEDS, Flag.FEW_SEEDS} & set(flags) or seeds == 5


def test_a_sound_study_raises_none() -> None:
    assert verdict_of(differing(*USUAL), n_examples=10_000, classes=10, margin=0.002).flags == ()


def test_flags_stand_in_the_order_of_their_list() -> None:
    flags = verdict_of(arm_with({"diverged": [3, 4]}), margin=None, others=20).flags
    assert list(flags) == sorted(flags, key=list(Flag).index)
    assert len(flags) > 2


def test_differences_of_a_few_examples_are_at_the_ceiling_too() -> None:
    few = BASE + np.array([1, -2, 1, 0, 2, -1]) / 10_000
    assert Flag.CEILING in verdict_of(few, n_examples=10_000).flags
    few[0] += 3 / 10_000
    assert Flag.CEILING not in verdict_of(few, n_examples=10_000).flags


def test_crashes_that_leave_two_pairs_make_it_incomplete() -> None:
    verdict = verdict_of(arm_with({"failed": [0, 1, 2, 3]}))
    assert {Flag.INCOMPLETE, Flag.CRASHED_DROPPED, Flag.TWO_SEEDS} <= set(verdict.flags)
    assert verdict.qualifier == "two seeds; 2 of 6 planned"


def test_the_floor_of_a_relative_margin_is_relative() -> None:
    """√(0.0293/2000) = 0.0038 is 13 % of 0.0293."""
    assert Flag.MARGIN_UNDER_NOISE in verdict_of(differing(*USUAL), margin="10%", n_examples=1000).flags
    assert Flag.MARGIN_UNDER_NOISE not in verdict_of(differing(*USUAL), margin="15%", n_examples=1000).flags


def test_chance_and_floors_are_for_accuracies_alone() -> None:
    losses = verdict_of(-np.log(differing(*USUAL)), -np.log(BASE), LOSS, classes=10, n_examples=100, margin=1e-6)
    assert not {Flag.CHANCE_LEVEL, Flag.CEILING, Flag.MARGIN_UNDER_NOISE} & set(losses.flags)


def test_one_seed_apart_from_equal_ones_is_an_outlier_unless_by_a_step() -> None:
    assert Flag.OUTLIER_SEED in judge_differences([0.0, 0.0, 0.0, 0.0, 0.5]).flags
    quantised = verdict_of(differing(0, 0, 0, 0, 0.001, 0), n_examples=1000)
    assert Flag.OUTLIER_SEED not in quantised.flags
    assert math.isclose(quantised.differences[4], 0.001)


def test_the_floor_of_the_spread_is_relative_on_the_log_scale() -> None:
    """3 % errors in steps of 1/1000: no log ratio is known better than to 1/(1000 √12 · 0.03)."""
    arms = {"base": ArmValues(dict.fromkeys(range(4), 0.97)), "arm": ArmValues(dict.fromkeys(range(4), 0.976))}
    (verdict,) = judge_arms(arms, "base", ACCURACY, margin="10%", n_examples=1000)
    assert verdict.sd == pytest.approx(1 / (1000 * math.sqrt(12) * 0.03))
    assert Flag.VARIANCE_FLOOR in verdict.flags


def test_a_balanced_accuracy_has_no_floor_and_no_flags_of_a_share_of_examples() -> None:
    """The same values, of an accuracy and of a mean over classes: only the first is a count of examples."""
    values = {seed: 0.999 - 0.0001 * (seed % 3) for seed in range(8)}
    lower = {seed: value - 0.0002 - 0.00001 * (seed % 2) for seed, value in values.items()}
    arms = {"base": ArmValues(values), "other": ArmValues(lower)}
    asked = {"margin": 0.0005, "n_examples": 360, "classes": 10}
    (counted,) = judge_arms(arms, "base", ACCURACY, **asked)
    (balanced,) = judge_arms(arms, "base", BALANCED.info, **asked)
    of_examples = {Flag.CEILING, Flag.MARGIN_UNDER_NOISE, Flag.VARIANCE_FLOOR}
    assert of_examples <= set(counted.flags)
    assert not {Flag.CEILING, Flag.MARGIN_UNDER_NOISE} & set(balanced.flags)
    # Of values that move in no steps there is no spread that rounding alone would give.
    assert balanced.ci_high - balanced.ci_low < counted.ci_high - counted.ci_low
