"""What every open metric promises: facts that its values agree with, whatever the test examples are.

    class TestMine(MetricContract):
        leaf = "balanced_accuracy"

The examples are made up: of a run that knows nothing, of one that is right, and of some between.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from ablate.config.metrics import named_metrics
from ablate.config.tree import find_tree
from ablate.core.metrics import PROBABILITIES, OpenMetric, wrong_fact
from ablate.core.records import REGRESSION, Array
from ablate.runner.measuring import measured_value

__all__ = ["MetricContract", "made_up_examples"]

EXAMPLES, CLASSES = 60, 4
# The share of predictions that are right, and drawn at random otherwise.
SKILLS = (0.0, 0.25, 0.5, 0.75, 1.0)
RELATIVE, ABSOLUTE = 1e-9, 1e-12


class MetricContract:
    """Name a `leaf` of a `conf/metric/`.

    Attributes:
        allow: packages that the leaf may name.
    """

    leaf: ClassVar[str]
    allow: ClassVar[Sequence[str]] = ()

    def folder(self) -> Path:
        """Whose `conf/` has the leaf."""
        return Path.cwd()

    def metric(self) -> OpenMetric:
        """What the leaf describes."""
        (found,) = named_metrics([f"test_{self.leaf}"], find_tree(self.folder(), allow_targets=self.allow))
        return found

    def value(self, examples: Mapping[str, Array]) -> float:
        return measured_value(self.metric(), examples)

    def examples(self) -> Iterator[Mapping[str, Array]]:
        """Those of several runs, of any skill."""
        is_regression = self.metric().info.task == REGRESSION
        for seed in range(4):
            for skill in SKILLS:
                yield made_up_examples(skill, seed, is_regression)

    def test_states_facts_that_can_be(self) -> None:
        metric = self.metric()
        assert wrong_fact(metric.info) == ""
        assert metric.takes
        assert OpenMetric.from_json(metric.to_json()) == metric

    def test_values_are_in_their_range(self) -> None:
        low, high = self.metric().info.range
        values = [self.value(examples) for examples in self.examples()]
        assert all(math.isfinite(value) and low <= value <= high for value in values), values
        assert len(set(values)) > 1, "is it a constant?"

    def test_values_move_in_the_steps_that_are_stated(self) -> None:
        step = self.metric().info.step(EXAMPLES)
        if step is not None:
            steps = [self.value(examples) / step for examples in self.examples()]
            assert all(math.isclose(each, round(each), rel_tol=RELATIVE, abs_tol=1e-6) for each in steps), steps

    def test_who_is_right_is_no_worse_than_anybody(self) -> None:
        """In the direction that is stated; nor is the worst value that is."""
        info = self.metric().info
        if not info.sign:
            return
        right = self.value(made_up_examples(1.0, 0, info.task == REGRESSION))
        others = [self.value(examples) for examples in self.examples()]
        assert all(info.sign * (right - other) >= -ABSOLUTE for other in others), (right, others)
        worst = info.worst_of(CLASSES)
        assert worst is None or info.sign * (right - worst) > 0
        assert not info.is_error or all((info.error(other) or 0.0) >= 0 for other in others)

    def test_the_order_of_examples_is_of_no_consequence(self) -> None:
        generator = np.random.default_rng(0)
        for examples in self.examples():
            order = generator.permutation(EXAMPLES)
            turned = {name: values[order] for name, values in examples.items()}
            assert math.isclose(self.value(examples), self.value(turned), rel_tol=RELATIVE, abs_tol=ABSOLUTE)

    def test_measures_the_same_again_and_changes_nothing(self) -> None:
        for examples in self.examples():
            before = {name: values.tobytes() for name, values in examples.items()}
            assert self.value(examples) == self.value(examples)
            assert {name: values.tobytes() for name, values in examples.items()} == before


def made_up_examples(skill: float, seed: int = 0, is_regression: bool = False) -> Mapping[str, Array]:
    """What a metric may take of 60 test examples: `labels`, `predictions` and, of four classes of different sizes,
    `probabilities`.

    Args:
        skill: the share of examples, about, that are predicted right and with certainty.
    """
    generator = np.random.default_rng(seed)
    is_right = generator.random(EXAMPLES) < skill
    if is_regression:
        labels, noise = generator.standard_normal((2, EXAMPLES))
        return {"labels": labels, "predictions": np.where(is_right, labels, labels + noise)}
    labels = generator.permutation(np.minimum(np.arange(EXAMPLES) % 7, CLASSES - 1))
    guesses = generator.dirichlet(np.ones(CLASSES), EXAMPLES)
    probabilities = np.where(is_right[:, None], np.eye(CLASSES)[labels], guesses).astype(np.float32)
    return {"labels": labels, "predictions": probabilities.argmax(axis=1), PROBABILITIES: probabilities}
