import math

import pytest

from ablate.core.records import METRICS, MetricInfo
from ablate.verdicts.scales import (
    analysis_scale,
    better_sign,
    log_errors,
    on_scale,
)
from ablate.verdicts.verdict import Scale

ACCURACY, LOSS = METRICS["test_accuracy"], METRICS["val_loss"]
SCORE = MetricInfo("reward", "reward", "max", "points")


def test_a_margin_says_on_which_scale() -> None:
    assert analysis_scale(None) == (Scale.RAW, None)
    assert analysis_scale(0.002) == (Scale.RAW, 0.002)
    assert analysis_scale("0.002") == (Scale.RAW, 0.002)
    assert analysis_scale("10%") == (Scale.LOG_ERROR, pytest.approx(math.log(1.1)))
    assert analysis_scale(None, Scale.LOG_ERROR) == (Scale.LOG_ERROR, None)


@pytest.mark.parametrize(
    ("margin", "scale", "message"),
    [
        ("10%", Scale.RAW, "relative"),
        (0.002, Scale.LOG_ERROR, "metric's unit"),
        (0.0, None, "positive"),
        (-0.1, None, "positive"),
        (math.nan, None, "finite"),
        ("ten", None, "number or a percentage"),
    ],
)
def test_refuses_a_margin_that_does_not_fit(margin: float | str, scale: Scale | None, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        analysis_scale(margin, scale)


def test_what_is_better() -> None:
    assert [better_sign(metric, Scale.RAW) for metric in (ACCURACY, LOSS)] == [1, -1]
    assert [better_sign(metric, Scale.LOG_ERROR) for metric in (ACCURACY, LOSS)] == [-1, -1]
    assert better_sign(METRICS["gradient_norm"], Scale.RAW) == 0


def test_errors() -> None:
    assert ACCURACY.error(0.98) == pytest.approx(0.02)
    assert LOSS.error(0.3) == 0.3
    assert SCORE.error(12.0) is None
    assert [METRICS[name].error(0.1) for name in ("gap", "penalty", "learning_rate")] == [None] * 3


def test_a_difference_of_log_errors_is_the_log_of_their_ratio() -> None:
    logs = log_errors({0: 0.99, 1: 0.98}, ACCURACY)
    assert logs[0] - logs[1] == pytest.approx(math.log(0.01 / 0.02))
    assert log_errors({0: 0.2}, LOSS) == {0: math.log(0.2)}


@pytest.mark.parametrize("errors", [0, 1, 2, 30])
def test_no_errors_count_as_half_of_one_and_any_others_as_they_are(errors: int) -> None:
    """log(max(k, ½) ÷ N), by hand; a run has the same logarithm whatever stands beside it."""
    accuracy = (100 - errors) / 100
    alone = log_errors({0: accuracy}, ACCURACY, n_examples=100)
    assert alone == {0: pytest.approx(math.log(max(errors, 0.5) / 100))}
    assert log_errors({0: accuracy, 1: 1.0}, ACCURACY, n_examples=100)[0] == alone[0]
    assert log_errors({0: accuracy, 1: 0.5}, ACCURACY, n_examples=100)[0] == alone[0]


def test_values_stand_on_the_scale_as_they_are_or_as_logarithms() -> None:
    assert on_scale({3: 0.98}, ACCURACY, Scale.RAW) == {3: 0.98}
    assert on_scale({3: 1.0}, ACCURACY, Scale.RAW) == {3: 1.0}
    assert on_scale({3: 0.98}, ACCURACY, Scale.LOG_ERROR) == {3: pytest.approx(math.log(0.02))}
    assert on_scale({3: 1.0}, ACCURACY, Scale.LOG_ERROR) is None


@pytest.mark.parametrize(
    ("value", "metric", "n"), [(1.0, ACCURACY, None), (0.0, LOSS, 100), (-0.5, LOSS, None), (1.5, ACCURACY, 100)]
)
def test_an_error_that_is_not_positive_has_no_logarithm(value: float, metric: MetricInfo, n: int | None) -> None:
    assert log_errors({0: value, 1: 0.5}, metric, n) is None


def test_a_metric_without_an_error_is_refused() -> None:
    with pytest.raises(ValueError, match="reward"):
        log_errors({0: 12.0}, SCORE)
