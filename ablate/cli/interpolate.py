"""Did two ways of training end in one valley? The loss on the straight line between the weights of their runs.

ablate interpolate optimizers:adam optimizers:sgd            of every seed that both arms have
ablate interpolate 3fa9 81c2 --out lines                     two runs, with a figure
ablate interpolate optimizers:adam optimizers:sgd --report   in the report of the study as well
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ablate.analysis.interpolations import ArmInterpolations, Interpolation, with_interpolations
from ablate.cli.output import Output
from ablate.cli.verbs import Invocation
from ablate.config.runs import Settings
from ablate.core.errors import ExitCode, UsageError
from ablate.core.identity import Json
from ablate.operations.restore import WeightedRun, trainer_on_cpu, weighted_runs
from ablate.operations.sides import one_side, study_of
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder

WORDS = "side"
WORDS_HELP = "two runs (the beginnings of their ids) or two arms as study:level, with weights kept"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object, with the losses along each line")
    parser.add_argument("--out", type=Path, help="draw a figure into this folder")
    parser.add_argument("--report", action="store_true", help="show it in the report of the study")


def execute(invocation: Invocation, output: Output) -> int:
    settings, words = invocation.settings()
    if len(words) != 2:
        raise UsageError("Between which two? ablate interpolate STUDY:ARM STUDY:ARM")
    sides = [one_side(word, settings.results_dir) for word in words]
    studies = {study_of(side) for side in sides} if invocation.options.report else set()
    if len(studies) > 1:
        raise UsageError(f"{' and '.join(sorted(studies))} have a report each: name two arms of one study")
    store = RunStore(settings.results_dir)
    pairs = pairs_of(*(weighted_runs(side, store) for side in sides))
    if not pairs:
        raise UsageError(f"{words[0]} and {words[1]} share no seed whose weights are kept on both sides")
    found = measure(sides[0].label, sides[1].label, pairs, settings)
    if invocation.options.json:
        output.data(to_json(found))
    else:
        from ablate.reporting.interpolations import in_words

        output.result(in_words(found))
    if invocation.options.out is not None:
        output.say(str(draw(found, invocation.options.out)))
    for study in studies:
        output.say(str(report(found, study, settings)))
    return ExitCode.DONE


def pairs_of(first: Sequence[WeightedRun], second: Sequence[WeightedRun]) -> list[tuple[WeightedRun, WeightedRun]]:
    """The runs of equal seeds; of one run on each side, these two."""
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    by_seed = {each.run.spec.seed: each for each in second}
    return [(each, by_seed[each.run.spec.seed]) for each in first if each.run.spec.seed in by_seed]


def measure(
    first: str, second: str, pairs: Sequence[tuple[WeightedRun, WeightedRun]], settings: Settings
) -> ArmInterpolations:
    """The lines between the pairs, on the data and by the objective of the first of each.

    Raises:
        ConfigError: when a run is made of what the user has not allowed.
        DataError: when the data of a run cannot be read.
        UsageError: when the two are of different models.
    """
    trainer = trainer_on_cpu([each for pair in pairs for each in pair], settings)
    from ablate.core.artefacts import WEIGHTS
    from ablate.probes.interpolation import interpolate

    interpolations: dict[int, Interpolation] = {}
    for one, other in pairs:
        subject = trainer.subject(one.run.spec, {WEIGHTS: one.weights})
        try:
            interpolation = interpolate(subject, one.weights, other.weights)
        except ValueError as error:
            raise UsageError(f"Nothing lies between {first} and {second}: {error}") from error
        interpolations[one.run.spec.seed] = Interpolation(
            interpolation.positions, interpolation.train_loss, interpolation.validation_loss, interpolation.barrier
        )
    return ArmInterpolations(first, second, interpolations)


def to_json(found: ArmInterpolations) -> dict[str, Json]:
    return {
        "first": found.first,
        "second": found.second,
        "barrier": found.barrier.mean,
        "lines": [
            {
                "seed": seed,
                "barrier": interpolation.barrier,
                "positions": interpolation.positions.tolist(),
                "train_loss": interpolation.train_loss.tolist(),
                "validation_loss": interpolation.validation_loss.tolist(),
            }
            for seed, interpolation in found.by_seed.items()
        ],
    }


def draw(found: ArmInterpolations, folder: Path) -> Path:
    from ablate.plots.canvas import png_bytes
    from ablate.plots.interpolations import interpolation_page
    from ablate.reporting.interpolations import interpolation_file
    from ablate.storage.atomic import write_atomically

    path = folder / interpolation_file(found)
    write_atomically(path, png_bytes(interpolation_page(found)))
    return path


def report(found: ArmInterpolations, study: str, settings: Settings) -> Path:
    """Puts the lines into the study's folder, and so into its report; the report's path."""
    from ablate.operations.publish import publish
    from ablate.reporting.evidence import INTERPOLATIONS, pack_interpolations, unpack_interpolations

    folder = StudyFolder(settings.results_dir, study)
    path = folder.path / INTERPOLATIONS
    known = unpack_interpolations({INTERPOLATIONS: path.read_bytes()}) if path.is_file() else ()
    folder.write(INTERPOLATIONS, pack_interpolations(with_interpolations(known, found)))
    return publish(folder, RunStore(settings.results_dir), settings.reports_dir).report.path
