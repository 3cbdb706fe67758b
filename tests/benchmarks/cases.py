"""What is trained in a benchmark, as plain data that both sides of a pair are given."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import numpy as np

__all__ = ["Case", "mnist_shaped"]


@dataclass(frozen=True)
class Case:
    """One training problem on MNIST-shaped data. `examples` counts those trained on in an epoch; `threads` those
    that one operation may use."""

    name: str
    model: str = "mlp"
    hidden: tuple[int, ...] = (128,)
    dropout: float = 0.1
    batch_norm: bool = False
    batch_size: int = 32
    examples: int = 54_000
    precision: str = "float32"
    threads: int = 2

    @property
    def validation(self) -> int:
        """Examples validated on after an epoch: a tenth of all, as on MNIST."""
        return self.examples // 9

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> Case:
        fields = json.loads(text)
        return cls(**{**fields, "hidden": tuple(fields["hidden"])})


def mnist_shaped(examples: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [examples, 28, 28, 1] and int32 [examples]: a bright patch that depends on the class, and noise.
    The time of an epoch does not depend on what the pixels show."""
    generator = np.random.default_rng(0)
    labels = generator.integers(10, size=examples).astype(np.int32)
    images = generator.integers(0, 100, size=(examples, 28, 28, 1), dtype=np.uint8)
    for label in range(10):
        images[labels == label, 2 * label : 2 * label + 6, 4:20] += 80
    return images, labels
