"""Seconds that a worker takes for so many runs of one program, compiled before; in a process of its own."""

from __future__ import annotations

import sys
import time

from ablate.core.specs import Numerics, RunSpec
from ablate.runner.trainer import Trainer
from tests.requests import spec


def main() -> None:
    trainer, counts = Trainer(None, Numerics("cpu", "xla", 1)), [int(word) for word in sys.argv[1:]]
    first = spec("training.epochs=5")
    train(trainer, first.with_seed(2**32 - 1))
    started = time.perf_counter()
    for seed in range(max(counts)):
        train(trainer, first.with_seed(seed))
        if seed + 1 in counts:
            print(time.perf_counter() - started)


def train(trainer: Trainer, run: RunSpec) -> None:
    trainer.train(run, lambda epoch, epochs, metrics: None)


if __name__ == "__main__":
    main()
