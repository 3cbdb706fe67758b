"""What is kept of a study's runs, through the command line: plan, derive, claims, report, and what goes wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ablate.runner import trainer as module
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder

SWEEP = (
    "+sweep=activations",
    "sweep.factors.model.activation=[relu,gelu]",
    "sweep.seeds=2",
    "training.epochs=2",
    "model.hidden=[8]",
    "numerics.engine=graph",
    "executor=inline",
    "sweep.claims=[]",
)
CLAIM = 'sweep.claims=["gelu < relu on dead_units"]'


def test_a_claim_brings_its_probe_which_is_derived_and_reported(ablate, folder):
    assert ablate(*SWEEP, "keep=[weights]").code == 0
    store = RunStore(folder / "results")
    before = {path: path.read_bytes() for path in folder.glob("results/runs/??/*/*.*")}
    planned = ablate("plan", *SWEEP[:-1], CLAIM)
    assert "4 runs, dead_units of 4 to derive from weights · " in planned.out
    claimed = ablate(*SWEEP[:-1], CLAIM, "keep=[weights]")
    assert (claimed.code, claimed.err.count("completed")) == (0, 5)
    assert {path: path.read_bytes() for path in folder.glob("results/runs/??/*/*.*")} == before
    assert {store.artefacts(run_id) for run_id in store.ids()} == {("weights", "dead_units")}
    report = (folder / "reports/activations/report.md").read_text()
    assert "dead hidden units" in report
    assert "on dead_units" in report
    assert "all done" in ablate("plan", *SWEEP[:-1], CLAIM, "keep=[weights]").out
    again = ablate("report", "--from", "reports/activations/data")
    assert again.code == 0, again.err
    assert (folder / "reports/activations/report.md").read_text() == report


def test_a_run_that_does_not_come_out_again_is_said_and_logged(ablate, folder, monkeypatch):
    assert ablate(*SWEEP).code == 0
    before = {path: path.read_bytes() for path in folder.glob("results/runs/??/*/**/*.*")}
    results = module.final_results

    def other_results(program, data):
        metrics, arrays = results(program, data)
        return metrics, {**arrays, "test/probability": arrays["test/probability"] + np.float32(1e-6)}

    monkeypatch.setattr(module, "final_results", other_results)
    said = ablate(*SWEEP, "keep=[weights]")
    assert said.code == 3
    assert "4 to train again for weights" in said.err
    assert "test/probability came out with other numbers" in said.err
    assert {path: path.read_bytes() for path in folder.glob("results/runs/??/*/**/*.*")} == before
    events = StudyFolder(folder / "results", "activations").events()
    assert [event["event"] for event in events] == ["nondeterminism"] * 4
    assert {event["detail"].partition(": ")[2] for event in events} == {"test/probability"}
    assert "nondeterminism" in (folder / "reports/activations/report.md").read_text()


def test_a_probe_that_makes_no_sense_is_no_failure(ablate, folder):
    words = ("model.hidden=[]", "training.epochs=1", "numerics.engine=graph", "executor=inline", "keep=[dead_units]")
    assert ablate(*words).code == 0
    store = RunStore(folder / "results")
    (run_id,) = store.ids()
    assert str(store.artefact(run_id, "dead_units")["not_applicable"]) == "the model has no hidden units"
    assert "all done" in ablate("plan", *words).out


def test_a_probe_that_breaks_is_said_and_the_rest_goes_on(ablate, folder, monkeypatch):
    measure = module.measure

    def broken(probe, subject):
        if probe == "sharpness":
            raise MemoryError("too many weights")
        return measure(probe, subject)

    monkeypatch.setattr(module, "measure", broken)
    words = ("training.epochs=1", "numerics.engine=graph", "model.hidden=[4]", "executor=inline")
    said = ablate(*words, "keep=[sharpness,dead_units]")
    assert said.code == 3
    assert "no sharpness: MemoryError: too many weights" in said.err
    store = RunStore(folder / "results")
    (run_id,) = store.ids()
    assert store.artefacts(run_id) == ("dead_units",)
    assert store.record(run_id).metrics["test_loss"] > 0


@pytest.mark.parametrize("words", [("list", "runs", "--json"), ("show",)])
def test_a_run_with_artefacts_reads_as_any_other(ablate, folder, words):
    ablate("training.epochs=1", "model.hidden=[4]", "numerics.engine=graph", "executor=inline", "keep=[weights]")
    (run_id,) = RunStore(folder / "results").ids()
    said = ablate(*words, *([run_id] if words[0] == "show" else []))
    assert said.code == 0
    assert run_id[:8] in (json.dumps(json.loads(said.out)) if "--json" in words else said.out)
