"""What is differentiated: gradient noise, sharpness and the surface, against a linear model worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ablate.probes import NotApplicable, gradient_noise, loss_surface, sharpness
from ablate.probes.gradient_noise import estimates
from ablate.probes.loss_surface import filter_normalised
from ablate.probes.sharpness import largest_eigenvalue
from ablate.training.weights import weights_of
from tests.probes.subjects import classifier, linear_regression, residuals

PATHS = ("hidden_1/kernel", "hidden_1/bias", "logits/kernel", "logits/bias")


def hessian_of_regression(given, l2=0.0) -> np.ndarray:
    extended, _ = residuals(given)
    penalty = np.diag([2 * l2] * (extended.shape[1] - 1) + [0])
    return 2 * extended.T @ extended / len(extended) + penalty


@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_sharpness_is_the_largest_eigenvalue_of_a_known_hessian(l2):
    given = linear_regression(l2=l2)
    found = sharpness.measure(given)
    largest = np.linalg.eigvalsh(hessian_of_regression(given, l2))[-1]
    assert found.values["sharpness"] == pytest.approx(largest, rel=0.01)
    assert found.arrays["converged"]
    assert found.arrays["residual"] < 0.2 * largest


def test_sharpness_of_a_last_layer_is_that_of_softmax_regression():
    """The last layer alone is a softmax regression: Σ (diag p − p·pᵀ) ⊗ x·xᵀ over the examples."""
    given = classifier(activation="tanh")
    given.model.layers[1].trainable = False
    weights = weights_of(given.model)
    hidden, bias, kernel, offset = (weights[path] for path in PATHS)
    found = sharpness.measure(given).values["sharpness"]
    units = np.tanh(given.train.features.numpy() @ hidden + bias).astype(np.float64)
    extended = np.hstack([units, np.ones((len(units), 1))])
    logits = extended @ np.vstack([kernel, offset])
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    blocks = np.einsum("ni,nj,nkl->ikjl", extended, extended, np.eye(3) * p[:, :, None] - p[:, :, None] * p[:, None, :])
    size = extended.shape[1] * 3
    largest = np.linalg.eigvalsh(blocks.reshape(size, size) / len(units))[-1]
    assert found == pytest.approx(largest, rel=0.01)


def times(matrix):
    return lambda vector: matrix @ vector


def test_the_largest_eigenvalue_is_found_though_a_negative_one_is_larger_in_size():
    found = largest_eigenvalue(times(np.diag([-5.0, 3.0, 1.0])), np.ones(3))
    assert found.value == pytest.approx(3, rel=1e-2)
    assert found.has_converged


@pytest.mark.parametrize("seed", range(5))
def test_close_eigenvalues_among_many_are_told_apart(seed):
    generator = np.random.default_rng(seed)
    vectors, _ = np.linalg.qr(generator.standard_normal((300, 300)))
    values = np.concatenate([generator.standard_normal(290) * 0.1, np.linspace(4, 5, 10)])
    found = largest_eigenvalue(times(vectors * values @ vectors.T), generator.standard_normal(300))
    assert found.value == pytest.approx(5, rel=0.01)
    assert found.has_converged


def test_no_curvature_is_sharpness_zero():
    found = largest_eigenvalue(np.zeros_like, np.ones(3))
    assert (found.value, found.residual, found.has_converged) == (0, 0, True)


def test_what_has_not_settled_says_so(monkeypatch):
    monkeypatch.setattr(sharpness, "ITERATIONS", 3)
    found = largest_eigenvalue(times(np.diag(np.arange(100.0))), np.ones(100))
    assert (found.iterations, found.has_converged) == (3, False)
    assert found.residual > 1
    assert np.isnan(largest_eigenvalue(lambda vector: vector * np.nan, np.ones(4)).value)


def test_gradient_variance_is_that_of_the_examples():
    """Of all 64 examples, drawn in a known order, every batch's gradient can be written down."""
    given = linear_regression()
    extended, errors = residuals(given)
    gradients = 2 * errors[:, None] * extended
    order = given.generator("sample").permutation(64)
    batches = gradients[order].reshape(2, 32, -1).mean(axis=1)
    squared = np.sum(batches**2, axis=1)
    found = gradient_noise.measure(given)
    np.testing.assert_allclose(found.arrays["squared_norms"], squared, rtol=1e-4)
    between = np.sum((batches - gradients.mean(axis=0)) ** 2) / 2
    assert found.values["gradient_variance"] == pytest.approx(between * 64 * 32 / (64 - 32), rel=1e-4)
    assert found.values["batch_gradient_noise"] == pytest.approx((found.values["gradient_variance"] / 32) ** 0.5)


def test_the_estimates_are_unbiased():
    """Over many draws of Gaussian gradients they average to the truth."""
    generator = np.random.default_rng(0)
    draws = generator.normal(0.5, 2.0, (3000, 8, 10, 3))
    small = np.sum(draws.mean(axis=2) ** 2, axis=-1).mean(axis=1)
    large = np.sum(draws.mean(axis=(1, 2)) ** 2, axis=-1)
    found = np.array([estimates(one, other, 10, 80) for one, other in zip(small, large, strict=True)])
    variance, signal = found.mean(axis=0)
    assert variance == pytest.approx(3 * 2.0**2, rel=0.01)
    assert signal == pytest.approx(3 * 0.5**2, rel=0.05)


def test_too_few_examples_have_no_batches_to_compare():
    with pytest.raises(NotApplicable, match="64"):
        gradient_noise.measure(linear_regression(examples=63))


def test_a_filter_keeps_its_norm_and_a_bias_stays():
    generator = np.random.default_rng(0)
    weights, direction = generator.standard_normal((3, 3, 2, 5)), generator.standard_normal((3, 3, 2, 5))
    scaled = filter_normalised(direction, weights)
    np.testing.assert_allclose(
        np.linalg.norm(scaled.reshape(-1, 5), axis=0), np.linalg.norm(weights.reshape(-1, 5), axis=0), rtol=1e-5
    )
    cosine = np.sum(scaled[..., 0] * direction[..., 0])
    assert cosine == pytest.approx(np.linalg.norm(scaled[..., 0]) * np.linalg.norm(direction[..., 0]), rel=1e-5)
    assert not filter_normalised(np.ones(4), np.ones(4)).any()


def test_the_surface_of_a_quadratic_is_that_quadratic():
    """loss(w + a·d + b·e) is known from three derivatives along the directions; the weights are as before."""
    given = linear_regression()
    before = given.model.get_weights()
    found = loss_surface.measure(given)
    extended, errors = residuals(given)
    kernel = before[0].astype(np.float64)
    first, second = (
        np.append(filter_normalised(given.generator("loss_surface", name).standard_normal((3, 1)), kernel)[:, 0], 0.0)
        for name in ("first", "second")
    )
    positions = found.arrays["positions"]
    expected = [[np.mean((errors + extended @ (a * first + b * second)) ** 2) for b in positions] for a in positions]
    np.testing.assert_allclose(found.arrays["loss"], expected, rtol=1e-4)
    hessian = hessian_of_regression(given)
    rise = (first @ hessian @ first + second @ hessian @ second) / 16
    assert found.values["surface_rise"] == pytest.approx(rise, rel=1e-2)
    for values, was in zip(given.model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(values, was)


@pytest.mark.parametrize("probe", [gradient_noise, sharpness, loss_surface])
def test_the_same_seed_measures_the_same_bits(probe):
    first, second = (probe.measure(classifier()) for _ in range(2))
    assert first.values == second.values
    for name, values in first.arrays.items():
        np.testing.assert_array_equal(values, second.arrays[name])
