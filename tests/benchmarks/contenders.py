"""The ways to train an epoch that are compared: each prepares a case and returns a function that trains some.

`ours` is the loop of ablate, `streamed` the same with examples that arrive through tf.data; `fit` is Keras's,
given numpy arrays, with the same validation and metric; `steps` is the tutorial's loop: a compiled step, Keras
metrics, tf.data; `jax` scans over the batches of an epoch, `torch` is the usual eager loop. Each shuffles,
validates once an epoch and measures accuracy. `limit` does not train: it is what no loop can leave out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from tests.benchmarks.cases import Case, mnist_shaped

__all__ = ["CONTENDERS"]

Train = Callable[[int], None]
LEARNING_RATE = 1e-3


def ours(case: Case) -> Train:
    return our_loop(case, stream=False)


def streamed(case: Case) -> Train:
    return our_loop(case, stream=True)


def our_loop(case: Case, stream: bool) -> Train:
    from ablate.training import devices

    devices.configure("cpu", case.threads)
    import keras

    from ablate.training.feeding import Split
    from ablate.training.fit import TrainingData, fit
    from ablate.training.losses import cross_entropy
    from ablate.training.program import Program
    from ablate.training.settings import TrainingSettings

    keras.config.set_dtype_policy(case.precision)
    data = TrainingData(*(Split.of(*mnist_shaped(count), stream) for count in (case.examples, case.validation)))
    engine = "graph" if case.model == "cnn" else "xla"
    program = Program(our_model(case), keras.optimizers.Adam(), cross_entropy, case.batch_size, engine=engine)
    return lambda epochs: fit(program, data, TrainingSettings(epochs=epochs), LEARNING_RATE) and None


def our_model(case: Case):
    if case.model == "cnn":
        from ablate.models.cnn import cnn

        return cnn((28, 28, 1), 10)
    from ablate.models.mlp import mlp

    return mlp((28, 28, 1), 10, hidden=case.hidden, dropout=case.dropout, batch_norm=case.batch_norm)


def fit(case: Case) -> Train:
    model, (images, labels), validation = keras_problem(case)
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss, metrics=["accuracy"])

    def train(epochs: int) -> None:
        settings = {"validation_data": validation, "validation_batch_size": 1000, "verbose": 0}
        model.fit(images, labels, batch_size=case.batch_size, epochs=epochs, **settings)

    return train


def steps(case: Case) -> Train:
    model, (images, labels), held = keras_problem(case)
    import keras
    import tensorflow as tf

    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(LEARNING_RATE)
    loss_mean, accuracy = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(10_000).batch(case.batch_size)
    batches = batches.prefetch(tf.data.AUTOTUNE)
    validation = tf.data.Dataset.from_tensor_slices(held).batch(1000).prefetch(tf.data.AUTOTUNE)

    @tf.function
    def train_step(features: tf.Tensor, targets: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            outputs = model(features, training=True)
            loss = loss_of(targets, outputs)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        loss_mean(loss)
        accuracy(targets, outputs)

    @tf.function
    def test_step(features: tf.Tensor, targets: tf.Tensor) -> None:
        outputs = model(features, training=False)
        loss_mean(loss_of(targets, outputs))
        accuracy(targets, outputs)

    def train(epochs: int) -> None:
        for _ in range(epochs):
            for step, split in ((train_step, batches), (test_step, validation)):
                loss_mean.reset_state()
                accuracy.reset_state()
                for features, targets in split:
                    step(features, targets)

    return train


def keras_problem(case: Case):
    """The model as one writes it with Keras's own layers, and float32 arrays for it."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(case.threads)
    import keras

    keras.config.set_dtype_policy(case.precision)
    splits = [
        (images.astype(np.float32) / 255, labels)
        for images, labels in map(mnist_shaped, (case.examples, case.validation))
    ]
    return keras_cnn() if case.model == "cnn" else keras_mlp(case), *splits


def keras_mlp(case: Case):
    import keras

    layers = [keras.Input((28, 28, 1)), keras.layers.Flatten()]
    for width in case.hidden:
        layers.append(keras.layers.Dense(width, use_bias=not case.batch_norm))
        layers += [keras.layers.BatchNormalization()] if case.batch_norm else []
        layers += [keras.layers.Activation("relu"), keras.layers.Dropout(case.dropout)]
    return keras.Sequential([*layers, keras.layers.Dense(10, dtype="float32")])


def keras_cnn():
    """The network of 863,082 parameters, as its author drew it."""
    import keras
    from keras import layers

    def block(*filters: int) -> list:
        convolutions = [layers.Conv2D(count, 3, padding="same", activation="relu") for count in filters]
        return [*convolutions, layers.MaxPooling2D(), layers.Dropout(0.25)]

    dense = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.5)]
    dense += [layers.Dense(256, activation="relu"), layers.Dropout(0.5), layers.Dense(10, dtype="float32")]
    return keras.Sequential([keras.Input((28, 28, 1)), *block(32, 32), *block(64, 64), *block(128), *dense])


def jax(case: Case) -> Train:
    import jax as library
    import jax.numpy as jnp

    images, labels = (jnp.asarray(array) for array in mnist_shaped(case.examples))
    held, held_labels = (jnp.asarray(array) for array in mnist_shaped(case.validation))
    sizes = (784, *case.hidden, 10)
    key = library.random.PRNGKey(0)
    weights = [
        (
            library.random.normal(library.random.fold_in(key, layer), (fan_in, fan_out)) / np.sqrt(fan_in),
            jnp.zeros(fan_out),
        )
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes))
    ]
    moments = library.tree.map(jnp.zeros_like, (weights, weights))

    def logits_of(weights, features, key):
        units = features.reshape(len(features), -1).astype(jnp.float32) / 255
        for kernel, bias in weights[:-1]:
            units = jnp.maximum(units @ kernel + bias, 0)
            if key is not None:
                keep = library.random.bernoulli(key, 1 - case.dropout, units.shape)
                units = jnp.where(keep, units / (1 - case.dropout), 0)
        return units @ weights[-1][0] + weights[-1][1]

    def loss_of(weights, features, targets, key):
        log_probabilities = library.nn.log_softmax(logits_of(weights, features, key))
        return -jnp.mean(jnp.take_along_axis(log_probabilities, targets[:, None], axis=1))

    def step(state, rows):
        weights, (means, squares), count = state
        count = count + 1
        step_key = library.random.fold_in(key, count)
        loss, gradients = library.value_and_grad(loss_of)(weights, images[rows], labels[rows], step_key)
        means = library.tree.map(lambda mean, gradient: 0.9 * mean + 0.1 * gradient, means, gradients)
        squares = library.tree.map(lambda square, gradient: 0.999 * square + 0.001 * gradient**2, squares, gradients)
        rate = LEARNING_RATE * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        weights = library.tree.map(
            lambda weight, mean, square: weight - rate * mean / (jnp.sqrt(square) + 1e-7), weights, means, squares
        )
        return (weights, (means, squares), count), loss

    @library.jit
    def epoch(state, order):
        return library.lax.scan(step, state, order)

    @library.jit
    def accuracy(weights):
        return jnp.mean(logits_of(weights, held, None).argmax(axis=1) == held_labels)

    state = (weights, moments, jnp.zeros((), jnp.int32))
    generator = np.random.default_rng(0)

    def train(epochs: int) -> None:
        nonlocal state
        for _ in range(epochs):
            whole = case.examples - case.examples % case.batch_size
            order = generator.permutation(case.examples)[:whole].reshape(-1, case.batch_size)
            state, losses = epoch(state, jnp.asarray(order, jnp.int32))
            float(losses.mean()), float(accuracy(state[0]))

    return train


def torch(case: Case) -> Train:
    import torch as library

    library.set_num_threads(case.threads)
    images, labels = (library.from_numpy(array) for array in mnist_shaped(case.examples))
    held, held_labels = (library.from_numpy(array) for array in mnist_shaped(case.validation))
    images, held = (part.reshape(len(part), -1).float() / 255 for part in (images, held))
    labels, held_labels = labels.long(), held_labels.long()
    layers, width = [], 784
    for units in case.hidden:
        layers += [library.nn.Linear(width, units), library.nn.ReLU(), library.nn.Dropout(case.dropout)]
        width = units
    model = library.nn.Sequential(*layers, library.nn.Linear(width, 10))
    optimizer = library.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)

    def train(epochs: int) -> None:
        for _ in range(epochs):
            model.train()
            for rows in library.randperm(case.examples).split(case.batch_size):
                optimizer.zero_grad()
                loss = library.nn.functional.cross_entropy(model(images[rows]), labels[rows])
                loss.backward()
                optimizer.step()
            model.eval()
            with library.no_grad():
                float((model(held).argmax(dim=1) == held_labels).float().mean())

    return train


def limit(case: Case) -> Train:
    """The matrix products of a step, forward and backward, and Adam over every kernel, compiled by XLA as ours are: no
    order, no loss, no activation, no mask, no metric, no validation. Of a perceptron without batch normalisation."""
    from ablate.training import devices

    devices.configure("cpu", case.threads)
    import tensorflow as tf

    sizes = (784, *case.hidden, 10)
    steps = case.examples // case.batch_size
    images, _ = mnist_shaped(case.examples)
    scaled = images[: steps * case.batch_size].reshape(steps, case.batch_size, 784).astype(np.float32) / 255
    features = tf.constant(scaled)
    kernels = [tf.Variable(tf.random.stateless_normal(shape, (0, 0)) / shape[0] ** 0.5) for shape in pairwise(sizes)]
    moments = [(tf.Variable(tf.zeros_like(kernel)), tf.Variable(tf.zeros_like(kernel))) for kernel in kernels]

    def step(number: tf.Tensor) -> tuple[tf.Tensor]:
        units = [features[number]]
        for kernel in kernels:
            units.append(units[-1] @ kernel)
        errors, gradients = units.pop(), []
        for kernel in reversed(kernels):
            gradients.append(tf.matmul(units.pop(), errors, transpose_a=True))
            errors = tf.matmul(errors, kernel, transpose_b=True) if units else errors
        for kernel, (mean, square), gradient in zip(kernels, moments, reversed(gradients), strict=True):
            mean.assign(0.9 * mean + 0.1 * gradient)
            square.assign(0.999 * square + 0.001 * tf.square(gradient))
            kernel.assign_sub(1e-6 * mean / (tf.sqrt(square) + 1e-7))
        return (number + 1,)

    @tf.function(jit_compile=True, autograph=False)
    def epoch() -> tf.Tensor:
        return tf.while_loop(lambda number: number < steps, step, (0,), maximum_iterations=steps)[0]

    def train(epochs: int) -> None:
        for _ in range(epochs):
            int(epoch())

    return train


CONTENDERS: Mapping[str, Callable[[Case], Train]] = {
    "ours": ours,
    "streamed": streamed,
    "fit": fit,
    "steps": steps,
    "jax": jax,
    "torch": torch,
    "limit": limit,
}
