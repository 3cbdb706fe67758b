from dataclasses import replace

import pytest

from ablate.analysis.values import (
    Digests,
    column_info,
    history_metric,
    metric_values,
    value_in,
    values_by_seed,
)
from tests.synthetic import completed_run, diverged_run, failed_run, run_spec, with_weights


@pytest.mark.parametrize(
    ("metric", "drawn"),
    [("val_loss", "val_loss"), ("test_accuracy", "val_accuracy"), ("train_mse", "val_mse"), ("gap", "val_loss")],
)
def test_the_history_to_draw(metric: str, drawn: str) -> None:
    assert history_metric(metric) == drawn


@pytest.mark.parametrize("evaluated", [3, 5])
def test_the_name_alone_is_of_the_weights_that_were_evaluated(evaluated: int) -> None:
    run = completed_run(run_spec())
    run = replace(run, record=replace(run.record, best_epoch=3, evaluated_epoch=evaluated))
    assert metric_values(run)["val_loss"] == run.history["val_loss"][evaluated - 1]


def test_best_is_the_best_epoch_and_last_the_last() -> None:
    run = completed_run(run_spec())
    run = replace(run, record=replace(run.record, best_epoch=3))
    values = metric_values(run)
    assert values["val_loss.best"] == run.history["val_loss"][2]
    assert values["val_loss.last"] == run.history["val_loss"][-1]
    assert values["test_loss"] == run.record.metrics["test_loss"]


def test_a_run_that_diverged_in_its_first_epoch_has_no_values() -> None:
    assert metric_values(diverged_run(run_spec(), epoch=1)) == {}


def test_only_completed_runs_count() -> None:
    runs = [completed_run(run_spec(seed=4)), diverged_run(run_spec(seed=5)), failed_run(run_spec(seed=6))]
    assert list(values_by_seed(runs, value_in("val_loss"))) == [4]
    assert values_by_seed(runs, value_in("no_such_column")) == {}


def test_a_metric_that_nobody_described_keeps_its_name() -> None:
    assert column_info("val_perplexity.best").title == "val_perplexity"


def test_a_digest_is_made_of_the_run_that_is_asked_for_alone() -> None:
    runs = {seed: with_weights(completed_run(run_spec(seed=seed)), 0.3) for seed in (3, 5)}
    digests = Digests(runs)
    assert list(digests) == [3, 5]
    assert digests.get(4) is None
    assert digests[3] == runs[3].digest
    assert "digest" not in vars(runs[5])
