"""Whether the verdicts keep what they promise: `make calibrate` simulates, and writes calibration.md beside this file.

python -m tests.benchmarks.calibration            # everything, two or three minutes on two cores
python -m tests.benchmarks.calibration --quick    # a fifth of the studies, nothing written

Fails where a rate is above its promise and the row does not say why. `tests/analysis/test_calibration.py` holds the
same rows to their promises, with the first fifth of their studies.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from zlib import crc32

import numpy as np

from ablate.analysis.gating import Outcome
from ablate.core.claims import Relation
from ablate.stats.improvement import clopper_pearson
from ablate.verdicts.verdict import Word
from tests.simulations import (
    DIFFERENT,
    SCORE,
    Simulation,
    adjusted_coverage,
    anytime,
    assured,
    at_the_margin,
    better_though_it_diverges,
    claim_supported,
    claims_of_nothing,
    coarse_at_the_margin,
    confirmation,
    confirmed_within,
    coverage,
    folds,
    forecast_suffices,
    fresh_seeds,
    further_metrics,
    gate,
    grid_effects,
    grouped_scores,
    heavy,
    identical_by_chance,
    mixed_case,
    no_effect,
    no_effect_judged,
    normal,
    of_examples,
    pair_with_the_best,
    planned_looks,
    right_or_wrong,
    same_whole_numbers,
    topped_up,
    trained_models,
    two_basins,
    two_basins_of_differences,
    unpaired,
)

RESULT = Path(__file__).with_name("calibration.md")
HEADER = "| what | promised | measured | 95 % interval | studies | seconds | why it is not kept |"
# Studies that share a generator: so a rate does not depend on the number of processes.
TOGETHER = 200
QUICK = 5
MANY, SOME = 5_000, 2_000
# Three standard errors: of fifty rates that are exactly what was promised, none is to be called missed.
BEYOND_CHANCE = 0.9973


@dataclass(frozen=True)
class Promise:
    """A rate that is promised, and how to measure it.

    Attributes:
        bound: the largest rate that was promised; the least with `is_floor`.
        studies: how many are simulated for the table.
        above: where the rate may be above its bound, why, and what is said of it.
    """

    what: str
    bound: float
    simulation: Simulation
    is_floor: bool = False
    studies: int = MANY
    above: str = ""


@dataclass(frozen=True)
class Measured:
    """`count` of `studies`; `seconds` of one processor."""

    promise: Promise
    count: int
    studies: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.count / self.studies

    @property
    def is_kept(self) -> bool:
        """Unless chance alone does not explain that it is missed."""
        low, high = clopper_pearson(self.count, self.studies, BEYOND_CHANCE)
        return high >= self.promise.bound if self.promise.is_floor else low <= self.promise.bound


FEW_SEEDS = "of three seeds the t relies on nearly normal differences: the flag `few_seeds` says so"
WITHOUT_GROUPS = "why it is not done: examples that belong together are said to (`--group`), and clustered"

# "Any" is over the arms of a sweep, or over its claims: a family.
PROMISES: Sequence[Promise] = (
    *(
        Promise(f"any better or worse: 4 arms of no effect, {name} noise, n={n}", 0.05, no_effect(4, n, noise))
        for name, noise in (("normal", normal), ("t3", heavy))
        for n in (3, 5, 10)
    ),
    Promise(
        "any better or worse: 4 arms of no effect, through the whole verdict, n=5",
        0.05,
        no_effect_judged(4, 5),
        studies=SOME,
    ),
    Promise(
        "any better or worse: 4 arms of no effect, runs in two basins, n=3",
        0.05,
        no_effect(4, 3, two_basins(0.1)),
        above=FEW_SEEDS,
    ),
    Promise(
        "any better or worse: 4 arms of no effect, runs in two basins, n=10", 0.05, no_effect(4, 10, two_basins(0.1))
    ),
    Promise(
        "better or worse: 1 arm of no effect, differences in two basins, n=3",
        0.05,
        two_basins_of_differences(3),
        above=FEW_SEEDS,
    ),
    *(
        Promise(f"any equivalent: 4 arms that differ by the margin, n={n}", 0.05, at_the_margin(4, n))
        for n in (3, 5, 10)
    ),
    Promise("mixed, holm: any better or worse", 0.05, mixed_case("holm", equivalence=False)),
    Promise("mixed, holm: any equivalent", 0.05, mixed_case("holm", difference=False)),
    Promise("mixed, holm: any false word, where each kind has 5 %", 0.10, mixed_case("holm")),
    Promise("mixed, joint: any false word", 0.05, mixed_case("joint")),
    Promise("two mixed sweeps, study: any false word of the study", 0.05, mixed_case("study", sweeps=2)),
    Promise(
        "two mixed sweeps, holm: any false word of the study",
        0.05,
        mixed_case("holm", sweeps=2),
        above="not promised: the report says that the study as a whole is not bounded, and what bounds it",
    ),
    *(Promise(f"the 95 % interval covers, n={n}", 0.95, coverage(n), is_floor=True, studies=SOME) for n in (3, 5, 10)),
    Promise(
        "the interval adjusted by holm covers no effect, beside 3 large ones, n=10",
        0.95,
        adjusted_coverage((0.0, 3.0, 3.0, 3.0), "holm"),
        is_floor=True,
        studies=SOME,
    ),
    Promise(
        "joint: all 4 adjusted intervals cover, effects 0 to 3, n=10",
        0.95,
        adjusted_coverage((0.0, 0.7, 1.5, 3.0), "joint"),
        is_floor=True,
        studies=SOME,
    ),
    Promise("any supported or refuted: 3 claims of nothing, n=5", 0.05, claims_of_nothing(3, 5), studies=SOME),
    Promise("`a > b` supported of equal arms, n=5", 0.025, claim_supported(Relation.GREATER, 0.0, 5), studies=SOME),
    Promise(
        "`a ~ b` supported of arms that differ by the margin, n=5",
        0.05,
        claim_supported(Relation.SAME, 5.0, 5, margin=5.0),
        studies=SOME,
    ),
    Promise(
        "`a not worse than b` supported of an arm that is worse by the margin, n=5",
        0.05,
        claim_supported(Relation.NOT_WORSE, -5.0, 5, margin=5.0),
        studies=SOME,
    ),
    Promise("any adjusted p ≤ .05: 5 effects of a 2 × 3 grid, n=5", 0.05, grid_effects(5), studies=SOME),
    Promise("better or worse at any planned look, 1 arm", 0.05, planned_looks(1)),
    Promise("any better or worse at any planned look, 4 arms", 0.05, planned_looks(4), studies=SOME),
    Promise("the e-value reaches 20 within 100 seeds", 0.05, anytime(100)),
    Promise("confirmed as better than the baseline on 5 fresh seeds", 0.025, confirmed_within(5)),
    Promise("the best of 8 equal arms, on 5 fresh seeds: any better or worse", 0.05, confirmation(8, 5), studies=SOME),
    Promise(
        "confirmed as better on 5 fresh seeds, or on 10, or on 15",
        0.025,
        confirmed_within(5, 10, 15),
        above="why it is not done: a confirmation that was repeated is exploratory (`repeated_confirmation`)",
    ),
    Promise("different on the fresh seeds of the forecast, after 5 seeds left it open", 0.05, fresh_seeds),
    Promise(
        "different on 5 seeds, or topped up once to the forecast",
        0.05,
        topped_up,
        above="why it is not done: seeds added after a look make the rows exploratory (`post_hoc_seeds`)",
    ),
    *(
        Promise(f"the forecast of a pilot of {n} has a power of 80 %", 0.8, forecast_suffices(n), is_floor=True)
        for n in (3, 5, 8)
    ),
    Promise(
        "compare: a word for some pair with the best-looking of 8 equal arms, n=5",
        0.05,
        pair_with_the_best("holm"),
        studies=SOME,
    ),
    Promise(
        "the same pairs at p ≤ .05 each",
        0.05,
        pair_with_the_best(None),
        above="why it is not done: `ablate compare` adjusts for all pairs of the study",
    ),
    Promise(
        "better though it diverges (gain .03, q=.3, n=10), no worst value known",
        0.0,
        better_though_it_diverges(None),
        studies=SOME,
    ),
    Promise(
        "better though it diverges (gain .03, q=.3, n=10), worst value .1 stated",
        0.05,
        better_though_it_diverges(0.1),
        studies=SOME,
    ),
    Promise(
        "identical: 2 arms trained apart, accuracies in steps of .01, n=3",
        0.0,
        identical_by_chance(3),
        studies=SOME,
    ),
    Promise(
        "equivalent: accuracies in steps of .01 that differ by the margin of .02, n=5",
        0.05,
        coarse_at_the_margin(5),
        studies=SOME,
    ),
    Promise(
        "`a ~ b` within .25 supported of whole numbers with means .3 apart, n=3",
        0.05,
        same_whole_numbers(3),
        studies=SOME,
    ),
    *(
        promise
        for arms, sizes, sds in (
            ("3 arms of n=5 beside n=5", (5, 5), (1, 1)),
            ("3 arms of n=10, sd 1, beside n=4, sd 3", (10, 4), (1, 3)),
        )
        for promise in (
            Promise(
                f"unpaired, any better or worse: {arms}, no effect",
                0.05,
                unpaired(DIFFERENT, sizes, sds, m=3),
                studies=SOME,
            ),
            Promise(
                f"unpaired, any equivalent: {arms}, which differ by the margin",
                0.05,
                unpaired([Word.EQUIVALENT], sizes, sds, margin=15.0, m=3),
                studies=SOME,
            ),
        )
    ),
    Promise(
        "unpaired, any better or worse: 3 arms of n=3, sd 3, beside n=10, sd 1, no effect",
        0.05,
        unpaired(DIFFERENT, (3, 10), (3, 1), m=3),
        above="of three runs that vary more than the others Welch's t is too sure, of four or five a little: the flag "
        "`few_seeds` stands below five",
    ),
    Promise(
        "folds, better or worse: 2 equal learners on 20 overlapping splits, 1 : 4 said",
        0.05,
        folds(1 / 4),
        studies=SOME,
    ),
    Promise(
        "folds, better or worse: the same splits, taken for independent",
        0.05,
        folds(0.0),
        studies=SOME,
        above="why it is not done: folds have a word only with the ratio that corrects for what they share (`--folds`)",
    ),
    *(
        Promise(
            f"per example, better or worse: 2 equal models, right or wrong on {n} examples",
            0.05,
            of_examples(DIFFERENT, right_or_wrong(n, share, share)),
            studies=SOME,
        )
        for n, share in ((30, 0.2), (300, 0.05))
    ),
    *(
        Promise(
            f"per example, equivalent: models that differ by the margin of {margin}, right or wrong on {n} examples",
            0.05,
            of_examples([Word.EQUIVALENT], right_or_wrong(n, share + margin, share), margin),
            studies=SOME,
        )
        for n, margin, share in ((300, 0.02, 0.0), (1000, 0.02, 0.05))
    ),
    Promise(
        "per example, better or worse: 2 equal models, right or wrong on 40 groups of 10",
        0.05,
        of_examples(DIFFERENT, right_or_wrong(400, 0.1, 0.1, size=10)),
        studies=SOME,
    ),
    Promise(
        "per example, better or worse: the same 400 examples, without their groups",
        0.05,
        of_examples(DIFFERENT, right_or_wrong(400, 0.1, 0.1, size=10, is_said=False)),
        studies=SOME,
        above=WITHOUT_GROUPS,
    ),
    Promise(
        "per example, better or worse: 2 equal models, scores on 30 groups of 8",
        0.05,
        of_examples(DIFFERENT, grouped_scores(240, 8), metric=SCORE),
        studies=SOME,
    ),
    Promise(
        "per example, better or worse: the same 240 scores, without their groups",
        0.05,
        of_examples(DIFFERENT, grouped_scores(240, 8, is_said=False), metric=SCORE),
        studies=SOME,
        above=WITHOUT_GROUPS,
    ),
    Promise(
        "per example, equivalent: models that differ by the margin of .05, 300 groups of 5",
        0.05,
        of_examples([Word.EQUIVALENT], right_or_wrong(1500, 0.07, 0.02, size=5), 0.05),
        studies=SOME,
    ),
    Promise(
        "per example, better or worse: 2 equal recipes, 5 models each, 200 examples",
        0.05,
        of_examples(DIFFERENT, trained_models(5)),
        studies=SOME,
    ),
    Promise(
        "per example, better or worse: 2 equal recipes, one model each, 200 examples",
        0.05,
        of_examples(DIFFERENT, trained_models(1)),
        studies=SOME,
        above="not promised: of one model each it is the models that differ, and so the report says",
    ),
    Promise(
        "several metrics, any better or worse: 2 arms of no effect on 2 more, behind a large effect on the primary",
        0.05,
        further_metrics(50.0),
        studies=SOME,
    ),
    Promise(
        "several metrics, any better or worse: 2 arms of no effect on all 3",
        0.05,
        further_metrics(0.0, is_any=True),
        studies=SOME,
    ),
    *(
        Promise(f"gate, {word}: {what}", 0.05, gate(outcome, losses, n, unpaired=is_unpaired), studies=SOME)
        for word, outcome, what, losses, n, is_unpaired in (
            ("not worse", Outcome.PASSED, "a side that is worse by the margin, n=5", [5.0], 5, False),
            ("worse", Outcome.WORSE, "a side that is worse by the margin, n=5", [5.0], 5, False),
            ("not worse", Outcome.PASSED, "3 sides, of which one is worse by the margin, n=5", [5.0, 0, 0], 5, False),
            ("worse", Outcome.WORSE, "3 sides that are worse by the margin, n=5", [5.0] * 3, 5, False),
            ("not worse", Outcome.PASSED, "a side that is worse by the margin, unpaired, n=5", [5.0], 5, True),
            ("worse", Outcome.WORSE, "a side that is worse by the margin, unpaired, n=5", [5.0], 5, True),
        )
    ),
    *(
        Promise(
            f"plan: the seeds after a pilot of {n} have an assurance of 80 %, whatever the spread",
            0.8,
            assured(n),
            is_floor=True,
        )
        for n in (3, 5)
    ),
)
BY_NAME: Mapping[str, Promise] = {promise.what: promise for promise in PROMISES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    found = measure_all(PROMISES, QUICK if options.quick else 1)
    seconds = time.perf_counter() - started
    text = table(found, seconds)
    print(text)
    if not options.quick:
        RESULT.write_text(text)
    return 0 if all(row.is_kept or row.promise.above for row in found) else 1


def measure(promise: Promise, part: int = 1) -> Measured:
    """With one in `part` of its studies: the first of those that the table has."""
    return _sum(promise, [simulate(promise.what, chunk) for chunk in range(_chunks(promise, part))])


def measure_all(promises: Sequence[Promise], part: int) -> list[Measured]:
    """As `measure`, in as many processes as there are processors."""
    work = [[(promise.what, chunk) for chunk in range(_chunks(promise, part))] for promise in promises]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        done = pool.map(simulate, *zip(*chain(*work), strict=True), chunksize=4)
        return [_sum(promise, [next(done) for _ in own]) for promise, own in zip(promises, work, strict=True)]


def simulate(what: str, chunk: int) -> tuple[int, int, float]:
    """How many outcomes of this part of a row's studies were true, of how many, in how many seconds."""
    started = time.process_time()
    rng = np.random.default_rng([crc32(what.encode()), chunk])
    outcomes = BY_NAME[what].simulation(rng, TOGETHER)
    return int(outcomes.sum()), outcomes.size, time.process_time() - started


def _chunks(promise: Promise, part: int) -> int:
    return promise.studies // TOGETHER // part


def _sum(promise: Promise, chunks: Sequence[tuple[int, int, float]]) -> Measured:
    counts, studies, seconds = zip(*chunks, strict=True)
    return Measured(promise, sum(counts), sum(studies), sum(seconds))


def table(found: Sequence[Measured], seconds: float) -> str:
    lines = [
        "# Calibration",
        "",
        "Written by `make calibrate`: studies are simulated whose truth is known, and counted where what a row names "
        "happens. Noise is normal unless the row says otherwise. Mixed: two arms of no effect and two that differ by "
        "the margin, on eight seeds. The interval is that of the simulation. A rate is called **above** or **below** "
        "its promise where three standard errors do not explain it, and the row then says why.",
        "",
        f"{seconds:.0f} seconds on {os.cpu_count()} cores, {sum(row.seconds for row in found):.0f} of one processor; "
        f"Python {platform.python_version()}, numpy {version('numpy')}.",
        "",
        HEADER,
        "|---|---:|---:|---|---:|---:|---|",
        *(f"| {' | '.join(cells(row))} |" for row in found),
        "",
    ]
    return "\n".join(lines)


def cells(row: Measured) -> tuple[str, ...]:
    promise = row.promise
    low, high = clopper_pearson(row.count, row.studies)
    missed = "" if row.is_kept else " **below**" if promise.is_floor else " **above**"
    return (
        promise.what,
        promised(promise),
        f"{row.rate:.4f}{missed}",
        f"{low:.4f}–{high:.4f}",
        f"{row.studies:,}",
        f"{row.seconds:.1f}",
        "" if row.is_kept else promise.above,
    )


def promised(promise: Promise) -> str:
    return f"{'≥' if promise.is_floor else '≤'} {promise.bound:g}"


if __name__ == "__main__":
    sys.exit(main())
