"""A compiled program: one model, one optimizer and the functions over them, used by many runs.

Compiling takes about a second, a run on a small data set less. So what differs between runs of one
shape (weights, seeds, dropout rates, L2 strengths, learning rates, clip limits) lives in variables, and
`start` sets them all from a freshly built model: a program that has trained a hundred runs is in the
same state as a new one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from ablate.core.backend import TENSORFLOW
from ablate.training.augmentation import Augment, unchanged
from ablate.training.clipping import CLIPPINGS
from ablate.training.epoch import train_batches, train_epoch
from ablate.training.feeding import Split, consecutive, pieces
from ablate.training.precision import with_loss_scaling
from ablate.training.procedure import SUPERVISED, Procedure
from ablate.training.randomness import layers_of
from ablate.training.step import Learner, Loss

__all__ = ["ENGINES", "Evaluated", "Program", "RetraceError", "TrainedEpoch"]

ENGINES = tuple(TENSORFLOW.engines)


class RetraceError(RuntimeError):
    """A compiled function was called with arguments that would compile it again."""


class TrainedEpoch(NamedTuple):
    """float32 [steps] each: mean loss and mean objective of a step's batch, and the score summed over it; the
    norm of the last step's gradients, over all weights, before clipping; whether all weights are finite after it."""

    losses: np.ndarray
    objectives: np.ndarray
    scores: np.ndarray
    gradient_norm: float
    weights_are_finite: bool


class Evaluated(NamedTuple):
    """`outputs` is float32 [examples, outputs], `losses` float32 [examples]; `penalty` is in nats."""

    outputs: np.ndarray
    losses: np.ndarray
    penalty: float


class Program:
    """The compiled epoch and evaluation of a model.

    Args:
        model: an uncompiled model; the program takes it over.
        optimizer: not built yet; its learning rate is given at every step, so its own does not matter.
        loss: (targets, outputs) to float32 [batch], see `ablate.training.losses`.
        batch_size: examples of a full batch.
        clip: None or a key of `ablate.training.clipping.CLIPPINGS`.
        scale: what integer features are divided by.
        engine: `xla`, `graph` or `eager`, for the training epoch; evaluation is a graph unless all is eager.
            They agree within rounding, not to the bit.
        augment: what is done to the training examples of each step, see `ablate.training.augmentation`.
        procedure: what is done with the model, see `ablate.training.procedure`.
        autograph: whether TensorFlow translates `if` and `for` over tensors, as a loss that somebody else wrote may
            have them; tracing then takes longer.
    """

    def __init__(
        self,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        loss: Loss,
        batch_size: int,
        clip: str | None = None,
        scale: float = 255.0,
        engine: str = "xla",
        augment: Augment = unchanged,
        procedure: Procedure = SUPERVISED,
        autograph: bool = False,
    ) -> None:
        optimizer = with_loss_scaling(optimizer, model)
        optimizer.build(model.trainable_variables)
        self.batch_size = batch_size
        self.procedure = procedure
        self.learner = Learner(
            model,
            optimizer,
            loss,
            CLIPPINGS[clip],
            tf.Variable(0.0, trainable=False, dtype=tf.float32),
            scale,
            augment,
            tf.Variable([0, 0], trainable=False, dtype=tf.uint32),
            procedure.step,
        )
        self._fresh_optimizer = [variable.numpy() for variable in optimizer.variables]
        self._autograph = autograph
        self._train = CompiledFunction(train_epoch, self.learner, engine, autograph)
        self._train_piece = CompiledFunction(train_batches, self.learner, engine, autograph)
        self._evaluations: dict[int, CompiledFunction] = {}
        self._evaluation_engine = "eager" if engine == "eager" else "graph"

    @property
    def model(self) -> keras.Model:
        return self.learner.model

    @property
    def traces(self) -> int:
        """How often the epoch was traced: 1 after any number of runs."""
        return self._train.traces

    def start(
        self,
        model: keras.Model,
        clip_limit: float | None = None,
        augment_key: tuple[int, int] = (0, 0),
        loss: Loss | None = None,
    ) -> None:
        """Puts the program into the state of a new run: weights, keys and strengths of `model`, which was
        built as the program's own was, and the optimizer's initial slots.

        Args:
            augment_key: keys the augmentation, see `ablate.training.randomness.augment_key`.
            loss: made as the program's own was, where some of its numbers are variables; None leaves them.

        Raises:
            ValueError: when the two models, or losses, have different variables.
        """
        if loss is not None:
            assign_all(variables_of(self.learner.loss), [variable.numpy() for variable in variables_of(loss)])
        assign_all(run_state(self.model), [variable.numpy() for variable in run_state(model)])
        assign_all(self.learner.optimizer.variables, self._fresh_optimizer)
        self.learner.clip_limit.assign(clip_limit or 0.0)
        self.learner.augment_key.assign(augment_key)

    def train(self, split: Split, order: np.ndarray, learning_rates: np.ndarray) -> TrainedEpoch:
        """One epoch over the rows of `split` in `order`, int32 [examples]; `learning_rates` is [steps]."""
        rates = learning_rates.astype(np.float32)
        parts, done = [], 0
        for piece in pieces(split, order, self.batch_size):
            own_rates = tf.constant(rates[done : done + piece.steps])
            done += piece.steps
            if piece.last_batch is None:
                parts.append(self._train_piece(piece.features, piece.targets, piece.batches, own_rates))
        last = self._train(piece.features, piece.targets, piece.batches, piece.last_batch, own_rates)
        losses, objectives, scores = map(np.concatenate, zip(*parts, last.steps, strict=True))
        return TrainedEpoch(losses, objectives, scores, float(last.gradient_norm), bool(last.weights_are_finite))

    def evaluate(self, split: Split) -> Evaluated:
        """Outputs and losses of the whole split, or of as much of it as the procedure evaluates, in inference mode."""
        parts = consecutive(split, self.procedure.evaluated)
        results = [self._evaluation(len(targets))(features, targets) for features, targets in parts]
        outputs, losses, penalties = zip(*results, strict=True)
        return Evaluated(np.concatenate(outputs), np.concatenate(losses), float(penalties[0]))

    def _evaluation(self, examples: int) -> CompiledFunction:
        # One function for each number of examples, traced once. XLA makes a pass in large batches no faster,
        # and would compile it for each of them.
        if examples not in self._evaluations:
            self._evaluations[examples] = CompiledFunction(
                self.procedure.evaluate, self.learner, self._evaluation_engine, self._autograph
            )
        return self._evaluations[examples]

    def weights(self) -> list[np.ndarray]:
        """The values of all weights, those of batch normalisation included, in the model's order."""
        return [weight.numpy() for weight in self.model.weights]

    def set_weights(self, values: list[np.ndarray]) -> None:
        assign_all(self.model.weights, values)


class CompiledFunction:
    """`function(learner, …)` under an engine, traced at most once."""

    def __init__(self, function: Callable[..., Any], learner: Learner, engine: str, autograph: bool = False) -> None:
        if engine not in ENGINES:
            raise ValueError(f"engine is {engine!r}; the engines are {', '.join(ENGINES)}")
        self.traces = 0
        self._names = list(inspect.signature(function).parameters)[1:]
        self._signature: list[tuple[tf.DType, tf.TensorShape]] = []

        def traced(*arguments: tf.Tensor) -> Any:
            self.traces += 1  # runs when TensorFlow traces, not when it executes
            return function(learner, *arguments)

        self._compiled = tf.function(traced, jit_compile=engine == "xla", autograph=autograph)
        self._call: Callable[..., Any] = self._first_call
        if engine == "eager":
            self._call = lambda *arguments: function(learner, *arguments)

    def __call__(self, *arguments: tf.Tensor) -> Any:
        """Calls the function.

        Raises:
            RetraceError: when these arguments would make TensorFlow trace it again; it names those that
                changed.
        """
        signature = [(value.dtype, value.shape) for value in arguments]
        if self._signature and signature != self._signature:
            pairs = zip(self._names, map(describe, self._signature), map(describe, signature), strict=True)
            changes = [f"{name} was {first}, is {now}" for name, first, now in pairs if first != now]
            raise RetraceError(f"the program would be compiled again: {'; '.join(changes)}")
        self._signature = signature
        return self._call(*arguments)

    def _first_call(self, *arguments: tf.Tensor) -> Any:
        result = self._compiled(*arguments)
        # Of later calls TensorFlow need not find out which of its traces they mean: a third of a short evaluation.
        self._call = self._compiled.get_concrete_function(*arguments)
        return result


def describe(signature: tuple[tf.DType, tf.TensorShape]) -> str:
    dtype, shape = signature
    return f"{dtype.name}{shape.as_list()}"


def run_state(model: keras.Model) -> list[Any]:
    """Every variable that a run begins with: the model's own, then those of its layers and regularizers
    that are no weights (see `ablate.layers`), each once."""
    parts = [part for layer in layers_of(model) for part in (layer, *regularizers_of(layer))]
    extra = {id(variable): variable for part in parts for variable in variables_of(part)}
    return [*model.variables, *extra.values()]


def variables_of(part: Any) -> tuple[Any, ...]:
    """The variables of a layer, a regularizer or a loss that belong to a run and are no weights."""
    found: tuple[Any, ...] = getattr(part, "run_variables", ())
    return found


def regularizers_of(layer: keras.layers.Layer) -> list[Any]:
    """The regularizers of a layer, by Keras's convention of attributes `…_regularizer`."""
    return [value for name, value in vars(layer).items() if name.endswith("_regularizer") and value is not None]


def assign_all(variables: Sequence[Any], values: list[np.ndarray]) -> None:
    """Assigns in order.

    Raises:
        ValueError: when numbers or shapes differ.
    """
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
