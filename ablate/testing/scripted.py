"""A trainer for tests of executors: numpy, a few milliseconds a run, and as badly behaved as its spec's model asks for.

No config can name it here, for it kills processes. A package of tests of your own gives it a name, in a module that
workers can import:

    from ablate.testing.scripted import Trainer        # in my_tests/scripted.py

    scripted_spec("my_tests.scripted.Trainer", seed=3, behaviour={"script": "raise"})

What a run may be told, all optional:

    script         raise, exit, die, hang, freeze, chatter, grow, diverge, memory, exhaust or unstorable
    once           misbehave on the first try only
    seconds        how long an epoch takes
    restless       other losses at every try
    litters        leave a temporary file behind
    broken_probe   the probe that raises

Each try of a run leaves a line with its id in `<data_dir>/tried`, and its beginning and end in `<data_dir>/log`; each
trainer one with its process in `<data_dir>/trainers`.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.core.identity import Json
from ablate.core.records import Array, Divergence, RunRecord, Status, StoredRun, Timings
from ablate.core.specs import Arm, Component, DatasetSpec, Numerics, RunSpec, Study, Sweep, SweepSpec
from ablate.runner.jobs import Artefacts
from ablate.runner.session import Progress

__all__ = [
    "EPOCHS",
    "Trainer",
    "Unpicklable",
    "append_line",
    "finished",
    "lines_of",
    "scripted_spec",
    "scripted_study",
    "trainers",
    "tried",
]

EPOCHS = 3
NOTHING: Mapping[str, Json] = {}


class Trainer:
    """See the module."""

    def __init__(self, data_dir: Path | None, numerics: Numerics) -> None:  # noqa: ARG002, every trainer's
        assert data_dir is not None
        self._data_dir = data_dir
        self._leak: list[npt.NDArray[np.float64]] = []
        append_line(data_dir / "trainers", str(os.getpid()))

    def train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        """See `ablate.runner.session.Trainer`; whatever the spec asks for happens at the end of an epoch."""
        append_line(self._data_dir / "log", f"begin {spec.run_id}")
        try:
            return self._train(spec, progress)
        finally:
            append_line(self._data_dir / "log", f"end {spec.run_id}")

    def _train(self, spec: RunSpec, progress: Progress) -> StoredRun:
        arguments: Mapping[str, Any] = spec.model.arguments
        learning_rate: Any = spec.optimizer.arguments["learning_rate"]
        assert os.environ["OMP_NUM_THREADS"] == str(spec.numerics.threads)
        is_first = spec.run_id not in tried(self._data_dir)
        append_line(self._data_dir / "tried", spec.run_id)
        tries = tried(self._data_dir).count(spec.run_id) if arguments.get("restless") else 0
        generator = np.random.default_rng([spec.seed, tries])
        losses = []
        if arguments.get("litters"):
            tempfile.mkstemp()
        for epoch in range(1, EPOCHS + 1):
            time.sleep(arguments.get("seconds", 0.0))
            losses.append(generator.random() * learning_rate)
            progress(epoch, EPOCHS, {"loss": losses[-1]})
            if "script" in arguments and (is_first or not arguments.get("once")):
                self._misbehave(arguments["script"])
        raw = {
            "weights": {"kernel": np.full(3, spec.seed, np.float32)},
            "step_losses": {"loss": np.array([losses], np.float32)},
        }
        return replace(finished(spec, np.array(losses)), artefacts=raw)

    def measure(self, spec: RunSpec, probe: str, raw: Artefacts) -> Mapping[str, Array]:
        """A sum of weights, whatever the probe."""
        if spec.model.arguments.get("broken_probe") == probe:
            raise Unpicklable("as the script says")
        return {f"value/{probe}": np.asarray(float(raw["weights"]["kernel"].sum()))}

    def _misbehave(self, script: str) -> None:
        match script:
            case "raise":
                raise Unpicklable("as the script says")
            case "exit":
                sys.exit(7)
            case "die":
                os.write(1, b"last words\n")
                os.kill(os.getpid(), signal.SIGKILL)
            case "hang":
                time.sleep(3600)
            case "freeze":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "memory":
                raise MemoryError("as the script says")
            case "exhaust":
                raise ResourceExhaustedError("as the script says")
            case "grow":
                self._leak.append(np.ones(20 * 2**20 // 8))
            case "chatter":
                for _ in range(200):
                    os.write(1, b"chatter " * 10_000)
                self._misbehave("die")


def finished(spec: RunSpec, losses: npt.NDArray[np.float64]) -> StoredRun:
    """A run that ended as its script says, with these losses by epoch."""
    script = spec.model.arguments.get("script")
    record = RunRecord(
        spec.run_id,
        Status.DIVERGED if script == "diverge" else Status.COMPLETED,
        epochs_run=EPOCHS,
        metrics={"test_loss": float("nan") if script == "unstorable" else float(losses[-1])},
        divergence=Divergence(1, 2) if script == "diverge" else None,
        timings=Timings(wall_seconds=time.process_time()),
    )
    return StoredRun(spec, record, {"history/loss": losses})


class Unpicklable(Exception):
    """An exception that cannot travel between processes."""

    def __init__(self, spec_part: str) -> None:
        super().__init__(spec_part)
        self.callback = lambda: None


class ResourceExhaustedError(Exception):
    """Named as what TensorFlow raises when a device has no memory left."""


def append_line(path: Path, line: str) -> None:
    """To a text, which is made where there is none."""
    with path.open("a") as file:
        file.write(line + "\n")


def tried(data_dir: Path) -> list[str]:
    """The id of the run of each try, in their order."""
    return lines_of(data_dir / "tried")


def trainers(data_dir: Path) -> list[int]:
    """The numbers of the processes that have made a trainer."""
    return list(map(int, lines_of(data_dir / "trainers")))


def lines_of(path: Path) -> list[str]:
    """Of a text, or none where no file is."""
    return path.read_text().splitlines() if path.exists() else []


def scripted_spec(
    trainer: str, seed: int = 0, rate: float = 0.1, threads: int = 1, behaviour: Mapping[str, Json] = NOTHING
) -> RunSpec:
    """A run by the trainer of that name. The learning rate lives in a variable, so that specs which differ in it share
    a program."""
    return RunSpec(
        dataset=DatasetSpec(Component("tests.data"), "d" * 64, 0.1, None, 0),
        model=Component("tests.model", behaviour),
        optimizer=Component("tests.optimizer", {"learning_rate": rate}, variables=("learning_rate",)),
        schedule=Component("tests.schedule"),
        loss=Component("tests.loss"),
        augment=None,
        training=Component("tests.training", {"epochs": EPOCHS, "batch_size": 32}),
        precision="float32",
        seed=seed,
        salt=0,
        numerics=Numerics("cpu", "xla", threads),
        # What lets a worker build what the package has: the trainer.
        code={trainer.partition(".")[0]: "c" * 64},
        trainer=Component(trainer),
    )


def scripted_study(
    trainer: str,
    rates: Sequence[float] = (0.1, 0.2),
    seeds: Sequence[int] = (0, 1, 2),
    name: str = "rates",
    claims: Sequence[str] = (),
    behaviour: Mapping[str, Json] = NOTHING,
) -> Study:
    """A study of one sweep over learning rates, the first the baseline, all of whose runs behave alike."""
    spec = SweepSpec(
        name=name,
        question="Which rate?",
        factors={"optimizer.learning_rate": tuple(rates)},
        design="one_factor",
        baseline={"optimizer.learning_rate": rates[0]},
        seeds=tuple(seeds),
        metric="test_loss",
        claims=tuple(claims),
    )
    arms = tuple(
        Arm(
            f"rate={rate}",
            {"optimizer.learning_rate": rate},
            rate == rates[0],
            scripted_spec(trainer, seeds[0], rate, behaviour=behaviour),
        )
        for rate in rates
    )
    return Study(name, "Which rate?", (Sweep(spec, arms),))
