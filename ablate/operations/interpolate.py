"""The loss on the straight line between the weights of two runs, or of two arms seed by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablate.analysis.interpolations import ArmInterpolations, Interpolation, with_interpolations
from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.operations.as_json import document, shows
from ablate.operations.restore import WeightedRun, trainer_on_cpu, weighted_runs
from ablate.operations.sides import one_side, study_of
from ablate.runner.session import RestoresSubjects, TrainerLacks
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder

__all__ = ["Interpolated", "Line", "interpolate"]


@shows(
    "seed",
    "barrier=measured.barrier",
    "positions=measured.positions",
    "train_loss=measured.train_loss",
    "validation_loss=measured.validation_loss",
)
@dataclass(frozen=True, eq=False)
class Line:
    """The line between two runs, and the seed of the first of them."""

    seed: int
    measured: Interpolation


@document("interpolate", version=1)
@shows(
    "first=interpolations.first",
    "second=interpolations.second",
    "barrier=interpolations.barrier.mean",
    "lines",
    "figure",
    "report",
)
@dataclass(frozen=True, eq=False)
class Interpolated:
    """The lines that were measured, the figure and the report that show them, where these were asked for."""

    interpolations: ArmInterpolations
    figure: Path | None = None
    report: Path | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(Line(seed, measured) for seed, measured in self.interpolations.by_seed.items())


def interpolate(
    first: str, second: str, *, settings: Settings, out: Path | None = None, report: bool = False
) -> Interpolated:
    """Measures the loss between two ways of training. TensorFlow is imported by this call, for seconds.

    Args:
        first, second: runs by the beginnings of their ids, or arms as `study:level`, whose weights were kept.
        out: a folder into which a figure is drawn.
        report: whether to show it in the report of the study of both.

    Raises:
        UsageError: when a name is not that of a run or an arm, when both name the same, when the two share no seed
            whose weights were kept, when they are different models, or for a report where they are not arms of one
            study.
        TrainerLacks: when what trained the first restores nothing that the loss can be measured on.
        NoSuchArm, MissingRun, AmbiguousPrefix: when there is no such run or arm, or more than one.
        ConfigError: when a run is made of what the user has not allowed.
        DataError: when the data of a run cannot be read.
        WriteFailed: when the file system refuses the figure or the report.
    """
    sides = [one_side(name, settings.results_dir) for name in (first, second)]
    if sides[0].label == sides[1].label:
        raise UsageError(f"{first} and {second} both name {sides[0].label}: a path has two ends")
    studies = {study_of(side) for side in sides} if report else set()
    if len(studies) > 1:
        raise UsageError(f"{' and '.join(sorted(studies))} have a report each: name two arms of one study")
    store = RunStore(settings.results_dir)
    pairs = _pairs(*(weighted_runs(side, store) for side in sides))
    if not pairs:
        raise UsageError(f"{first} and {second} share no seed whose weights are kept on both sides")
    found = _measure(sides[0].label, sides[1].label, pairs, settings)
    return Interpolated(
        found,
        figure=_draw(found, out) if out is not None else None,
        report=_publish(found, studies.pop(), settings) if studies else None,
    )


def _pairs(first: Sequence[WeightedRun], second: Sequence[WeightedRun]) -> list[tuple[WeightedRun, WeightedRun]]:
    """The runs of equal seeds; of one run on each side, these two."""
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    by_seed = {each.run.spec.seed: each for each in second}
    return [(each, by_seed[each.run.spec.seed]) for each in first if each.run.spec.seed in by_seed]


def _measure(
    first: str, second: str, pairs: Sequence[tuple[WeightedRun, WeightedRun]], settings: Settings
) -> ArmInterpolations:
    """The lines between the pairs, on the data and by the objective of the first of each."""
    trainer = trainer_on_cpu([each for pair in pairs for each in pair], settings)
    if not isinstance(trainer, RestoresSubjects):
        raise TrainerLacks("ablate interpolate", trainer, "restores what probes see")
    from ablate.core.artefacts import WEIGHTS
    from ablate.probes.interpolation import interpolate as losses_between

    interpolations: dict[int, Interpolation] = {}
    for one, other in pairs:
        subject = trainer.subject(one.run.spec, {WEIGHTS: one.weights})
        try:
            interpolation = losses_between(subject, one.weights, other.weights)
        except ValueError as error:
            raise UsageError(f"Nothing lies between {first} and {second}: {error}") from error
        interpolations[one.run.spec.seed] = Interpolation(
            interpolation.positions, interpolation.train_loss, interpolation.validation_loss, interpolation.barrier
        )
    return ArmInterpolations(first, second, interpolations)


def _draw(found: ArmInterpolations, folder: Path) -> Path:
    from ablate.plots.canvas import png_bytes
    from ablate.plots.interpolations import interpolation_page
    from ablate.reporting.interpolations import interpolation_file
    from ablate.storage.atomic import write_atomically

    path = folder / interpolation_file(found)
    write_atomically(path, png_bytes(interpolation_page(found)))
    return path


def _publish(found: ArmInterpolations, study: str, settings: Settings) -> Path:
    """Puts the lines into the study's folder, and so into its report; the report's path."""
    from ablate.operations.publish import known_of, publish
    from ablate.publishing.evidence import INTERPOLATIONS, pack_interpolations, unpack_interpolations

    folder = StudyFolder(settings.results_dir, study)
    known = known_of(folder, INTERPOLATIONS, unpack_interpolations)
    folder.write(INTERPOLATIONS, pack_interpolations(with_interpolations(known, found)))
    return publish(folder, RunStore(settings.results_dir), settings.reports_dir).report.path
