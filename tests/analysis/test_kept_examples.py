"""What reports show of the artefacts `samples`, `sensitivity` and `probabilities`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.displacement import displacement_curves
from ablate.analysis.ensembles import EnsembleGain, study_ensembles
from ablate.analysis.examples import shown_examples
from ablate.analysis.results import study_results
from ablate.core.records import StoredRun
from tests.kept_examples import SWEEP, with_examples
from tests.synthetic import completed_runs, plan_of, with_class_names

PLAN = plan_of(SWEEP)
PLANNED = PLAN.sweeps[0]
BARE = completed_runs(SWEEP)
RUNS = with_examples(BARE)


def only(runs: dict[str, StoredRun], **kept: bool) -> dict[str, StoredRun]:
    """The runs with some of their artefacts left out."""
    return {
        run_id: replace(run, artefacts={name: found for name, found in run.artefacts.items() if kept.get(name, True)})
        for run_id, run in runs.items()
    }


def test_nothing_kept_is_nothing_shown() -> None:
    results = study_results(PLAN, BARE).sweeps[0]
    assert (results.examples, results.displacements, dict(results.ensembles)) == (None, (), {})
    assert study_ensembles(PLAN, BARE) == {}


def test_examples_are_those_of_the_baseline_s_first_seed_that_has_any() -> None:
    shown = shown_examples(PLANNED, RUNS)
    assert (shown.arm, shown.seed) == ("dropout=0.0", 0)
    first = PLANNED.runs_of("dropout=0.0")[0].run_id
    later = shown_examples(PLANNED, {**RUNS, first: BARE[first]})
    assert later.seed == 1
    kept = RUNS[first].artefacts["samples"]
    assert [example.label for example in shown.mistakes] == kept["mistake/label"].tolist()
    assert shown.mistakes[0].predicted != shown.mistakes[0].label
    assert shown.random[3].image == pytest.approx(kept["random/image"][3, :, :, 0] / 255)
    assert shown.classes["train"] == (5, 6, 7)


def test_examples_without_images_are_shown_without() -> None:
    first = PLANNED.runs_of("dropout=0.0")[0].run_id
    arrays = {k: v for k, v in RUNS[first].artefacts["samples"].items() if not k.endswith("image")}
    shown = shown_examples(PLANNED, {**RUNS, first: replace(RUNS[first], artefacts={"samples": arrays})})
    assert not shown.have_images
    assert len(shown.random) == 10


def test_displacement_has_a_line_an_arm_over_its_seeds() -> None:
    shift, rotation = displacement_curves(PLANNED, RUNS)
    assert (shift.kind, rotation.kind) == ("shift", "rotation")
    assert shift.amounts == (0.0, 1.0, 2.0)
    assert [(arm.arm, arm.is_baseline, list(arm.seeds)) for arm in shift.arms] == [
        ("dropout=0.0", True, [0, 1, 2]),
        ("dropout=0.3", False, [0, 1, 2]),
    ]
    by_seed = np.array(list(shift.arms[1].seeds.values()))
    assert shift.arms[1].mean == pytest.approx(by_seed.mean(axis=0))


def test_runs_with_other_amounts_than_the_baseline_are_left_out() -> None:
    stranger = PLANNED.runs_of("dropout=0.3")[1].run_id
    arrays = {**RUNS[stranger].artefacts["sensitivity"], "shift/amount": np.array([0.0, 0.5, 1.0])}
    changed = replace(RUNS[stranger], artefacts={"sensitivity": arrays})
    shift, _ = displacement_curves(PLANNED, {**RUNS, stranger: changed})
    assert list(shift.arms[1].seeds) == [0, 2]


def test_ensembles_of_two_seeds_or_more_survive_json() -> None:
    gains = study_ensembles(PLAN, RUNS)["dropout"]
    assert list(gains) == ["dropout=0.0", "dropout=0.3"]
    for gain in gains.values():
        assert EnsembleGain.from_json(gain.to_json()) == gain
        assert gain.single.n == 3
    one = {run_id: run for run_id, run in RUNS.items() if run.spec.seed == 0}
    assert study_ensembles(PLAN, {**BARE, **one}) == {}
    assert study_results(PLAN, RUNS, ensembles={"dropout": gains}).sweeps[0].ensembles == gains


def test_names_of_classes_are_those_of_the_run_that_is_shown() -> None:
    assert shown_examples(PLANNED, RUNS).class_names == ()
    named = with_class_names(RUNS, ("disc", "square", "cross"))
    assert shown_examples(PLANNED, named).class_names == ("disc", "square", "cross")
