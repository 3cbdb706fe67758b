"""The promises of a compiled program: it agrees with eager execution, is traced once, and forgets its runs."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate.analysis.reproduction import OF_METRICS, OF_WEIGHTS
from ablate.training.losses import cross_entropy
from ablate.training.program import Program, RetraceError
from ablate.training.randomness import epoch_order
from ablate.training.settings import TrainingSettings
from tests.training.problems import OPTIMIZERS, blobs, model, program, run

DATA = blobs()
# Without state, with it, of two parts, of matrices: the others are like one of these, and take a minute more.
USUAL = ("sgd", "adam", "by_part", "muon")
SOME_OPTIMIZERS = [pytest.param(name, marks=() if name in USUAL else pytest.mark.slow) for name in OPTIMIZERS]


def final_weights(used: Program) -> list[np.ndarray]:
    return [weight.copy() for weight in used.weights()]


@pytest.mark.parametrize("optimizer", SOME_OPTIMIZERS)
def test_eager_graph_and_xla_agree_with_dropout_and_batch_normalisation(optimizer):
    arguments = {"dropout": 0.3, "batch_norm": True, "l2": 1e-3}
    curves, weights = {}, {}
    for engine in ("eager", "graph", "xla"):
        used = program(optimizer, engine, **arguments)
        curves[engine] = run(used, DATA, epochs=2, **arguments).history
        weights[engine] = final_weights(used)
    for engine in ("graph", "xla"):
        for name, values in curves["eager"].items():
            np.testing.assert_allclose(
                curves[engine][name], values, OF_METRICS.relative, OF_METRICS.absolute, err_msg=f"{engine} {name}"
            )
        for ours, eager in zip(weights[engine], weights["eager"], strict=True):
            np.testing.assert_allclose(ours, eager, OF_WEIGHTS.relative, OF_WEIGHTS.absolute)


@pytest.mark.parametrize("optimizer", SOME_OPTIMIZERS)
def test_a_used_program_gives_the_same_bits_as_a_new_one(optimizer):
    arguments = {"dropout": 0.2, "batch_norm": True}
    used = program(optimizer, "eager", **arguments)
    run(used, DATA, seed=5, **arguments)
    again = run(used, DATA, seed=0, **arguments)
    new = program(optimizer, "eager", **arguments)
    alone = run(new, DATA, seed=0, **arguments)
    assert again.history == alone.history
    for ours, theirs in zip(used.weights(), new.weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_eight_seeds_times_three_dropout_rates_are_one_trace():
    used = program("adam", dropout=0.2)
    losses = {
        run(used, DATA, seed, epochs=1, dropout=rate).history["loss"] for seed in range(8) for rate in (0.1, 0.2, 0.3)
    }
    assert used.traces == 1
    assert len(losses) == 24  # the seed and the rate did reach the compiled code


def test_learning_rate_strength_and_clip_limit_are_no_new_trace_either():
    used = program("sgd", clip="norm", l2=0.1)
    losses = {
        run(used, DATA, epochs=1, learning_rate=rate, l2=strength, clip_limit=limit).history["objective"]
        for rate, strength, limit in [(0.1, 0.1, 1.0), (0.2, 0.1, 1.0), (0.1, 0.01, 1.0), (0.1, 0.1, 0.1)]
    }
    assert used.traces == 1
    assert len(losses) == 4


@pytest.mark.parametrize(("compiled", "asked"), [({}, {"l2": 0.1}), ({"dropout": 0.1}, {}), ({}, {"dropout": 0.1})])
def test_a_program_without_a_part_serves_no_run_that_has_it(compiled, asked):
    with pytest.raises(ValueError, match="argument 2 is"):
        program("sgd", "graph", **compiled).start(model(**asked))


@pytest.mark.parametrize("engine", ["graph", "xla"])
def test_a_loss_of_ones_own_may_ask_a_tensor(engine):
    def loss(targets, outputs):
        losses = cross_entropy(targets, outputs)
        if tf.reduce_max(losses) > 1e6:
            losses = tf.zeros_like(losses)
        return losses

    def trained(autograph: bool) -> Any:
        own = Program(model(), keras.optimizers.SGD(), loss, 16, engine=engine, autograph=autograph)
        return run(own, DATA, epochs=2).history

    assert trained(autograph=True)["loss"] == pytest.approx(run(program("sgd", engine), DATA, epochs=2).history["loss"])
    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError):
        trained(autograph=False)


def test_a_second_trace_is_an_error_that_names_the_argument():
    used = program("sgd")
    run(used, DATA, epochs=1)
    with pytest.raises(RetraceError, match=r"features was uint8\[70, 4, 4, 1\], is uint8\[80, 4, 4, 1\]") as caught:
        run(used, blobs(examples=80), epochs=1)
    assert "learning_rates" not in str(caught.value)  # 5 steps as before: named is what changed, no more


@pytest.mark.parametrize("broken", [np.nan, -np.inf])
@pytest.mark.parametrize("engine", ["eager", "graph", "xla"])
def test_an_epoch_says_whether_every_weight_is_finite(engine, broken):
    """Moving averages of batch normalisation are among them, which no step of training reads."""
    used = program("sgd", engine, batch_norm=True)
    order, rates = np.arange(70, dtype=np.int32), np.zeros(5)
    used.start(model(batch_norm=True))
    assert used.train(DATA.train, order, rates).weights_are_finite is True
    paths = [weight.path for weight in used.model.weights]
    assert "batch_norm_1/moving_variance" in paths
    for number, path in enumerate(paths):
        used.start(model(batch_norm=True))
        values = used.weights()
        values[number].flat[-1] = broken
        used.set_weights(values)
        assert used.train(DATA.train, order, rates).weights_are_finite is False, path


def test_an_unknown_engine_is_refused():
    with pytest.raises(ValueError, match="xla, graph, eager"):
        Program(model(), keras.optimizers.SGD(0.1), cross_entropy, batch_size=4, engine="jit")


def test_the_loop_does_what_fit_does():
    """One epoch of Keras's fit over the same batches in the same order."""
    used = program("momentum")
    result = run(used, DATA, epochs=1, learning_rate=0.05, settings=TrainingSettings(epochs=1))
    theirs = model()
    theirs.compile(
        OPTIMIZERS["momentum"](), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    order = epoch_order(len(DATA.train.labels), seed=0, salt=0, epoch=1)
    images = DATA.train.features.numpy()[order] / np.float32(255)
    logs = theirs.fit(images, DATA.train.labels[order], batch_size=16, shuffle=False, verbose=0).history
    for ours, keras_weight in zip(used.weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(ours, keras_weight, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(result.history["loss"], logs["loss"], rtol=1e-4)
    np.testing.assert_allclose(result.history["accuracy"], logs["accuracy"], rtol=1e-5)
