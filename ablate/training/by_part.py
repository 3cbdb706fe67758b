"""One optimizer made of several: each part of a model is trained by its own.

    optimizer = ByPart([
        {"match": "logits/", "optimizer": keras.optimizers.SGD(0.1, momentum=0.9)},
        {"match": "", "optimizer": keras.optimizers.Adam(0.001)},
    ])

To the loop it is an optimizer as any other: its slots are variables, and so is its learning rate, which
multiplies the rates of all parts. A schedule or a plateau therefore acts on all parts alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

__all__ = ["ByPart"]


class ByPart(keras.optimizers.Optimizer):
    """Gives every weight to the first part whose pattern is found in the weight's path.

    Args:
        parts: `match`, a regular expression that is searched for in paths (`hidden_1/kernel`; the empty one is
            in all of them), and `optimizer`, not built yet, at whose own learning rate the part is trained.
        learning_rate: what the parts' own learning rates are multiplied by. With one part that matches
            everything, 1 is that part's optimizer, bit for bit.
    """

    def __init__(self, parts: Sequence[Mapping[str, Any]], learning_rate: float = 1.0) -> None:
        super().__init__(learning_rate=learning_rate)
        self._patterns = [str(part["match"]) for part in parts]
        self._optimizers = [part["optimizer"] for part in parts]
        self._own_rates = [float(optimizer.learning_rate) for optimizer in self._optimizers]

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the slots of every part.

        Raises:
            ValueError: when a weight belongs to no part, or a part has no weight.
        """
        super().build(variables)
        for optimizer, pattern, own in zip(self._optimizers, self._patterns, self._divided(variables), strict=True):
            if not own:
                paths = ", ".join(variable.path for variable in variables)
                raise ValueError(f"no weight is left for the part {pattern!r}; there are {paths}")
            optimizer.build([variables[index] for index in own])

    @property
    def variables(self) -> list[keras.Variable]:
        """Its own, then those of the parts, in their order."""
        return [*super().variables, *(slot for optimizer in self._optimizers for slot in optimizer.variables)]

    def apply(self, grads: Sequence[tf.Tensor], trainable_variables: Sequence[keras.Variable] | None = None) -> None:
        """One step of every part, each at its own rate times the common one."""
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        parts = zip(self._optimizers, self._own_rates, self._divided(variables), strict=True)
        for optimizer, own_rate, own in parts:
            optimizer.learning_rate.assign(self.learning_rate * own_rate)
            optimizer.apply([grads[index] for index in own], [variables[index] for index in own])
        self._iterations.assign_add(1)

    def _divided(self, variables: Sequence[keras.Variable]) -> list[list[int]]:
        """The indices of the weights of each part."""
        owners = [self._owner(variable.path) for variable in variables]
        return [[index for index, owner in enumerate(owners) if owner == part] for part in range(len(self._patterns))]

    def _owner(self, path: str) -> int:
        found = (part for part, pattern in enumerate(self._patterns) if re.search(pattern, path))
        owner = next(found, None)
        if owner is None:
            raise ValueError(f"{path} is in no part; the patterns are {', '.join(map(repr, self._patterns))}")
        return owner
