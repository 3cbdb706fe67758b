"""What is gained by asking all seeds of an arm together: the class whose mean probability is largest.

    gain = ensemble_gain(labels, {0: probabilities_of_seed_0, 1: …})
    gain.accuracy, gain.single.mean, gain.gain, gain.low, gain.high

The interval is for new seeds on the same test examples, as everywhere here, so seeds are what is left out
to get it: Tukey's jackknife with Student's t on seeds − 1 degrees of freedom. A bootstrap would draw some
seeds twice and so measure smaller ensembles than the one that is reported; disjoint subsets of ten seeds
are too few. The jackknife's estimate of a variance is on average too large rather than too small (Efron &
Stein, Annals of Statistics 1981), so the interval is cautious: it covers 95 to 99 % where it says 95. Its
correction of the bias is not taken, for the gain truly depends on how many seeds there are.

The rule is that of Lakshminarayanan, Pritzel & Blundell (NeurIPS 2017), section 2.4, without adversarial
training.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.analysis.values import Runs, stored
from ablate.core.identity import Json
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.stats.estimates import CONFIDENCE, Estimate, estimate_mean, student_interval

__all__ = ["EnsembleGain", "StudyEnsembles", "ensemble_gain", "study_ensembles"]

PROBABILITIES = "probabilities"

Labels = npt.NDArray[np.integer]
Probabilities = npt.NDArray[np.floating]

# Of one size; more are a sample of them.
MOST_SUBSETS = 20


@dataclass(frozen=True)
class EnsembleGain:
    """The accuracy of all seeds together against that of one.

    Attributes:
        single: the accuracy of each seed alone.
        accuracy: of the ensemble of all of them.
        gain: `accuracy` less the mean of `single`.
        low, high: the interval of the gain; None for fewer than three seeds.
        by_size: (members, mean accuracy over ensembles of so many of the seeds), from 1 on.
        examples: how many were asked about.
    """

    single: Estimate
    accuracy: float
    gain: float
    low: float | None
    high: float | None
    by_size: tuple[tuple[int, float], ...]
    examples: int

    def to_json(self) -> dict[str, Json]:
        return {
            "seeds": list(self.single.seeds),
            "values": list(self.single.values),
            "confidence": self.single.confidence,
            "accuracy": self.accuracy,
            "gain": self.gain,
            "low": self.low,
            "high": self.high,
            "by_size": [[size, accuracy] for size, accuracy in self.by_size],
            "examples": self.examples,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> EnsembleGain:
        single = dict(zip(data["seeds"], data["values"], strict=True))
        return cls(
            single=estimate_mean(single, data["confidence"]),
            accuracy=data["accuracy"],
            gain=data["gain"],
            low=data["low"],
            high=data["high"],
            by_size=tuple((int(size), float(accuracy)) for size, accuracy in data["by_size"]),
            examples=data["examples"],
        )


# Sweep to arm to its gain.
StudyEnsembles = Mapping[str, Mapping[str, EnsembleGain]]


def study_ensembles(plan: StudyPlan, runs: Runs) -> StudyEnsembles:
    """The gain of every arm of which two seeds or more have kept their probabilities, on the same examples."""
    found = {
        sweep.spec.name: {arm.name: gain for arm in sweep.arms if (gain := _arm_gain(sweep, arm.name, runs))}
        for sweep in plan.sweeps
    }
    return {sweep: gains for sweep, gains in found.items() if gains}


def _arm_gain(sweep: PlannedSweep, arm: str, runs: Runs) -> EnsembleGain | None:
    kept = {
        run.spec.seed: arrays
        for run in stored(runs, sweep.runs_of(arm))
        if "probability" in (arrays := run.artefacts.get(PROBABILITIES, {}))
    }
    labels = [arrays["label"] for arrays in kept.values()]
    if len(kept) < 2 or not all(np.array_equal(each, labels[0]) for each in labels):
        return None
    return ensemble_gain(labels[0], {seed: arrays["probability"] for seed, arrays in kept.items()})


def ensemble_gain(
    labels: Labels, probabilities: Mapping[int, Probabilities], confidence: float = CONFIDENCE
) -> EnsembleGain:
    """The gain of the ensemble of the seeds.

    Args:
        labels: [examples], the true classes.
        probabilities: seed → [examples, classes].

    Raises:
        ValueError: when there is no seed, or a seed has other examples or classes than the rest.
    """
    if not probabilities:
        raise ValueError("an ensemble needs a seed at least")
    shapes = {values.shape for values in probabilities.values()}
    if len(shapes) > 1 or shapes != {(len(labels), *next(iter(shapes))[1:])}:
        raise ValueError(f"all seeds must have probabilities of the same {len(labels)} examples; shapes are {shapes}")
    seeds = tuple(sorted(probabilities))
    stacked = np.stack([np.asarray(probabilities[seed], np.float64) for seed in seeds])
    single = np.array([_accuracy(labels, each) for each in stacked])
    total = stacked.sum(axis=0)
    accuracy = _accuracy(labels, total)
    gain = accuracy - float(single.mean())
    low, high = _jackknife(labels, stacked, single, total, gain, confidence)
    return EnsembleGain(
        single=estimate_mean(dict(zip(seeds, single.tolist(), strict=True)), confidence),
        accuracy=accuracy,
        gain=gain,
        low=low,
        high=high,
        by_size=tuple(_by_size(labels, stacked)),
        examples=len(labels),
    )


def _accuracy(labels: Labels, scores: Probabilities) -> float:
    """Of probabilities or of sums of them, [examples, classes]."""
    return float(np.mean(scores.argmax(axis=1) == labels))


def _jackknife(
    labels: Labels,
    stacked: Probabilities,
    single: npt.NDArray[np.float64],
    total: Probabilities,
    gain: float,
    confidence: float,
) -> tuple[float | None, float | None]:
    """The interval of `gain` from the gains without each of the seeds (Tukey 1958)."""
    n = len(stacked)
    if n < 3:
        return None, None
    means_without = (single.sum() - single) / (n - 1)
    gains = [
        _accuracy(labels, total - own) - mean_without for own, mean_without in zip(stacked, means_without, strict=True)
    ]
    se = math.sqrt((n - 1) / n * float(np.sum((gains - np.mean(gains)) ** 2)))
    return student_interval(gain, se, n - 1, 1 - confidence)


def _by_size(labels: Labels, stacked: Probabilities) -> Iterator[tuple[int, float]]:
    for size in range(1, len(stacked) + 1):
        accuracies = [_accuracy(labels, stacked[list(chosen)].sum(axis=0)) for chosen in _subsets(len(stacked), size)]
        yield size, float(np.mean(accuracies))


def _subsets(n: int, size: int) -> Sequence[tuple[int, ...]]:
    """All subsets, or MOST_SUBSETS of them, the same ones every time."""
    if math.comb(n, size) <= MOST_SUBSETS:
        return list(itertools.combinations(range(n), size))
    draws = np.random.default_rng([n, size])
    return [tuple(sorted(draws.choice(n, size, replace=False).tolist())) for _ in range(MOST_SUBSETS)]
