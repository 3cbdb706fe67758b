import keras
import numpy as np
import pytest
import tensorflow as tf

from ablate.layers.penalty import L2

WEIGHTS = np.array([[1.0, -2.0], [0.5, 3.0]], np.float32)


@pytest.mark.parametrize("strength", [0.0, 1e-4, 0.3])
def test_the_penalty_is_that_of_keras(strength):
    expected = keras.regularizers.L2(strength)(WEIGHTS)
    np.testing.assert_allclose(L2(strength)(WEIGHTS).numpy(), expected.numpy(), rtol=1e-6)


def test_a_new_strength_needs_no_new_trace():
    traces = []
    penalty = L2(0.3)

    @tf.function
    def total(weights: tf.Tensor) -> tf.Tensor:
        traces.append(1)
        return penalty(weights)

    values = []
    for strength in (0.3, 0.1, 0.2):
        penalty.strength.assign(strength)
        values.append(float(total(WEIGHTS)))
    np.testing.assert_allclose(values, [4.275, 1.425, 2.85], rtol=1e-6)
    assert len(traces) == 1


def test_without_strength_there_is_nothing_in_the_graph_but_a_zero():
    graph = tf.function(L2(0.0)).get_concrete_function(tf.TensorSpec((2, 2))).graph
    assert {operation.type for operation in graph.get_operations()} <= {"Placeholder", "Const", "Identity"}
    assert L2(0.0).run_variables == ()


def test_its_gradient_is_twice_strength_times_weight():
    weights = tf.Variable(WEIGHTS)
    with tf.GradientTape() as tape:
        penalty = L2(0.5)(weights)
    np.testing.assert_allclose(tape.gradient(penalty, weights).numpy(), WEIGHTS)


def test_a_negative_strength_is_refused():
    with pytest.raises(ValueError, match="at least 0"):
        L2(-1e-9)


def test_a_saved_model_loads_with_its_strength(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, kernel_regularizer=L2(0.125))])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.layers[0].kernel_regularizer.get_config() == {"strength": 0.125}
