import numpy as np
import pytest
from scipy.special import huber
from sklearn import metrics as oracle

from ablate.core.records import METRICS
from ablate.training.metrics import (
    classification_metrics,
    confusion_matrix,
    expected_calibration_error,
    macro_f1,
    metrics_of,
    regression_metrics,
    softmax,
    top_accuracy,
)

GENERATOR = np.random.default_rng(7)
LOGITS = GENERATOR.normal(size=(300, 6)).astype(np.float32)
LABELS = np.where(GENERATOR.random(300) < 0.5, LOGITS.argmax(axis=1), GENERATOR.integers(6, size=300)).astype(np.int32)
PREDICTED = LOGITS.argmax(axis=1)


def test_metrics_of_classes_agree_with_scikit_learn():
    ours = classification_metrics(LABELS, LOGITS)
    assert ours["accuracy"] == pytest.approx(oracle.accuracy_score(LABELS, PREDICTED))
    assert ours["top_3_accuracy"] == pytest.approx(oracle.top_k_accuracy_score(LABELS, LOGITS, k=3))
    assert ours["macro_f1"] == pytest.approx(oracle.f1_score(LABELS, PREDICTED, average="macro"))
    np.testing.assert_array_equal(confusion_matrix(LABELS, PREDICTED, 6), oracle.confusion_matrix(LABELS, PREDICTED))


def test_metrics_of_regression_agree_with_scikit_learn():
    targets = GENERATOR.normal(size=50).astype(np.float32)
    outputs = (targets + GENERATOR.normal(size=50))[:, None].astype(np.float32)
    ours = regression_metrics(targets, outputs)
    assert ours["mse"] == pytest.approx(oracle.mean_squared_error(targets, outputs[:, 0]))
    assert ours["mae"] == pytest.approx(oracle.mean_absolute_error(targets, outputs[:, 0]))
    assert ours["huber"] == pytest.approx(np.mean(huber(1.0, outputs[:, 0] - targets)))
    assert ours["r2"] == pytest.approx(oracle.r2_score(targets, outputs[:, 0]))
    assert regression_metrics(np.ones(3), np.zeros((3, 1)))["r2"] == 0.0


def test_macro_f1_leaves_out_a_class_that_does_not_occur():
    confusion = confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), classes=4)
    assert macro_f1(confusion) == pytest.approx(2 / 3)


def test_calibration_error_by_hand():
    # Two bins: confidences 0.55 and 0.57 with one of two right, 0.95 with one of one right.
    correct, confidence = np.array([True, False, True]), np.array([0.55, 0.57, 0.95])
    by_hand = 2 / 3 * abs(0.5 - 0.56) + 1 / 3 * abs(1 - 0.95)
    assert expected_calibration_error(correct, confidence) == pytest.approx(by_hand)


def test_a_sure_and_right_classifier_is_calibrated_and_a_sure_and_wrong_one_is_not():
    sure = np.ones(10)
    assert expected_calibration_error(np.ones(10, bool), sure) == 0
    assert expected_calibration_error(np.zeros(10, bool), sure) == 1


def test_huber_of_classes_is_that_of_their_probabilities():
    ours = classification_metrics(LABELS, LOGITS)["huber"]
    probabilities = softmax(LOGITS)
    one_hot = np.eye(6)[LABELS]
    assert ours == pytest.approx(np.mean(huber(1.0, probabilities - one_hot)))
    brier = np.mean(np.sum((probabilities - one_hot) ** 2, axis=1))
    assert ours == pytest.approx(brier / (2 * 6))


def test_ties_count_for_the_true_class():
    assert top_accuracy(np.array([2]), np.zeros((1, 5)), 1) == 1.0


def test_softmax_survives_large_logits():
    np.testing.assert_allclose(softmax(np.array([[1000.0, 1000.0 + np.log(3)]])), [[0.25, 0.75]])


def test_every_metric_has_a_meaning():
    names = {*classification_metrics(LABELS, LOGITS), *regression_metrics(np.ones(2), np.ones((2, 1)))}
    assert all(prefix + name in METRICS for prefix in ("val_", "test_", "train_") for name in names)


def test_integers_are_classes_and_reals_are_not():
    assert "accuracy" in metrics_of(LABELS, LOGITS)
    assert "r2" in metrics_of(np.ones(3, np.float32), np.ones((3, 1)))
