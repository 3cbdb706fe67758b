"""What every probe promises: the numbers that it has announced, the same ones each time, of a run that it leaves alone.

class TestMine(ProbeContract):
    probe = "weight_entropy"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import ClassVar

import keras
import numpy as np

from ablate.core.artefacts import ARTEFACTS, NOT_APPLICABLE, PROBES, STEP_LOSSES, WEIGHTS
from ablate.core.records import VALUE
from ablate.probes import Subject, measure
from ablate.runner.trainer import Trainer
from ablate.storage.npz import pack
from ablate.storage.runs import encode_artefact
from ablate.testing.specs import tiny_spec, train

__all__ = ["ProbeContract", "tiny_subject"]


@cache
def _trained(words: tuple[str, ...]) -> Subject:
    spec = tiny_spec(*words)
    trainer = Trainer(None, spec.numerics)
    return trainer.subject(spec, train(trainer, spec).artefacts)


def tiny_subject(*words: str) -> Subject:
    """The run of `tiny_spec` with these words, as probes see it, by the usual trainer; trained once for each."""
    return _trained(words)


class ProbeContract:
    """Name a `probe`, and give the `subject` of a run that it makes sense of if this one will not do."""

    probe: ClassVar[str]

    def subject(self) -> Subject:
        """A run whose numbers the probe measures."""
        return tiny_subject("model.hidden=[4]")

    def unfit_subject(self) -> Subject | None:
        """A run that the probe makes no sense of; None where it makes sense of all."""
        return None

    def measured(self, subject: Subject) -> Mapping[str, np.ndarray]:
        return measure(self.probe, subject)

    def test_is_announced_with_what_it_is_measured_from(self) -> None:
        info = PROBES[self.probe]
        assert ARTEFACTS[self.probe] is info
        assert info.needs
        assert set(info.needs) <= {WEIGHTS, STEP_LOSSES}
        assert info.version >= 1
        assert all(quantity.title for quantity in info.quantities)

    def test_measures_what_it_has_announced(self) -> None:
        """`measure` leaves out what is not finite and refuses what was not announced; of the rest some is there."""
        arrays = self.measured(self.subject())
        assert NOT_APPLICABLE not in arrays
        announced = {VALUE + quantity.name for quantity in PROBES[self.probe].quantities}
        found = {name for name in arrays if name.startswith(VALUE)}
        assert found <= announced
        assert bool(found) == bool(announced)
        assert arrays
        assert encode_artefact(self.subject().spec.run_id, self.probe, arrays)

    def test_sees_no_more_than_it_needs(self) -> None:
        """Of the raw artefacts the others may not have been kept."""
        subject = self.subject()
        needs = PROBES[self.probe].needs
        barely = subject if STEP_LOSSES in needs else replace(subject, step_losses={})
        assert pack(self.measured(barely)) == pack(self.measured(subject))

    def test_measures_the_same_again_whatever_else_draws_random_numbers(self) -> None:
        found = []
        for seed in (1, 2):
            keras.utils.set_random_seed(seed)
            found.append(pack(self.measured(self.subject())))
        assert found[0] == found[1]

    def test_trains_nothing(self) -> None:
        subject = self.subject()
        before = [values.tobytes() for values in subject.model.get_weights()]
        self.measured(subject)
        assert [values.tobytes() for values in subject.model.get_weights()] == before
        module = import_module(f"ablate.probes.{self.probe}")
        assert not {"optimizers", "optimizer"} & vars(module).keys()

    def test_says_of_what_it_makes_no_sense(self) -> None:
        unfit = self.unfit_subject()
        if unfit is not None:
            arrays = self.measured(unfit)
            assert list(arrays) == [NOT_APPLICABLE]
            assert str(arrays[NOT_APPLICABLE])
