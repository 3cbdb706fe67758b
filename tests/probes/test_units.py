"""What is counted: jitter, dead units, co-adaptation, histograms, calibration."""

from __future__ import annotations

import importlib
from dataclasses import replace
from itertools import pairwise

import keras
import numpy as np
import pytest
from scipy.stats import pearsonr

from ablate import probes
from ablate.core.artefacts import ARTEFACTS, NOT_APPLICABLE, PROBE_QUANTITIES, PROBES, derivable, probe_of, sources_of
from ablate.core.modules import modules_of
from ablate.core.records import StoredRun
from ablate.probes import (
    NotApplicable,
    calibration,
    coadaptation,
    dead_units,
    jitter,
    measure,
    weight_histogram,
)
from ablate.probes.activations import hidden_activations
from ablate.training.metrics import classification_metrics
from ablate.training.weights import weights_of
from tests.probes.subjects import classifier, linear_regression, subject
from tests.runner.scripted import finished, scripted_spec


def with_losses(losses, batch_size=8):
    given = classifier()
    return subject(
        given.model, given.loss, given.train.features.numpy(), given.train.labels, batch_size,
        {"loss": np.asarray(losses, np.float32)},
    )  # fmt: skip


def test_jitter_of_noise_is_its_standard_deviation_whatever_the_trend():
    noise = np.random.default_rng(0).normal(0, 0.3, 100_000)
    found = jitter.successive_jitter(noise + np.linspace(5, 1, 100_000))
    assert found == pytest.approx(0.3, rel=0.01)


def test_jitter_is_that_of_the_last_epochs_full_batches():
    """80 examples in batches of 32 are two full batches and one of 16."""
    found = jitter.measure(with_losses([[9, 1, 5], [3, 1, 100]], batch_size=32))
    assert found.values["loss_jitter"] == pytest.approx(2**0.5)
    assert found.values["relative_loss_jitter"] == pytest.approx(2**0.5 / 2)
    assert found.arrays["by_epoch"].tolist() == pytest.approx([32**0.5, 2**0.5])
    assert found.arrays["last_losses"].tolist() == [3, 1]
    with pytest.raises(NotApplicable):
        jitter.measure(with_losses([[3, 1]], batch_size=50))


def with_hidden(kernel, bias, activation="relu"):
    """A classifier of 2 inputs whose hidden layer has these weights, over the four signs."""
    keras.utils.clear_session()
    inputs = keras.Input((2,))
    units = keras.layers.Dense(len(bias), activation=activation, name="hidden_1")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3, name="logits")(units))
    model.layers[1].set_weights([np.array(kernel, float), np.array(bias, float)])
    features = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float32)
    return subject(model, classifier().loss, features, np.arange(4) % 3)


def test_a_unit_is_dead_when_no_example_moves_it():
    kernel, bias = [[1, 1, 0, 0], [0, 1, 0, 0]], [0, -5, 0, 2]
    found = dead_units.measure(with_hidden(kernel, bias))
    assert found.values["dead_units"] == 0.5
    assert (found.arrays["units"].tolist(), found.arrays["dead"].tolist()) == ([4], [2])
    assert dead_units.measure(with_hidden(kernel, bias, "gelu")).values["dead_units"] == 0.25


def test_the_output_is_no_hidden_unit():
    with pytest.raises(NotApplicable, match="hidden"):
        dead_units.measure(linear_regression())
    with pytest.raises(NotApplicable, match="hidden"):
        coadaptation.measure(linear_regression())


def test_activations_of_every_layer_of_a_convolution_and_of_a_subclass_are_seen():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = keras.Sequential([keras.layers.Conv2D(2, 3, name="convolution"), keras.layers.ReLU()])
            self.first, self.second = keras.layers.Activation("tanh"), keras.layers.Activation("relu")
            self.logits = keras.layers.Dense(3)

        def call(self, images):
            maps = self.second(self.first(self.inner(images)))
            return self.logits(keras.ops.reshape(maps, (-1, 2 * 2 * 2)))

    model = Own()
    images = np.random.default_rng(0).standard_normal((300, 4, 4, 1)).astype(np.float32)
    plain = np.asarray(model(images))
    batches = list(hidden_activations(model, images))
    assert [len(batch) for batch in batches] == [3, 3]
    assert {values.shape for values in batches[0].values()} == {(250, 2, 2, 2)}
    assert {values.shape for values in batches[1].values()} == {(50, 2, 2, 2)}
    relu, tanh, again = batches[0].values()
    np.testing.assert_allclose(np.tanh(relu), tanh, rtol=1e-5)
    np.testing.assert_array_equal(np.maximum(tanh, 0), again)
    np.testing.assert_array_equal(np.asarray(model(images)), plain)


def test_coadaptation_is_the_mean_correlation_of_pairs():
    given = classifier(hidden=5, activation="tanh")
    kernel, bias = given.model.layers[1].get_weights()
    units = np.tanh(given.validation.features.numpy() @ kernel + bias)
    pairs = [(one, other) for one in range(5) for other in range(one)]
    expected = np.mean([abs(pearsonr(units[:, one], units[:, other])[0]) for one, other in pairs])
    assert coadaptation.measure(given).values["coadaptation"] == pytest.approx(expected, rel=1e-5)


def test_copies_are_fully_coadapted_and_constant_units_are_left_out():
    found = coadaptation.measure(with_hidden([[1, -2, 0], [0, 0, 0]], [3, 6, 4]))
    assert found.values["coadaptation"] == pytest.approx(1.0)
    with pytest.raises(NotApplicable):
        coadaptation.measure(with_hidden([[1, 0], [0, 0]], [0, 0]))


def test_histograms_hold_every_weight_of_every_kernel():
    given = classifier()
    found = weight_histogram.measure(given)
    kernels = {weight.path: weight.numpy().ravel() for weight in given.model.weights if weight.path.endswith("kernel")}
    assert found.arrays["path"].tolist() == list(kernels)
    edges = found.arrays["edges"]
    for counts, outside, values in zip(found.arrays["counts"], found.arrays["outside"], kernels.values(), strict=True):
        assert counts.sum() + outside == len(values)
        assert outside == np.sum(np.abs(values) > 1)
        np.testing.assert_array_equal(counts, [
            np.sum((values >= low) & (values < high)) for low, high in pairwise(edges)
        ])  # fmt: skip
    together = np.concatenate(list(kernels.values()))
    assert found.values["weight_extreme"] == pytest.approx(np.abs(together).max())
    assert found.values["total_weight_norm"] == pytest.approx(np.sqrt(np.sum(together.astype(float) ** 2)))


def test_the_reliability_diagram_adds_up_to_the_calibration_error():
    given = classifier()
    found = calibration.measure(given)
    logits = np.asarray(given.model(given.test.features))
    metrics = classification_metrics(given.test.labels, logits)
    gaps = np.abs(found.arrays["correct"] - found.arrays["confidence"])
    assert gaps.sum() / found.arrays["count"].sum() == pytest.approx(metrics["calibration_error"], rel=1e-6)
    confidence = found.values["test_confidence"]
    assert found.values["test_overconfidence"] == pytest.approx(confidence - metrics["accuracy"])
    with pytest.raises(NotApplicable):
        calibration.measure(linear_regression())


def test_a_probe_that_makes_no_sense_says_so_in_its_artefact():
    arrays = measure("calibration", linear_regression())
    assert str(arrays[NOT_APPLICABLE]) == "a regression has no confidences"
    assert list(arrays) == [NOT_APPLICABLE]


def test_every_announced_number_is_measured_and_read_back():
    given = with_losses(np.random.default_rng(0).random((2, 10)))
    given = replace(given, first_weights=weights_of(given.model))
    measured = {probe: measure(probe, given) for probe in PROBES}
    spec = scripted_spec()
    run = StoredRun(spec, finished(spec, np.ones(1)).record, {}, measured)
    # Displacement is asked of images, and these units read none; it has tests of its own.
    expected = {name for name in PROBE_QUANTITIES if probe_of(name) != "sensitivity"}
    assert set(run.probes) | {"gradient_noise_scale"} == expected
    for arrays in measured.values():
        assert not [name for name, values in arrays.items() if values.dtype == object]


@pytest.mark.parametrize("probe", PROBES)
def test_the_facts_that_a_plan_reads_are_those_of_the_module(probe):
    assert PROBES[probe] == importlib.import_module(f"ablate.probes.{probe}").FACTS


def test_what_can_measure_is_a_probe():
    modules = {name: importlib.import_module(f"ablate.probes.{name}") for name in modules_of(probes.__path__)}
    assert {name for name, module in modules.items() if hasattr(module, "measure")} == PROBES.keys()


def test_what_an_artefact_comes_from():
    assert sources_of(["sharpness", "jitter", "weights"]) == ("weights", "step_losses")
    assert derivable(["sharpness", "dead_units"], ["weights"])
    assert not derivable(["sharpness", "jitter"], ["weights"])
    assert all(
        quantity in {each.name for each in ARTEFACTS[probe_of(quantity)].quantities} for quantity in PROBE_QUANTITIES
    )
