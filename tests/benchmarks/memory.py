"""A worker's resident memory over many runs of one program, in a process of its own."""

from __future__ import annotations

import sys

import psutil

from ablate.core.specs import Numerics
from ablate.runner.trainer import Trainer
from tests.requests import spec

SETTLED_AFTER = 10


def main() -> None:
    trainer, process = Trainer(None, Numerics("cpu", "xla", 1)), psutil.Process()
    settled = 0
    for seed in range(int(sys.argv[1])):
        trainer.train(spec(f"seed={seed}", "training.epochs=2"), lambda epoch, epochs, metrics: None)
        if seed + 1 == SETTLED_AFTER:
            settled = process.memory_info().rss
    print((process.memory_info().rss - settled) / 2**20)


if __name__ == "__main__":
    main()
