"""Quantities of claims: one number of each run, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ablate.analysis.quantities import value_of
from ablate.analysis.values import value_in
from ablate.core.claims import FIRST_KERNEL_QUANTITIES, WEIGHT_QUANTITIES, Quantity, parse_statement, quantity_info
from ablate.core.records import METRICS, StoredRun
from tests.synthetic import completed_run, diverged_run, failed_run, run_spec


def quantity(text: str) -> Quantity:
    return parse_statement(f"a < b on {text}").quantity


def with_arrays(**arrays: Any) -> StoredRun:
    run = completed_run(run_spec())
    return replace(run, arrays={name.replace("__", "/"): np.array(values) for name, values in arrays.items()})


ACCURACY = with_arrays(history__val_accuracy=[0.5, 0.8, 0.79, 0.9, 0.9])
LOSS = with_arrays(history__val_loss=[2.0, 0.5, 0.7, np.nan])


@pytest.mark.parametrize(
    ("run", "text", "expected"),
    [
        (ACCURACY, "epochs_to(val_accuracy, 0.8)", 2.0),
        (ACCURACY, "epochs_to(val_accuracy, 0.81)", 4.0),
        (ACCURACY, "epochs_to(val_accuracy, 0.1)", 1.0),
        (ACCURACY, "epochs_to(val_accuracy, 0.91)", math.inf),
        (LOSS, "epochs_to(val_loss, 0.5)", 2.0),
        (LOSS, "epochs_to(val_loss, 0.49)", math.inf),
        (LOSS, "epochs_to(val_accuracy, 0.1)", None),
    ],
)
def test_the_first_epoch_that_reaches_a_value(run: StoredRun, text: str, expected: float | None) -> None:
    assert value_of(quantity(text))(run) == expected


def test_a_run_that_diverged_before_never_reached_it() -> None:
    run = diverged_run(run_spec(), epoch=3)
    first = float(run.history["val_loss"][0])
    assert value_of(Quantity("epochs_to", "val_loss", first))(run) == 1.0
    assert value_of(Quantity("epochs_to", "val_loss", 0.0))(run) == math.inf


def test_metrics_are_those_of_the_tables() -> None:
    run = completed_run(run_spec())
    for name in ("val_loss", "gap", "test_accuracy"):
        assert value_of(Quantity(name))(run) == value_in(name)(run) is not None


def test_statistics_of_weights_are_means_over_the_kernels() -> None:
    #         mean std  min   max  norm near zero
    first = [0.1, 0.2, -1.0, 1.0, 3.0, 0.5]
    bias = [9.0, 9.0, 9.0, 9.0, 9.0, 9.0]
    second = [0.3, 0.4, -2.0, 2.0, 5.0, 0.1]
    run = with_arrays(
        weights__path=["hidden/kernel", "hidden/bias", "logits/kernel"], weights__statistics=[first, bias, second]
    )
    found = {name: value_of(Quantity(name))(run) for name in WEIGHT_QUANTITIES}
    expected = {"weight_mean": 0.2, "weight_std": 0.3, "weight_norm": 4.0, "weight_near_zero": 0.3}
    assert found == pytest.approx(expected)
    assert value_of(Quantity("first_kernel_std"))(run) == 0.2
    assert value_of(Quantity("first_kernel_max"))(run) == 1.0
    assert value_of(Quantity("weight_std"))(with_arrays(weights__path=["bias"], weights__statistics=[bias])) is None


def test_epochs_are_those_of_the_record() -> None:
    run = completed_run(run_spec())
    assert value_of(Quantity("epochs_run"))(run) == run.record.epochs_run
    assert value_of(Quantity("best_epoch"))(run) == run.record.best_epoch


@pytest.mark.parametrize("name", [*METRICS, *WEIGHT_QUANTITIES, *FIRST_KERNEL_QUANTITIES, "best_epoch"])
def test_a_failed_run_has_no_value(name: str) -> None:
    assert value_of(Quantity(name))(failed_run(run_spec())) is None
    assert quantity_info(Quantity(name)).title


def test_fewer_epochs_to_a_value_are_better() -> None:
    info = quantity_info(quantity("epochs_to(val_accuracy, 0.97)"))
    assert (info.direction, info.unit) == ("min", "epochs")
    assert info.title == "epochs to a validation accuracy of 0.97"


def test_what_a_probe_measured_is_a_number_of_the_run_and_none_where_it_was_not_kept() -> None:
    run = completed_run(run_spec())
    sharp = replace(run, artefacts={"sharpness": {"value/sharpness": np.asarray(4.5), "converged": np.asarray(True)}})
    read = value_of(quantity("sharpness"))
    assert (read(sharp), read(run)) == (4.5, None)
    assert quantity_info(quantity("dead_units")).unit == "fraction"
