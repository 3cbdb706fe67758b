"""Half precision: it learns, the engines agree, loss scaling skips what overflows and changes nothing else."""

import numpy as np
import pytest

from ablate.training.settings import TrainingSettings
from tests.training.problems import blobs, program, run

DATA = blobs()
HALVES = ("mixed_bfloat16", "mixed_float16")


def loss_scale(used) -> float:
    return float(used.learner.optimizer.dynamic_scale)


@pytest.mark.parametrize("precision", HALVES)
def test_engines_agree_and_are_near_float32(precision):
    whole = run(program("sgd", "graph"), DATA, learning_rate=0.1).history
    curves = {
        engine: run(program("sgd", engine, precision=precision), DATA, learning_rate=0.1, precision=precision).history
        for engine in ("eager", "xla")
    }
    # bfloat16 has 8 bits of precision, float16 has 11.
    tolerance = {"mixed_bfloat16": 2e-2, "mixed_float16": 2e-3}[precision]
    for name in ("loss", "val_loss", "gradient_norm"):
        np.testing.assert_allclose(curves["xla"][name], curves["eager"][name], rtol=tolerance)
        np.testing.assert_allclose(curves["xla"][name], whole[name], rtol=tolerance)


@pytest.mark.parametrize("precision", HALVES)
def test_weights_logits_and_losses_are_float32(precision):
    used = program("sgd", "eager", precision=precision)
    assert used.model.compute_dtype == precision.removeprefix("mixed_")
    assert {weight.dtype for weight in used.model.weights} == {"float32"}
    result = used.evaluate(DATA.validation)
    assert result.outputs.dtype == result.losses.dtype == "float32"


@pytest.mark.parametrize("precision", HALVES)
def test_a_used_program_gives_the_same_bits_as_a_new_one(precision):
    arguments = {"dropout": 0.2, "batch_norm": True, "precision": precision}
    used = program("adam", "eager", **arguments)
    run(used, DATA, seed=5, **arguments)
    again = run(used, DATA, seed=0, **arguments).history
    assert again == run(program("adam", "eager", **arguments), DATA, seed=0, **arguments).history


def test_an_overflow_skips_the_step_halves_the_scale_and_is_no_divergence():
    used = program("sgd", "eager", precision="mixed_float16")
    used.learner.optimizer.dynamic_scale.assign(2.0**100)
    before = used.weights()
    order = np.arange(16, dtype=np.int32)
    result = used.train(DATA.train, order, np.array([0.1]))
    assert loss_scale(used) == 2.0**99
    assert np.all(np.isfinite(result.objectives))
    for ours, first in zip(used.weights(), before, strict=True):
        np.testing.assert_array_equal(ours, first)


@pytest.mark.parametrize("clip", ["value", "norm", "global_norm"])
def test_clipping_limits_gradients_without_their_scale(clip):
    settings = TrainingSettings(epochs=2)
    whole, half = [], []
    for precision, losses in (("float32", whole), ("mixed_float16", half)):
        used = program("sgd", "eager", clip, precision=precision)
        for limit in (0.02, 1e6):
            fitted = run(used, DATA, learning_rate=0.1, settings=settings, clip_limit=limit, precision=precision)
            losses.append(fitted.history["loss"])
    np.testing.assert_allclose(half, whole, rtol=2e-3)
    assert abs(whole[0][1] - whole[1][1]) > 0.01  # the limit does act


def test_the_scale_begins_anew_with_every_run():
    used = program("sgd", "eager", precision="mixed_float16")
    used.learner.optimizer.dynamic_scale.assign(2.0)
    run(used, DATA, epochs=1, precision="mixed_float16")
    assert loss_scale(used) == 2.0**15
