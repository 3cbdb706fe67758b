"""The weights of sides beside each other: the numbers by hand, and the histograms where runs kept them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ablate.serving.weights import Weighed, histograms, weight_blocks
from ablate.storage.runs import RunStore
from ablate.web.markup import render
from tests.cli.kept import keep
from tests.serving.conftest import Browser
from tests.serving.stored import RUNS, SWEEP
from tests.serving.test_pages import rows_of, text_of
from tests.synthetic import diverged_run, with_weights

ADAM, SGD = list(RUNS.values())[:4], list(RUNS.values())[4:8]
EDGES = np.linspace(-1, 1, 401)


def kept(std: float) -> dict[str, np.ndarray]:
    counts = np.histogram(np.random.default_rng(1).normal(0, std, 5000), EDGES)[0]
    return {"path": np.array(["hidden/kernel"]), "edges": EDGES, "counts": counts[None], "outside": np.array([0])}


def test_each_kernel_has_a_row_a_side_with_means_over_its_runs() -> None:
    """Of `with_weights` the first kernel has half of what is asked for, the second one and a half of it."""
    first = Weighed([with_weights(run, std) for run, std in zip(ADAM, (1.0, 2.0, 3.0, 4.0), strict=True)], ())
    ended_otherwise = with_weights(diverged_run(SGD[0].spec), 100.0)
    second = Weighed([ended_otherwise, with_weights(SGD[1], 0.2)], ())
    rows = rows_of(str(render(weight_blocks([first, second]), {})))
    assert [row[:3] for row in rows] == [
        ["hidden/kernel", "A", "4"],
        ["", "B", "1"],
        ["logits/kernel", "A", "4"],
        ["", "B", "1"],
    ]
    assert [float(row[4]) for row in rows] == [1.25, 0.1, 3.75, 0.3]


def test_weights_that_are_not_finite_count_for_nothing() -> None:
    runs = [with_weights(ADAM[0], np.nan), with_weights(ADAM[1], 1.0)]
    assert [row[2] for row in rows_of(str(render(weight_blocks([Weighed(runs, ())]), {})))] == ["1", "1"]
    none = weight_blocks([Weighed([replace(ADAM[0], arrays={})], ())])
    assert "No run of these sides" in str(render(none, {}))


def test_a_histogram_is_a_line_a_side_that_kept_one() -> None:
    sides = [Weighed(ADAM, [kept(0.1)]), Weighed(SGD, []), Weighed(SGD, [kept(0.3), kept(0.3)])]
    drawn = str(histograms(sides))
    assert drawn.count("<title>side ") == 2
    assert "side A, 1 runs" in drawn
    assert "side C, 2 runs" in drawn
    assert "side B" not in drawn
    assert str(histograms([Weighed(ADAM, [])])) == ""


def test_the_page_of_a_comparison_leads_to_them(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    runs = {run_id: with_weights(run, 1.0) for run_id, run in RUNS.items()}
    first = next(iter(runs))
    runs[first] = replace(runs[first], artefacts={"weight_histogram": kept(0.2)})
    keep(folder, SWEEP, runs)
    assert "counts" in RunStore(folder).artefact(first, "weight_histogram")
    client = browser(folder)
    two = "with=optimizers:adam&with=optimizers:sgd"
    assert f"/compare/weights?{two}" in client.get(f"/compare?{two}").text.replace("%3A", ":").replace("&amp;", "&")
    page = client.get(f"/compare/weights?{two}").text
    assert "hidden/kernel" in text_of(page)
    assert "<title>side A, 1 runs" in page
