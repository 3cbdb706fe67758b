"""What probes measured of the runs of a sweep, ready to be drawn.

pictures = probe_pictures(sweep, runs)
pictures.histograms[0].arms          # one density an arm, of one kernel

Whatever was not kept of any run is an empty tuple. Pictures of one run are of the first seed that has one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from ablate.analysis.values import Runs, is_of_every_arm, stored
from ablate.core.plans import PlannedArm, PlannedSweep
from ablate.core.records import Array

__all__ = [
    "ArmDensity",
    "KernelHistogram",
    "LinearPath",
    "LossSurface",
    "ProbePictures",
    "Reliability",
    "StepLosses",
    "kernel_histograms",
    "probe_pictures",
]

DRAWN = ("jitter", "loss_surface", "linear_path", "calibration", "weight_histogram")
# Of all weights, the share that a histogram shows, and in about how many bins.
SHOWN_SHARE = 0.999
BINS = 60


@dataclass(frozen=True)
class StepLosses:
    """The losses of the last full batches of one run's last epoch, and their jitter."""

    arm: str
    is_baseline: bool
    seed: int
    losses: tuple[float, ...]
    jitter: float


@dataclass(frozen=True)
class LossSurface:
    """`losses[row][column]` at `positions` along the first and the second direction, in filter norms."""

    arm: str
    is_baseline: bool
    seed: int
    positions: tuple[float, ...]
    losses: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, eq=False)
class LinearPath:
    """The training objective at `positions` [P] on the line from the first weights to the last, [P] for every seed."""

    arm: str
    is_baseline: bool
    positions: Array
    losses: tuple[Array, ...]


@dataclass(frozen=True)
class ArmDensity:
    """Density of the weights of a kernel over all seeds of an arm, one value a bin; `n_runs` seeds."""

    arm: str
    is_baseline: bool
    density: tuple[float, ...]
    n_runs: int


@dataclass(frozen=True)
class KernelHistogram:
    """One kernel, arm by arm; `edges` is one longer than each density, and leaves out the furthest weights."""

    path: str
    edges: tuple[float, ...]
    arms: tuple[ArmDensity, ...]


@dataclass(frozen=True)
class Reliability:
    """`bins` holds (test examples, mean confidence, accuracy) of each bin of confidence that has examples, over all
    seeds of an arm."""

    arm: str
    is_baseline: bool
    bins: tuple[tuple[int, float, float], ...]
    n_runs: int

    @property
    def calibration_error(self) -> float:
        """The mean distance of confidence and accuracy, weighted by examples."""
        total = sum(count for count, _, _ in self.bins)
        return math.fsum(count * abs(confidence - accuracy) for count, confidence, accuracy in self.bins) / total


@dataclass(frozen=True)
class ProbePictures:
    """All there is to draw of a sweep's probes."""

    steps: tuple[StepLosses, ...] = ()
    surfaces: tuple[LossSurface, ...] = ()
    paths: tuple[LinearPath, ...] = ()
    histograms: tuple[KernelHistogram, ...] = ()
    reliabilities: tuple[Reliability, ...] = ()


def probe_pictures(sweep: PlannedSweep, runs: Runs) -> ProbePictures:
    """The pictures of a sweep, arms in the order of the design; of probes that every arm was asked."""
    asked = {probe for probe in DRAWN if is_of_every_arm(probe, sweep, runs)}
    arms = [(arm, _artefacts(sweep, runs, arm, asked)) for arm in sweep.arms]
    return ProbePictures(
        steps=tuple(each for arm, found in arms for each in _steps(arm, found)),
        surfaces=tuple(each for arm, found in arms for each in _surfaces(arm, found)),
        paths=tuple(each for arm, found in arms for each in _paths(arm, found)),
        histograms=tuple(_histograms(arms)),
        reliabilities=tuple(each for arm, found in arms for each in _reliabilities(arm, found)),
    )


Seeds = list[tuple[int, Mapping[str, Mapping[str, Array]]]]


def _artefacts(sweep: PlannedSweep, runs: Runs, arm: PlannedArm, probes: Set[str]) -> Seeds:
    """Seed and what `probes` found, of the runs of an arm, in the order of the seeds."""
    found = stored(runs, sweep.runs_of(arm.name))
    return [(run.spec.seed, {name: run.artefacts[name] for name in probes & run.artefacts.keys()}) for run in found]


def _of_probe(found: Seeds, probe: str, array: str) -> Iterator[tuple[int, Mapping[str, Array]]]:
    return ((seed, artefacts[probe]) for seed, artefacts in found if array in artefacts.get(probe, {}))


def _steps(arm: PlannedArm, found: Seeds) -> Iterator[StepLosses]:
    for seed, arrays in list(_of_probe(found, "jitter", "last_losses"))[:1]:
        losses = tuple(map(float, arrays["last_losses"]))
        yield StepLosses(arm.name, arm.is_baseline, seed, losses, float(arrays["by_epoch"][-1]))


def _surfaces(arm: PlannedArm, found: Seeds) -> Iterator[LossSurface]:
    for seed, arrays in list(_of_probe(found, "loss_surface", "loss"))[:1]:
        losses = tuple(tuple(map(float, row)) for row in arrays["loss"])
        yield LossSurface(arm.name, arm.is_baseline, seed, tuple(map(float, arrays["positions"])), losses)


def _paths(arm: PlannedArm, found: Seeds) -> Iterator[LinearPath]:
    kept = [arrays for _, arrays in _of_probe(found, "linear_path", "train_loss")]
    if kept:
        yield LinearPath(arm.name, arm.is_baseline, kept[0]["positions"], tuple(each["train_loss"] for each in kept))


def _reliabilities(arm: PlannedArm, found: Seeds) -> Iterator[Reliability]:
    kept = [arrays for _, arrays in _of_probe(found, "calibration", "count")]
    if kept:
        sums = [np.sum([each[name] for each in kept], axis=0) for name in ("count", "correct", "confidence")]
        bins = tuple(
            (int(count), float(confident / count), float(right / count))
            for count, right, confident in zip(*sums, strict=True)
            if count
        )
        yield Reliability(arm.name, arm.is_baseline, bins, len(kept))


def _histograms(arms: list[tuple[PlannedArm, Seeds]]) -> Iterator[KernelHistogram]:
    kept = ((arm, [arrays for _, arrays in _of_probe(found, "weight_histogram", "counts")]) for arm, found in arms)
    return kernel_histograms([(arm.name, arm.is_baseline, arrays) for arm, arrays in kept])


def kernel_histograms(
    arms: Sequence[tuple[str, bool, Sequence[Mapping[str, Array]]]],
) -> Iterator[KernelHistogram]:
    """One for each kernel, of what the probe `weight_histogram` has kept.

    Args:
        arms: name, whether it is the baseline, and the arrays of its seeds; without any it is left out.
    """
    kept = [(name, is_baseline, arrays) for name, is_baseline, arrays in arms if arrays]
    paths = dict.fromkeys(str(path) for _, _, each in kept for arrays in each for path in arrays["path"])
    for path in paths:
        counts = {name: [_counts_of(arrays, path) for arrays in each] for name, _, each in kept}
        present = {name: [each for each in found if each is not None] for name, found in counts.items()}
        sums = {name: np.sum(found, axis=0) for name, found in present.items() if found}
        edges, bins = _coarser(kept[0][2][0]["edges"], np.sum(list(sums.values()), axis=0))
        yield KernelHistogram(
            path,
            tuple(map(float, edges)),
            tuple(
                ArmDensity(name, is_baseline, _density(sums[name], bins, edges), len(present[name]))
                for name, is_baseline, _ in kept
                if name in sums
            ),
        )


def _counts_of(arrays: Mapping[str, Array], path: str) -> Array | None:
    rows = np.flatnonzero(arrays["path"] == path)
    return arrays["counts"][rows[0]] if len(rows) else None


def _coarser(edges: Array, counts: Array) -> tuple[Array, list[slice]]:
    """About `BINS` bins around 0 that hold nearly all of `counts`, and the fine bins that each is made of."""
    middle = len(counts) // 2
    shares = [counts[middle - reach : middle + reach].sum() for reach in range(1, middle + 1)]
    reach = int(np.searchsorted(shares, SHOWN_SHARE * counts.sum())) + 1
    width = max(1, round(2 * min(reach, middle) / BINS))
    bins = -(-min(reach, middle) // width)
    starts = [middle + width * index for index in range(-bins, bins)]
    starts = [start for start in starts if start >= 0 and start + width <= len(counts)]
    return edges[[*starts, starts[-1] + width]], [slice(start, start + width) for start in starts]


def _density(counts: Array, bins: list[slice], edges: Array) -> tuple[float, ...]:
    """Per unit of weight, of all weights within the fine edges."""
    sums = np.array([counts[each].sum() for each in bins], dtype=np.float64)
    return tuple((sums / max(counts.sum(), 1) / np.diff(edges)).tolist())
