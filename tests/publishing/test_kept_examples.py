"""Examples, displacement, ensembles and photographs in a report, and in its data/."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ablate.analysis.ensembles import study_ensembles
from ablate.analysis.photo_predictions import ArmPhotoPredictions, Opinion, PhotoPrediction
from ablate.publishing.evidence import Evidence, pack_evidence, unpack_evidence
from ablate.publishing.writing import rebuild, write_report
from ablate.reporting.ensembles import ensembles_table
from ablate.reporting.markdown import render
from tests.kept_examples import SWEEP, with_examples
from tests.synthetic import completed_runs, plan_of

PLAN = plan_of(SWEEP)
RUNS = with_examples(completed_runs(SWEEP))
FIGURES = ("sample_predictions", "surest_mistakes", "class_distribution", "displacement", "ensembles")


def photo_predictions() -> ArmPhotoPredictions:
    draws = np.random.default_rng(0)
    opinions = tuple(Opinion(f"{seed:064x}", seed, np.array([0.1, 0.9]), np.array([0.8, 0.2])) for seed in (0, 1))
    steps = {"grey": draws.random((300, 500)), "centred": draws.random((28, 28))}
    return ArmPhotoPredictions(
        "dropout:dropout=0.0", (PhotoPrediction("a five.png", steps, opinions, steps["centred"]),)
    )


def test_what_was_packed_says_the_same_and_holds_no_probabilities() -> None:
    files = pack_evidence(Evidence(PLAN, RUNS, photo_predictions=photo_predictions())).files
    back = unpack_evidence(files)
    assert back.ensembles == study_ensembles(PLAN, RUNS)
    assert not any("probabilities" in run.artefacts for run in back.runs.values())
    assert sum("samples" in run.artefacts for run in back.runs.values()) == 1
    (got,), (given,) = back.photo_predictions.predictions, photo_predictions().predictions
    assert (got.name, [each.run_id for each in got.opinions]) == (given.name, [each.run_id for each in given.opinions])
    assert np.array_equal(got.probabilities, given.probabilities)
    assert max(back.photo_predictions.predictions[0].steps["grey"].shape) <= 240
    assert pack_evidence(back).files == files


def test_a_study_without_them_has_no_such_files() -> None:
    files = pack_evidence(Evidence(PLAN, completed_runs(SWEEP))).files
    assert not {"ensembles.json", "photographs.npz"} & set(files)


def test_a_report_shows_them_and_is_rebuilt_from_its_data(tmp_path: Path) -> None:
    written = write_report(PLAN, RUNS, tmp_path / "report", photo_predictions=photo_predictions())
    text = written.path.read_text()
    for name in FIGURES:
        assert f"](figures/dropout-{name}.png)" in text
    assert "### Ensembles of seeds" in text
    assert "## Photographs" in text
    assert re.search(r"a five\.png\s+\| 1 \(0\.900\)\s+\| 1: 2\s+\| 0 \(0\.800\)\s+\| 0: 2", text)
    assert "](figures/photograph-1-a-five.png)" in text
    shown = set(re.findall(r"\]\(figures/([^)]+)\)", text))
    assert shown == {path.name for path in (tmp_path / "report" / "figures").iterdir()}
    again = rebuild(tmp_path / "report" / "data", tmp_path / "again")
    assert again.path.read_bytes() == written.path.read_bytes()
    assert {path.name for path in (tmp_path / "again" / "figures").iterdir()} == shown


def test_the_table_of_ensembles_says_gain_and_interval() -> None:
    gains = study_ensembles(PLAN, RUNS)["dropout"]
    first = next(line for line in render(ensembles_table(gains)).splitlines() if "dropout=0.0" in line)
    gain = gains["dropout=0.0"]
    cells = [cell.strip() for cell in first.strip("|").split("|")]
    assert cells[1] == "3"
    assert float(cells[5]) == round(gain.gain, len(cells[5].partition(".")[2]))
    assert cells[6].startswith("[")
