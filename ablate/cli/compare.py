"""Put runs, arms or studies side by side: what differs, metrics with paired differences, disagreements.

ablate compare optimizers:adam optimizers:sgd       two arms, as study:level
ablate compare 3fa9 81c2 --out side_by_side         two runs, by the beginning of their ids
ablate compare optimizers                           all arms of a study
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ablate.analysis.comparison import NoSuchArm, Side, compare, sides_of_study
from ablate.cli.command import ExitCode, Invocation
from ablate.cli.output import Output, UsageError
from ablate.cli.report import known_studies
from ablate.core.plans import StudyPlan
from ablate.operations.request import read_settings
from ablate.reporting.comparison import comparison_markdown, mismatch_text, write_comparison
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder

WORDS = "side"
WORDS_HELP = "a study, an arm as study:level, or the beginning of a run id"

ID_DIGITS = 12


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, help="write comparison.md with figures into this folder")
    parser.add_argument("--allow", action="store_true", help="compare even what is not comparable")


def execute(invocation: Invocation, output: Output) -> int:
    settings, names = read_settings(invocation)
    sides = [side for name in names for side in find_sides(name, settings.results_dir)]
    if len(sides) < 2:
        raise UsageError(f"A comparison needs two sides or more. {known_studies(settings.results_dir)}")
    comparison = compare(sides)
    if not comparison.are_comparable and not invocation.options.allow:
        raise UsageError(f"{mismatch_text(comparison)}\nTo compare them all the same: --allow")
    if invocation.options.out is not None:
        output.result(str(write_comparison(comparison, invocation.options.out)))
    else:
        output.result(comparison_markdown(comparison))
    return ExitCode.DONE


def find_sides(name: str, results_dir: Path) -> tuple[Side, ...]:
    """The sides that a word names: the arms of a study, one arm, or one run.

    Raises:
        UsageError, MissingRun, AmbiguousPrefix: when it names none.
    """
    store = RunStore(results_dir)
    study, colon, level = name.partition(":")
    plan = known_plan(study, results_dir)
    if plan is None and colon:
        raise UsageError(f"No study {study} under {results_dir}. {known_studies(results_dir)}")
    if plan is None:
        run = store.get(store.find(name))
        return (Side(run.record.run_id[:ID_DIGITS], (run,)),)
    try:
        return sides_of_study(plan, store.present(plan.run_ids), level or None)
    except NoSuchArm as error:
        raise UsageError(str(error)) from error


def known_plan(study: str, results_dir: Path) -> StudyPlan | None:
    try:
        return StudyFolder(results_dir, study).plan()
    except ValueError:  # no name of a study, so perhaps the beginning of a run id
        return None
