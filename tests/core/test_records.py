"""What names the outcome of a run."""

from dataclasses import replace

import numpy as np
import pytest

from ablate.core.records import Divergence, RunRecord, Status, StoredRun, Timings
from tests.synthetic import completed_run, diverged_run, run_spec, with_weights

RUN = with_weights(completed_run(run_spec()), 0.3)


def with_array(name: str, values: np.ndarray | None) -> StoredRun:
    others = {key: array for key, array in RUN.arrays.items() if key != name}
    return replace(RUN, arrays=others if values is None else {**others, name: values})


def moved(name: str, by: float) -> StoredRun:
    values = RUN.arrays[name].copy()
    values.flat[-1] += by
    return with_array(name, values)


def with_record(**fields: object) -> StoredRun:
    return replace(RUN, record=replace(RUN.record, **fields))


@pytest.mark.parametrize(
    "other",
    [
        replace(RUN, arrays=dict(reversed(RUN.arrays.items()))),
        replace(RUN, spec=run_spec(dropout=0.5)),
        with_record(timings=Timings(999.0, 9.0, (1.0,) * 12), environment={"host": "another"}, run_id="9" * 64),
        with_array("test/label", np.zeros(1)),
        replace(RUN, artefacts={"sharpness": {"value/sharpness": np.array(1.0)}}),
    ],
    ids=["order", "spec", "times", "data", "artefacts"],
)
def test_the_same_outcome_has_the_same_name(other: StoredRun) -> None:
    assert other.digest == RUN.digest is not None


@pytest.mark.parametrize(
    "other",
    [
        moved("test/prediction", 1),
        moved("history/val_loss", 1e-15),
        moved("weights/statistics", 1e-12),
        with_array("history/val_loss", RUN.arrays["history/val_loss"][:-1]),
        with_array("history/val_loss", None),
        with_array("history/val_mae", RUN.arrays["history/val_loss"]),
        with_array("weights/path", RUN.arrays["weights/path"][::-1]),
        with_array("test/prediction", RUN.arrays["test/prediction"].astype(np.float64)),
    ],
    ids=["prediction", "history", "weights", "epoch", "less", "more", "names", "type"],
)
def test_another_outcome_has_another_name(other: StoredRun) -> None:
    assert other.digest != RUN.digest
    assert other.digest is not None


def test_arrays_cannot_pass_for_each_other() -> None:
    """Two histories of the same numbers, told apart by where the one ends."""
    first = replace(RUN, arrays={**RUN.arrays, "history/a": np.array([1.0, 2.0]), "history/b": np.array([3.0])})
    second = replace(RUN, arrays={**RUN.arrays, "history/a": np.array([1.0]), "history/b": np.array([2.0, 3.0])})
    assert first.digest != second.digest


def test_of_numbers_alone_nothing_is_known() -> None:
    """Without weights: a history and a few predictions can be equal by chance."""
    assert StoredRun(RUN.spec, RUN.record).digest is None
    assert completed_run(run_spec()).digest is None
    assert StoredRun(RUN.spec, RunRecord(RUN.spec.run_id, Status.FAILED)).digest is None


def test_a_run_that_diverged_is_named_by_the_way_there() -> None:
    run = diverged_run(run_spec())
    later = replace(run, record=replace(run.record, divergence=Divergence(4, 18)))
    assert run.digest == diverged_run(run_spec()).digest is not None
    assert later.digest != run.digest
    assert replace(run, arrays={}).digest is None


def test_what_is_stated_of_a_run_that_is_not_here_whole() -> None:
    bare = StoredRun(RUN.spec, RUN.record, stated_digest=RUN.digest)
    assert bare.digest == RUN.digest
    assert replace(RUN, stated_digest="").digest is None
