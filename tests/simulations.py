"""Studies whose truth is known, and what is said of them: for the table of `make calibrate` and for the tests of rates.

A simulation takes a generator and a number of studies, and gives one outcome a study: whether it happened. Those of a
part of the studies alone (the ones that go on after a look) give fewer.

    outcomes = no_effect(4, 5)(np.random.default_rng(0), 2000)
    outcomes.mean()

Verdicts are those of the engine (`judge_*`), or of `decide_family`, which makes every verdict of it, where a study has
too many for the rest of a verdict to be worked out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from ablate.analysis.gating import GatePair, Outcome, judge_gate
from ablate.analysis.tidy_frame import Asked, judge_metrics
from ablate.core.claims import Relation
from ablate.core.records import METRICS, MetricInfo
from ablate.stats.assurance import seeds_for_assurance
from ablate.stats.factorial import factorial_effects
from ablate.stats.power import POWER, power_of_difference, power_of_equivalence, seeds_needed
from ablate.tables.table import Table
from ablate.verdicts.decisions import Question, decide_family, estimate_difference
from ablate.verdicts.engine import (
    ArmValues,
    PairedQuestion,
    judge_arms,
    judge_claims,
    judge_differences,
    judge_effects,
    judge_pairs,
)
from ablate.verdicts.per_example import ExamplePair, judge_examples
from ablate.verdicts.sequential import SequentialPlan, e_process, sequential_analysis
from ablate.verdicts.verdict import Verdict, Word

Values = npt.NDArray[np.float64]
Outcomes = npt.NDArray[np.bool_]
Simulation = Callable[[np.random.Generator, int], Outcomes]
Noise = Callable[[np.random.Generator, tuple[int, ...]], Values]

ALPHA = 0.05
DIFFERENT = (Word.BETTER, Word.WORSE)
DECIDED = (Word.SUPPORTED, Word.REFUTED)
SCORE = MetricInfo("reward", "reward", "max", "points")
CORRECT = MetricInfo("correct", "correct", "max", "fraction", is_error=True, range=(0.0, 1.0))
WHOLE_NUMBERS = MetricInfo("epochs", "epochs", "min", "epochs", resolution=1.0)
# The correlation between the arms that the seed makes.
SHARED = 0.4


def slack(p: float, studies: int) -> float:
    """Three binomial standard errors."""
    return 3 * math.sqrt(p * (1 - p) / studies)


def each(happens: Callable[[np.random.Generator], bool]) -> Simulation:
    """A simulation of one study after the other."""
    return lambda rng, studies: np.array([happens(rng) for _ in range(studies)])


def rate(simulation: Simulation, studies: int = 2000, seed: int = 12345) -> float:
    return float(simulation(np.random.default_rng(seed), studies).mean())


# what a run gives --------------------------------------------------------------------------------------


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    return rng.normal(size=shape)


def heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    return rng.standard_t(3, size=shape)


def two_basins(spread: float) -> Noise:
    """Around −1 or 1, as where half of the runs find the better valley."""
    return lambda rng, shape: rng.choice([-1.0, 1.0], shape) + rng.normal(0, spread, shape)


def differences_of(rng: np.random.Generator, n: int, effects: Sequence[float], noise: Noise = normal) -> Values:
    """[arms, n] differences from one baseline; what the seed does to all of them has ρ = 0.4."""
    runs = math.sqrt(SHARED) * noise(rng, (n,)) + math.sqrt(1 - SHARED) * noise(rng, (len(effects) + 1, n))
    differences: Values = runs[1:] - runs[0] + np.asarray(effects)[:, None]
    return differences


def words(differences: Values, margin: float | None = None, multiplicity: str = "holm", others: int = 0) -> list[Word]:
    """Of [questions, seeds], as one family."""
    questions = [Question((estimate_difference(row, margin),)) for row in differences]
    return [decision.word for decision in decide_family(questions, ALPHA, multiplicity, others)]


def arm_values(values: Sequence[float] | Values) -> ArmValues:
    return ArmValues(dict(enumerate(map(float, values))))


def judged(runs: Values, metric: MetricInfo = SCORE, multiplicity: str = "holm", **asked) -> tuple[Verdict, ...]:
    """Of [arms, seeds], the first of which is the baseline."""
    arms = {str(index): arm_values(row) for index, row in enumerate(runs)}
    return judge_arms(arms, "0", metric, multiplicity=multiplicity, **asked)


def question(
    arm: Values,
    reference: Values,
    relation: Relation | None = None,
    margin: float | None = None,
    metric: MetricInfo = SCORE,
) -> PairedQuestion:
    return PairedQuestion("a", "a", "b", metric, arm_values(arm), arm_values(reference), relation, margin)


# arms --------------------------------------------------------------------------------------------------


def no_effect(m: int, n: int, noise: Noise = normal) -> Simulation:
    """Any better or worse among `m` arms that are none."""
    return each(lambda rng: any(word in DIFFERENT for word in words(differences_of(rng, n, [0.0] * m, noise))))


def two_basins_of_differences(n: int) -> Simulation:
    """Better or worse of one arm whose differences, and not its runs, lie in two basins: what is worst for a t."""
    return each(lambda rng: words(two_basins(0.3)(rng, (1, n)))[0] in DIFFERENT)


def no_effect_judged(m: int, n: int) -> Simulation:
    """As `no_effect`, through all that makes a verdict."""
    return each(lambda rng: any(row.word in DIFFERENT for row in judged(rng.normal(size=(m + 1, n)))))


def at_the_margin(m: int, n: int, margin: float = 5.0) -> Simulation:
    """Any equivalent among `m` arms that differ by the margin; it is wide, so that the test could pass."""
    return each(lambda rng: Word.EQUIVALENT in words(differences_of(rng, n, [margin] * m), margin))


def coverage(n: int, effect: float = 0.7) -> Simulation:
    def covers(rng: np.random.Generator) -> bool:
        row = judge_differences(rng.normal(effect, 1, n))
        return bool(row.ci_low <= effect <= row.ci_high)

    return each(covers)


def adjusted_coverage(effects: Sequence[float], multiplicity: str, n: int = 10) -> Simulation:
    """The adjusted intervals cover, of arms with these effects: all at once where they are joint; under Holm that of
    the first, since each has a level of its own there."""

    def covers(rng: np.random.Generator) -> bool:
        runs = rng.normal(size=(len(effects) + 1, n)) + np.array([0.0, *effects])[:, None]
        rows = judged(runs, multiplicity=multiplicity)
        pairs = list(zip(rows, effects, strict=True))[: 1 if multiplicity == "holm" else None]
        return all(row.ci_adj_low <= effect <= row.ci_adj_high for row, effect in pairs)

    return each(covers)


MIXED = (0.0, 0.0, 1.2, 1.2)
MIXED_MARGIN = 1.2


def mixed_case(multiplicity: str, *, difference: bool = True, equivalence: bool = True, sweeps: int = 1) -> Simulation:
    """Any false word of the asked kinds in any of the sweeps. Each has two arms of no effect and two that differ by the
    margin, the worst mixture, on eight seeds; `study` shares the error between all sweeps."""
    adjustment, others = ("joint", len(MIXED) * (sweeps - 1)) if multiplicity == "study" else (multiplicity, 0)

    def is_wrong(rng: np.random.Generator) -> bool:
        said = words(differences_of(rng, 8, MIXED), MIXED_MARGIN, adjustment, others)
        is_false_difference = any(word in DIFFERENT for word in said[:2])
        return (difference and is_false_difference) or (equivalence and Word.EQUIVALENT in said[2:])

    return each(lambda rng: any(is_wrong(rng) for _ in range(sweeps)))


# claims and effects ------------------------------------------------------------------------------------


def claims_of_nothing(m: int, n: int) -> Simulation:
    """Any supported or refuted of `m` claims about equal arms."""

    def any_decided(rng: np.random.Generator) -> bool:
        runs = rng.normal(size=(m + 1, n))
        rows = judge_claims([question(arm, runs[0], Relation.GREATER) for arm in runs[1:]])
        return any(row.word in DECIDED for row in rows)

    return each(any_decided)


def claim_supported(relation: Relation, effect: float, n: int, margin: float | None = None) -> Simulation:
    def is_supported(rng: np.random.Generator) -> bool:
        arm, reference = rng.normal(size=(2, n))
        (row,) = judge_claims([question(arm + effect, reference, relation, margin)])
        return row.word is Word.SUPPORTED

    return each(is_supported)


GRID = {"optimizer": ("sgd", "adam"), "width": (16, 64, 256)}


def grid_effects(n: int) -> Simulation:
    """Any adjusted p ≤ .05 among the five effects of a grid whose factors do nothing."""
    cells = [(first, second) for first in GRID["optimizer"] for second in GRID["width"]]

    def any_effect(rng: np.random.Generator) -> bool:
        runs = rng.normal(size=n) + rng.normal(size=(len(cells), n))
        found = factorial_effects(
            GRID, {cell: dict(enumerate(map(float, row))) for cell, row in zip(cells, runs, strict=True)}
        )
        rows = judge_effects({effect.name: effect.contrasts for effect in found.effects}, SCORE)
        return any(row.p_diff_adj is not None and row.p_diff_adj <= ALPHA for row in rows)

    return each(any_effect)


# looking again -----------------------------------------------------------------------------------------


def sequential_words(rng: np.random.Generator, effects: Sequence[float], margin: float | None = None) -> list[Word]:
    differences = {
        str(index): dict(enumerate(map(float, rng.normal(effect, 1, 20)))) for index, effect in enumerate(effects)
    }
    result = sequential_analysis(differences, range(20), SequentialPlan(), margin)
    return [arm.word for arm in result.arms.values()]


def planned_looks(m: int) -> Simulation:
    """Any better or worse at any of the looks, of `m` arms that are none."""
    return each(lambda rng: any(word in DIFFERENT for word in sequential_words(rng, [0.0] * m)))


def anytime(n: int) -> Simulation:
    """The e-value reaches 1/α within `n` seeds that differ by nothing."""
    return each(lambda rng: max(e_process(list(map(float, rng.normal(size=n))))) >= 1 / ALPHA)


def t_of(values: Values) -> Values:
    """Of [..., seeds]."""
    t: Values = values.mean(-1) / (values.std(-1, ddof=1) / math.sqrt(values.shape[-1]))
    return t


def confirmed_within(*seeds: int) -> Simulation:
    """Better than the baseline at one of these numbers of fresh seeds, each test at the level of the first."""

    def any_confirmed(rng: np.random.Generator, studies: int) -> Outcomes:
        differences = rng.normal(size=(studies, max(seeds)))
        return np.any([t_of(differences[:, :n]) > stats.t.ppf(1 - ALPHA / 2, n - 1) for n in seeds], axis=0)

    return any_confirmed


def confirmation(arms: int, n: int) -> Simulation:
    """Any better or worse of the best-looking of equal arms on `n` fresh seeds: against the baseline and the second."""

    def is_wrong(rng: np.random.Generator) -> bool:
        best, second = np.argsort(rng.normal(size=(arms, n)).mean(1))[:-3:-1]
        fresh = rng.normal(size=(arms, n))
        rows = judge_pairs([question(fresh[best], fresh[other]) for other in {0, int(second)} - {int(best)}])
        return any(row.word in DIFFERENT for row in rows)

    return each(is_wrong)


TOP_UP_MARGIN, MOST_SEEDS = 0.7, 200


def topped_up(rng: np.random.Generator, studies: int) -> Outcomes:
    """Different on five seeds, or, where it was not, on as many in all as the forecast names."""
    first = rng.normal(size=(studies, 5))
    different = _is_different(first)
    for index in np.flatnonzero(~different):
        more = rng.normal(size=_forecast(first[index]) - 5)
        different[index] = _is_different(np.concatenate([first[index], more]))
    return different


def fresh_seeds(rng: np.random.Generator, studies: int) -> Outcomes:
    """Of the studies that five seeds did not resolve: different on as many fresh seeds as the forecast names."""
    first = rng.normal(size=(studies, 5))
    open_ones = first[~_is_different(first)]
    return np.array([bool(_is_different(rng.normal(size=_forecast(row)))) for row in open_ones])


def _is_different(values: Values) -> Outcomes:
    different: Outcomes = np.abs(t_of(values)) > stats.t.ppf(1 - ALPHA / 2, values.shape[-1] - 1)
    return different


def _forecast(values: Values) -> int:
    needed = seeds_needed(TOP_UP_MARGIN, float(values.std(ddof=1)), values.size).high
    return min(max(needed or MOST_SEEDS, values.size + 1), MOST_SEEDS)


def forecast_suffices(pilot: int, margin: float = 0.7) -> Simulation:
    """The number of seeds that a pilot names has the power that was asked for, whether the arms differ by the margin or
    by nothing, which takes more."""

    def suffices(rng: np.random.Generator) -> bool:
        n = seeds_needed(margin, float(rng.normal(size=pilot).std(ddof=1)), pilot).high
        return n is not None and min(power_of_difference(n, margin), power_of_equivalence(n, margin)) >= POWER

    return each(suffices)


# choosing sides ----------------------------------------------------------------------------------------


def pair_with_the_best(multiplicity: str | None, arms: int = 8, n: int = 5) -> Simulation:
    """Some pair of equal arms with the one that looks best has a word; at α each, or as one family of all pairs."""
    first, second = np.triu_indices(arms, 1)

    def any_word(rng: np.random.Generator) -> bool:
        runs = rng.normal(size=(arms, n))
        best = runs.mean(1).argmax()
        with_best = (first == best) | (second == best)
        differences = runs[first] - runs[second]
        if multiplicity is None:
            return bool(_is_different(differences[with_best]).any())
        said = np.array(words(differences, multiplicity=multiplicity), dtype=object)
        return any(word in DIFFERENT for word in said[with_best])

    return each(any_word)


# runs that diverged, values that are coarse ------------------------------------------------------------


def better_though_it_diverges(worst: float | None) -> Simulation:
    """Better, of an arm that gains .03 where it trains and diverges in three runs of ten; ten seeds, runs vary by .01.
    Every study has a run that diverged."""
    metric = replace(SCORE, worst=worst)

    def is_better(rng: np.random.Generator) -> bool:
        runs = rng.normal([[0.90], [0.93]], 0.01, (2, 10))
        diverged = np.zeros(10, dtype=bool)
        while not diverged.any():
            diverged = rng.random(10) < 0.3
        runs[1, diverged] = math.nan
        return judged(runs, metric)[0].word is Word.BETTER

    return each(is_better)


COARSE = {"metric": METRICS["test_accuracy"], "n_examples": 100}


def coarse(rng: np.random.Generator, shape: tuple[int, ...], effects: Sequence[float]) -> Values:
    """Accuracies on a hundred examples, whose runs vary by about half an example."""
    accuracies: Values = np.round(rng.normal(0.9 + np.asarray(effects)[:, None], 0.0055, shape), 2)
    return accuracies


def identical_by_chance(n: int) -> Simulation:
    """Two arms that were trained apart are called identical."""
    return each(lambda rng: judged(coarse(rng, (2, n), [0.0, 0.0]), **COARSE)[0].word is Word.IDENTICAL)


def coarse_at_the_margin(n: int, margin: float = 0.02) -> Simulation:
    """Two arms whose mean accuracies differ by the margin, two examples, are called equivalent."""
    false = (Word.EQUIVALENT, Word.IDENTICAL)
    return each(lambda rng: judged(coarse(rng, (2, n), [0.0, margin]), margin=margin, **COARSE)[0].word in false)


def same_whole_numbers(n: int) -> Simulation:
    """`a ~ b` within .25 is supported, of whole numbers with means .3 apart: one more in 10 % and in 40 % of runs."""

    def is_supported(rng: np.random.Generator) -> bool:
        arm, reference = 10.0 + (rng.random((2, n)) < [[0.4], [0.1]])
        (row,) = judge_claims([question(arm, reference, Relation.SAME, 0.25, WHOLE_NUMBERS)])
        return row.word is Word.SUPPORTED

    return each(is_supported)


# arms without a seed in common -------------------------------------------------------------------------


def unpaired(
    said: Sequence[Word], sizes: tuple[int, int], sds: tuple[float, float], margin: float | None = None, m: int = 1
) -> Simulation:
    """One of these words of any of `m` arms that differ from the baseline by the margin, or by nothing without one;
    sizes and spreads of an arm and of the baseline."""
    (size, base_size), (sd, base_sd) = sizes, sds
    effect = margin or 0.0

    def is_said(rng: np.random.Generator) -> bool:
        arms = {"base": arm_values(rng.normal(0, base_sd, base_size))}
        arms |= {str(index): arm_values(rng.normal(effect, sd, size)) for index in range(m)}
        return any(row.word in said for row in judge_arms(arms, "base", SCORE, margin=margin, unpaired=True))

    return each(is_said)


# folds of one data set ---------------------------------------------------------------------------------


def table_of_arms(metric: str, sides: Mapping[str, Values], key: str = "seed") -> Table:
    return Table(metric, {name: arm_values(values) for name, values in sides.items()}, "arm", key)


# As a ratio, what is tested on to what is trained on.
SPLIT = (1, 4)


def overlapping_splits(rng: np.random.Generator, splits: int = 20, examples: int = 50) -> Values:
    """The differences of two learners on random splits of one data set. Each learner predicts the mean of a column of
    its own of what it trains on, and tells as much of the last column: nothing, so that neither is better."""
    truth = rng.standard_normal((examples, 3))
    order = np.argsort(rng.random((splits, examples)), axis=1)
    tested = examples * SPLIT[0] // sum(SPLIT)
    test, train = truth[order[:, :tested]], truth[order[:, tested:]]
    errors = (test[:, :, 2:] - train[:, :, :2].mean(axis=1, keepdims=True)) ** 2
    differences: Values = (errors[:, :, 0] - errors[:, :, 1]).mean(axis=1)
    return differences


def folds(test_to_train: float) -> Simulation:
    """Better or worse of two learners that are equally good, with this ratio said of the splits; 0 is that they share
    nothing, which is not so."""

    def is_different(rng: np.random.Generator) -> bool:
        differences = overlapping_splits(rng)
        table = table_of_arms("score", {"base": np.zeros_like(differences), "arm": differences}, "fold")
        ((row,),) = judge_metrics([Asked(table, "max")], baseline="base", test_to_train=test_to_train)
        return row.word in DIFFERENT

    return each(is_different)


# example by example ------------------------------------------------------------------------------------

Examples = Callable[[np.random.Generator], ExamplePair]


def example_pair(arm: object, reference: object, groups: Sequence[object] | None = None) -> ExamplePair:
    """Of [examples], or of [seeds, examples]."""
    first, second = (np.atleast_2d(np.asarray(side, float)) for side in (arm, reference))
    return ExamplePair("arm", "base", first, second, None if groups is None else [*map(str, groups)])


def of_examples(
    said: Sequence[Word], examples: Examples, margin: float | None = None, metric: MetricInfo = CORRECT
) -> Simulation:
    return each(lambda rng: judge_examples([examples(rng)], metric, margin=margin)[0].verdict.word in said)


def right_or_wrong(n: int, only_arm: float, only_reference: float, size: int = 1, is_said: bool = True) -> Examples:
    """Examples on which one side alone is right with these chances; half of the examples of a group all together."""

    def examples(rng: np.random.Generator) -> ExamplePair:
        groups = np.arange(n) // size
        chance = np.where(rng.random(n) < 0.5, rng.random(n // size + 1)[groups], rng.random(n))
        arm, reference = chance < only_arm, (chance >= only_arm) & (chance < only_arm + only_reference)
        return example_pair(arm, reference, groups if size > 1 and is_said else None)

    return examples


def grouped_scores(n: int, size: int, is_said: bool = True) -> Examples:
    """Scores of no effect, half of whose variance is that of the group."""

    def examples(rng: np.random.Generator) -> ExamplePair:
        groups = np.arange(n) // size
        values = rng.normal(size=n // size)[groups] + rng.normal(size=n)
        return example_pair(values, np.zeros(n), groups if is_said else None)

    return examples


def trained_models(seeds: int, n: int = 200) -> Examples:
    """Two recipes that are equally good, so many models of each: a seed moves all examples of its model."""

    def examples(rng: np.random.Generator) -> ExamplePair:
        hard = rng.normal(size=n)
        sides = [
            (hard + 0.5 * rng.normal(size=(seeds, 1)) + rng.normal(size=(seeds, n)) > 0).astype(int) for _ in range(2)
        ]
        return example_pair(*sides)

    return examples


# several metrics ---------------------------------------------------------------------------------------

METRIC_NAMES = ("score", "loss", "seconds")


def three_metrics(rng: np.random.Generator, primary: float = 0.0, n: int = 6) -> list[Asked]:
    """Arms a and b beside base on three metrics: no effects, but for that of both on the primary metric."""
    effects = [primary, 0.0, 0.0]
    noise = rng.normal(5, 1, (3, 3, n))
    return [
        Asked(
            table_of_arms(name, dict(zip(("base", "a", "b"), rows + np.array([[0], [effect], [effect]]), strict=True))),
            "max",
        )
        for name, rows, effect in zip(METRIC_NAMES, noise, effects, strict=True)
    ]


def further_metrics(primary: float, is_any: bool = False) -> Simulation:
    """Any better or worse on the two further metrics, where nothing is; or on any of all three."""

    def any_word(rng: np.random.Generator) -> bool:
        rows = judge_metrics(three_metrics(rng, primary), baseline="base")
        return any(row.word in DIFFERENT for own in rows[0 if is_any else 1 :] for row in own)

    return each(any_word)


# a gate ------------------------------------------------------------------------------------------------


def gate(outcome: Outcome, losses: Sequence[float], n: int, margin: float = 5.0, unpaired: bool = False) -> Simulation:
    """What a gate says of new sides that are worse by these losses."""

    def is_said(rng: np.random.Generator) -> bool:
        base, new = rng.normal(size=(2, len(losses), n))
        pairs = [
            GatePair(str(index), "base", "new", arm_values(base[index]), arm_values(new[index] - loss))
            for index, loss in enumerate(losses)
        ]
        return judge_gate(pairs, SCORE, margin, unpaired=unpaired).outcome is outcome

    return each(is_said)


# seeds that were planned -------------------------------------------------------------------------------


def different_whatever_the_spread(n: int, difference: float, sd: float, df: int, alpha: float = ALPHA) -> Simulation:
    """Draws a spread that `sd` with `df` may be of, then a study of `n` seeds with it, then tests it."""

    def is_different(rng: np.random.Generator, studies: int) -> Outcomes:
        spread = sd * np.sqrt(df / rng.chisquare(df, studies))
        t = t_of(difference + spread[:, None] * rng.standard_normal((studies, n)))
        different: Outcomes = np.abs(t) > stats.t.ppf(1 - alpha / 2, n - 1)
        return different

    return is_different


def assured(pilot: int, difference: float = 1.0) -> Simulation:
    """Different on as many seeds as a plan names for an effect of one sd of the pilot."""
    n = seeds_for_assurance(difference, 1.0, pilot - 1)
    assert n is not None
    return different_whatever_the_spread(n, difference, 1.0, pilot - 1)
