"""What every trainer promises: a run is a function of its spec alone, and what a record of it can hold.

    class TestMine(TrainerContract):
        def spec(self):
            return tiny_spec("trainer=mine", folder=HERE)

What else a trainer can do (see `ablate.runner.session`) is tested where it says so by having the method.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ablate.core.artefacts import ARTEFACTS, PROBES, WEIGHTS, derivable
from ablate.core.records import Array, Status, StoredRun
from ablate.core.specs import RunSpec
from ablate.runner.do_job import trainers
from ablate.runner.session import KnowsExamples, MeasuresProbes, RestoresModels, RestoresSubjects, Trainer
from ablate.storage.npz import pack
from ablate.storage.runs import encode, encode_artefact
from ablate.testing.specs import train

__all__ = ["TrainerContract"]

# An epoch as a trainer tells of it: its number, how many there are, its metrics.
Told = tuple[int, int, Mapping[str, float]]


class TrainerContract:
    """Give a `spec` that names the trainer.

    Attributes:
        probes: those that are measured, as far as the trainer measures any and keeps what they need.
    """

    probes: ClassVar[tuple[str, ...]] = ("jitter", "weight_histogram")
    _trained: ClassVar[list[tuple[StoredRun, list[Told]]]]

    @classmethod
    def setup_class(cls) -> None:
        """What several tests look at is trained once for each class."""
        cls._trained = []

    def spec(self) -> RunSpec:
        """A run that completes, within seconds."""
        raise NotImplementedError

    def diverging_spec(self) -> RunSpec | None:
        """A run that diverges; None where the trainer knows of no such thing."""
        return None

    def data_dir(self) -> Path | None:
        """Where the data of the spec lies; None where its loader knows."""
        return None

    def trainer(self) -> Trainer:
        """A new one, made as a worker makes it."""
        spec = self.spec()
        return trainers(self.data_dir(), spec.numerics)(spec)

    @property
    def trained(self) -> tuple[StoredRun, list[Told]]:
        """The run of the spec, and what was told of its epochs."""
        if not self._trained:
            told: list[Told] = []
            self._trained.append((self.trainer().train(self.spec(), lambda *epoch: told.append(epoch)), told))
        return self._trained[0]

    def test_a_run_can_be_stored_and_says_how_it_ended(self) -> None:
        spec, (run, _) = self.spec(), self.trained
        assert (run.spec.run_id, run.record.run_id) == (spec.run_id, spec.run_id)
        assert run.record.status is Status.COMPLETED
        assert run.record.failure is None
        assert run.record.divergence is None
        assert run.record.metrics
        assert all(math.isfinite(value) for value in run.record.metrics.values())
        assert encode(run)

    def test_only_raw_artefacts_come_with_it(self) -> None:
        run, _ = self.trained
        assert set(run.artefacts) <= set(ARTEFACTS) - set(PROBES)
        for name, arrays in run.artefacts.items():
            assert encode_artefact(run.spec.run_id, name, arrays)

    def test_tells_of_its_epochs_in_their_order(self) -> None:
        run, told = self.trained
        ended = list(range(1, run.record.epochs_run + 1))
        # That training begins may be told, as an epoch 0 that has no metrics yet.
        assert [epoch for epoch, _, _ in told] in (ended, [0, *ended])
        assert all(epoch or not metrics for epoch, _, metrics in told)
        assert all(epoch <= epochs for epoch, epochs, _ in told)
        assert all(len(values) == run.record.epochs_run for values in run.history.values())

    def test_a_run_comes_out_again_whatever_was_trained_before(self) -> None:
        """To the last bit: by a new trainer, by a used one, and after a run of another seed, which is another run."""
        spec = self.spec()
        other = spec.with_seed(spec.seed + 1)
        used = self.trainer()
        first, between, again = (outcome(train(used, each)) for each in (spec, other, spec))
        assert first == again == outcome(self.trained[0])
        assert between != first

    def test_to_diverge_is_an_outcome(self) -> None:
        """It is no exception, and the next run does not feel it."""
        diverging = self.diverging_spec()
        if diverging is None:
            return
        used = self.trainer()
        run = train(used, diverging)
        assert run.record.status is Status.DIVERGED
        assert run.record.divergence
        assert run.record.failure is None
        assert run.artefacts == {}
        assert encode(run)
        assert outcome(train(used, self.spec())) == outcome(self.trained[0])

    def test_probes_are_measured_of_what_was_kept(self) -> None:
        trainer, spec = self.trainer(), self.spec()
        if not isinstance(trainer, MeasuresProbes):
            return
        run = train(trainer, spec)
        measured = [name for name in self.probes if derivable([name], run.artefacts)]
        assert measured, "keeps nothing that these probes need"
        for name in measured:
            first, again = (trainer.measure(spec, name, run.artefacts) for _ in range(2))
            assert encode_artefact(spec.run_id, name, first)
            assert pack(first) == pack(again)
        assert outcome(train(trainer, spec)) == outcome(run)

    def test_a_subject_is_of_the_run(self) -> None:
        trainer, spec = self.trainer(), self.spec()
        if not isinstance(trainer, RestoresSubjects):
            return
        run = train(trainer, spec)
        assert trainer.subject(spec, run.artefacts).spec == spec

    def test_a_model_comes_back_with_its_weights(self) -> None:
        """It computes what the run's did, and those of two seeds something else."""
        trainer, spec = self.trainer(), self.spec()
        if not (isinstance(trainer, RestoresModels) and isinstance(trainer, KnowsExamples)):
            return
        examples = np.linspace(-1, 1, 3 * math.prod(trainer.example_shape(spec)), dtype=np.float32)
        examples = examples.reshape(3, *trainer.example_shape(spec))

        def outputs(run: StoredRun) -> Array:
            model: Any = trainer.restore(run.spec, run.artefacts[WEIGHTS])
            return np.asarray(model(examples))

        run, other = (train(trainer, each) for each in (spec, spec.with_seed(spec.seed + 1)))
        first, second, again = map(outputs, (run, other, run))
        assert len(first) == 3
        assert np.isfinite(first).all()
        assert first.tobytes() == again.tobytes() != second.tobytes()


def outcome(run: StoredRun) -> tuple[Any, ...]:
    """What must come out again of a run; its times and its machine need not."""
    record = run.record
    numbers = (record.status, record.epochs_run, record.best_epoch, record.evaluated_epoch, dict(record.metrics))
    return numbers, pack(run.arrays), {name: pack(arrays) for name, arrays in run.artefacts.items()}
