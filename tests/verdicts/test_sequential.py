import math

import numpy as np
import pytest
from scipy import integrate, stats

from ablate.verdicts.sequential import SequentialPlan, e_process, e_value, sequential_analysis
from ablate.verdicts.verdict import Word
from tests.analysis.stats_cases import expected, given

PLAN = SequentialPlan()
CASE = expected("sequential")


def test_boundaries() -> None:
    data = given("sequential")
    assert (list(PLAN.looks), list(PLAN.weights), PLAN.alpha) == (data["looks"], data["weights"], data["alpha"])
    assert PLAN.alphas == pytest.approx(tuple(CASE["alpha_k"]))
    assert PLAN.critical_t() == pytest.approx(tuple(CASE["t_crit"]))
    assert PLAN.critical_t(8) == pytest.approx(tuple(CASE["t_crit_m8"]))


def test_the_e_value_agrees_with_a_numerical_integral() -> None:
    assert e_value(4.0, 5) == pytest.approx(CASE["evalue_n5_t4_g1"])
    assert e_value(4.0, 5) == pytest.approx(CASE["evalue_check_quadrature"])

    def integrand(effect: float) -> float:
        return stats.nct.pdf(2.2, 7, effect * math.sqrt(8)) * stats.norm.pdf(effect, 0, math.sqrt(0.5))

    oracle = integrate.quad(integrand, -8, 8)[0] / stats.t.pdf(2.2, 7)
    assert e_value(2.2, 8, g=0.5) == pytest.approx(oracle, rel=1e-6)


def test_the_process_is_the_e_value_of_every_prefix() -> None:
    data = np.random.default_rng(0).normal(0.5, 1, 9)
    process = e_process(data)
    assert process[0] == 1.0
    for n in range(2, 10):
        assert process[n - 1] == pytest.approx(e_value(stats.ttest_1samp(data[:n], 0).statistic, n))


def test_an_e_value_of_nothing_or_of_very_much_is_a_number() -> None:
    assert e_process([]) == ()
    assert e_process([0.3, 0.3, 0.3]) == (1.0, 1.0, 1.0)
    assert e_process([0.0, 0.0]) == (1.0, 1.0)
    assert math.isfinite(e_value(1e200, 500))
    assert e_value(3.0, 1) == 1.0


def study(*effects: float, n: int = 20, sd: float = 1.0, seed: int = 0) -> dict[str, dict[int, float]]:
    rng = np.random.default_rng(seed)
    return {f"arm {index}": dict(enumerate(rng.normal(effect, sd, n))) for index, effect in enumerate(effects)}


def run(differences: dict[str, dict[int, float]], **more: object):
    return sequential_analysis(differences, range(20), more.pop("plan", PLAN), **more)


def test_a_clear_arm_stops_early_and_is_left_alone_afterwards() -> None:
    result = run(study(8.0, 0.0))
    clear, null = result.arms.values()
    assert (clear.word, clear.is_open) == (Word.BETTER, False)
    assert clear.n < 20
    assert clear.qualifier == f"stopped early at n={clear.n}"
    assert (null.word, null.n, null.is_open) == (Word.INCONCLUSIVE, 20, False)
    assert null.qualifier == "at the last look, 20 seeds"
    assert (result.look, result.next_n) == (5, None)


def test_the_interval_is_that_of_the_level_in_force() -> None:
    differences = study(8.0, 0.0)
    clear, null = run(differences).arms.values()
    alpha = PLAN.alphas[PLAN.looks.index(clear.n)]
    assert clear.alpha_i == pytest.approx(alpha / 2)
    assert null.alpha_i == pytest.approx(PLAN.alphas[-1])  # one of two rejected, so the divisor is 1
    data = [differences["arm 0"][seed] for seed in range(clear.n)]
    oracle = stats.ttest_1samp(data, 0).confidence_interval(1 - alpha / 2)
    assert (clear.ci_low, clear.ci_high) == pytest.approx(tuple(oracle))
    assert clear.ci_low > 0


def test_joint_never_loosens_its_level() -> None:
    plan = SequentialPlan(multiplicity="joint")
    for arm in run(study(8.0, 0.0), plan=plan).arms.values():
        assert arm.alpha_i == pytest.approx(plan.alphas[plan.looks.index(arm.n)] / 2)


def test_a_small_difference_stops_as_equivalent() -> None:
    arm = run(study(0.0, sd=0.1), margin=1.0).arms["arm 0"]
    assert (arm.word, arm.is_open) == (Word.EQUIVALENT, False)
    assert arm.n < 20


def test_an_arm_whose_runs_are_the_baselines_is_identical_at_the_first_look() -> None:
    differences = {**study(0.3), "no-op": dict.fromkeys(range(20), 0.0)}
    found = run(differences, same_runs={"no-op": range(20)}).arms["no-op"]
    assert (found.word, found.n, found.is_open) == (Word.IDENTICAL, 3, False)
    assert found.qualifier == "the same on every seed; stopped early at n=3"
    # Of equal numbers alone, or of one seed less, it is not known.
    for known in ({}, {"no-op": range(1, 20)}):
        found = run(differences, same_runs=known).arms["no-op"]
        assert (found.word, found.n) == (Word.NO_DIFFERENCE_SEEN, 20)
    # It takes nothing from the level of the others, and gives them nothing.
    others = [run(differences, same_runs=known).arms["arm 0"] for known in ({}, {"no-op": range(20)})]
    assert others[0] == others[1]


def test_it_says_what_seeds_the_next_look_needs() -> None:
    start = run({"a": {}, "b": {}})
    assert (start.look, start.next_n) == (0, 3)
    assert all(arm.is_open and arm.n == 0 for arm in start.arms.values())
    third = run({name: dict(list(data.items())[:3]) for name, data in study(0.0, 0.1).items()})
    assert (third.look, third.next_n) == (1, 5)


def test_a_resumed_study_decides_as_an_uninterrupted_one() -> None:
    """An arm that stopped needs no further seeds, and further seeds of it change nothing."""
    differences = study(8.0, 0.3)
    whole = run(differences)
    stopped = whole.arms["arm 0"].n
    differences["arm 0"] = {seed: value for seed, value in differences["arm 0"].items() if seed < stopped}
    assert run(differences) == whole


def test_smaller_may_be_better() -> None:
    better, worse = run(study(-8.0), sign=-1).arms["arm 0"], run(study(-8.0)).arms["arm 0"]
    assert (better.word, worse.word) == (Word.BETTER, Word.WORSE)
    assert (better.ci_low, better.ci_high, better.mean) == pytest.approx((worse.ci_low, worse.ci_high, worse.mean))


def test_an_arm_that_diverged_is_not_decided_early() -> None:
    differences = study(8.0)
    differences["arm 0"][1] = math.nan
    arm = run(differences).arms["arm 0"]
    assert (arm.word, arm.n) == (Word.INCONCLUSIVE, 19)


@pytest.mark.parametrize(
    "wrong",
    [
        {"looks": ()},
        {"looks": (2, 5, 8, 12, 20)},
        {"looks": (3, 5, 5, 12, 20)},
        {"weights": (0.5, 0.5)},
        {"weights": (0.05, 0.10, 0.15, 0.25, 0.5)},
        {"multiplicity": "none"},
    ],
    ids=str,
)
def test_refuses_a_plan_that_is_none(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"looks|weight|multiplicity"):
        SequentialPlan(**wrong)


def test_no_arm() -> None:
    assert run({}).next_n is None
