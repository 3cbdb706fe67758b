"""Who trains is part of what a run is: of its id, of its program, and of who is asked for it."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from ablate.config.building import spec_problems
from ablate.config.problems import ConfigError
from ablate.core.records import RunRecord, Status, StoredRun
from ablate.core.specs import Component, Numerics, RunSpec
from ablate.runner.do_job import trainers
from ablate.runner.events import ArtefactFailed
from ablate.runner.inline import InlineExecutor
from ablate.runner.local import LocalExecutor
from ablate.runner.plan import missing
from ablate.runner.session import KnowsExamples, MeasuresProbes, RestoresModels, RestoresSubjects, Session
from ablate.storage.runs import RunStore
from tests.runner.scripted import scripted_spec
from tests.synthetic import run_spec

CONSTANT = "tests.runner.test_trainers.Constant"
OURS = scripted_spec()
USUAL = replace(OURS, trainer=None)


class Constant:
    """Comes to the loss that it is told, gives the weights that it is told to, and can do nothing else."""

    def __init__(self, data_dir, numerics, loss, weights=True) -> None:
        self._loss, self._weights = loss, weights

    def train(self, spec, progress):
        record = RunRecord(spec.run_id, Status.COMPLETED, metrics={"test_loss": self._loss})
        raw = {"weights": {"kernel": np.zeros(2, np.float32)}} if self._weights else {}
        return StoredRun(spec, record, {}, raw)


def by_constant(spec: RunSpec = OURS, **arguments) -> RunSpec:
    return replace(spec, trainer=Component(CONSTANT, arguments))


def test_another_trainer_and_other_settings_of_one_are_another_run_and_another_program() -> None:
    specs = [USUAL, OURS, by_constant(loss=0.5), by_constant(loss=0.25)]
    assert len({spec.run_id for spec in specs}) == len({spec.program_id for spec in specs}) == len(specs)
    for spec in specs:
        assert RunSpec.from_json(spec.to_json()).run_id == spec.run_id
        assert spec.with_seed(4).run_id == replace(spec, seed=4).run_id


def test_the_usual_one_is_left_out_of_the_spec() -> None:
    assert "trainer" not in USUAL.to_json()
    assert OURS.to_json()["trainer"] == {"target": "tests.runner.scripted.Trainer", "arguments": {}}


def test_a_run_of_one_trainer_is_not_served_as_that_of_another(tmp_path) -> None:
    store, other = RunStore(tmp_path), by_constant(loss=0.5)
    store.put(StoredRun(OURS, RunRecord(OURS.run_id, Status.COMPLETED, metrics={"test_loss": 1.0}), {}))
    work = missing({spec.run_id: spec for spec in (OURS, other, USUAL)}, store)
    assert work.todo == (other, USUAL)


@pytest.mark.parametrize("executor", [InlineExecutor(), LocalExecutor(workers=1)])
def test_each_run_of_a_mixed_list_is_trained_by_its_own(executor, tmp_path) -> None:
    others = [by_constant(scripted_spec(seed), loss=loss) for loss in (0.5, 0.25) for seed in (0, 1)]
    specs = [scripted_spec(0), others[0], others[2], scripted_spec(1), others[3], others[1]]
    store = RunStore(tmp_path / "results")
    executor.execute(specs, Session(store, tmp_path, lambda event: None))
    assert [store.record(spec.run_id).metrics["test_loss"] for spec in others] == [0.5, 0.5, 0.25, 0.25]
    assert {store.record(spec.run_id).epochs_run for spec in specs if spec not in others} == {3}
    # One for both seeds, though others were at work in between.
    assert len((tmp_path / "trainers").read_text().splitlines()) == 1


def test_what_a_trainer_lacks_is_said_of_the_artefact_that_takes_it(tmp_path) -> None:
    specs = [by_constant(loss=0.5), by_constant(loss=0.5, weights=False)]
    keep = {specs[0].run_id: ("weights", "sharpness"), specs[1].run_id: ("weights",)}
    events = []
    InlineExecutor().execute(specs, Session(RunStore(tmp_path / "results"), tmp_path, events.append, keep))
    said = {
        (event.run_id, event.artefact): event.failure.message for event in events if isinstance(event, ArtefactFailed)
    }
    assert said == {
        (
            specs[0].run_id,
            "sharpness",
        ): f"keep=[sharpness] takes a trainer that measures probes, and {CONSTANT} does not",
        (specs[1].run_id, "weights"): f"keep=[weights] takes a trainer that gives weights, and {CONSTANT} does not",
    }


def test_ours_lacks_nothing() -> None:
    from ablate.runner.trainer import Trainer

    for ability in (MeasuresProbes, RestoresSubjects, RestoresModels, KnowsExamples):
        assert issubclass(Trainer, ability)
        assert not issubclass(Constant, ability)


def test_a_stored_spec_has_no_trainer_imported_that_was_not_allowed(tmp_path, monkeypatch) -> None:
    (tmp_path / "sly_trainer.py").write_text("class Trainer:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    sly = replace(run_spec("Adam"), trainer=Component("sly_trainer.Trainer"))
    # Its record says that it was allowed; a record allows nothing.
    (problem,) = list(spec_problems(replace(sly, code={"sly_trainer": "c" * 64}), ()))
    assert (problem.key, problem.value) == ("trainer._target_", "sly_trainer.Trainer")
    with pytest.raises(ConfigError, match=r"sly_trainer\.Trainer: allowed is"):
        trainers(tmp_path, Numerics("cpu", "xla", 1))(sly)
    (record,) = InlineExecutor().execute([sly], Session(RunStore(tmp_path / "results"), tmp_path, lambda event: None))
    assert (record.status, record.failure.type) == (Status.FAILED, "ConfigError")
    assert "sly_trainer" not in sys.modules
