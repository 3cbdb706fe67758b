"""A parent for tests that kill it: `python -m tests.runner.parent FOLDER WORKERS SECONDS [KILL_AT]`.

It trains `SPECS`, each epoch of which takes SECONDS, and prints the id of each run that ends with whether it
was trained here. KILL_AT names the moment at which it kills itself: `asked` (for a run that is not leased yet),
`taken` (a lease), `torn` (half of the arrays are written), `staged` (a record in its temporary folder), `published`
(the record in its place, the lease not yet released).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from ablate.core.errors import Interrupted
from ablate.runner.events import Event, RunEnded
from ablate.runner.local import LocalExecutor
from ablate.runner.session import Executor, Session
from ablate.storage import atomic as durable, runs as store_module
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from tests.runner.scripted import scripted_spec


def specs(seconds: float):
    return tuple(scripted_spec(seed, rate, seconds=seconds) for rate in (0.1, 0.2) for seed in range(4))


def kill_at(moment: str) -> None:
    if moment == "torn":
        kill_while_writing("arrays.npz")
        return
    owner, name, is_before = {
        "asked": (Leases, "take", True),
        "taken": (Leases, "take", False),
        "staged": (store_module, "move_into_place", True),
        "published": (store_module, "move_into_place", False),
    }[moment]
    original = getattr(owner, name)
    calls = []

    def deadly(*arguments):
        calls.append(arguments)
        # Not at the first time, so that there is something done before.
        if len(calls) == 3 and is_before:
            os.kill(os.getpid(), signal.SIGKILL)
        answer = original(*arguments)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, name, deadly)


def kill_while_writing(name: str) -> None:
    whole = durable._write
    written = []

    def torn(path, content):
        written.append(path.name)
        if written.count(name) == 3:
            path.write_bytes(content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        whole(path, content)

    durable._write = torn


def tell(event: Event) -> None:
    if isinstance(event, RunEnded):
        say("ended", event.record.run_id, event.is_ours)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(folder: str, workers: str, seconds: str, moment: str | None = None) -> int:
    if moment is not None:
        kill_at(moment)
    return train(Path(folder), LocalExecutor(workers=int(workers)), float(seconds))


def train(folder: Path, executor: Executor, seconds: float) -> int:
    """Trains `specs(seconds)` with the store and the log in `folder`; the exit code."""
    session = Session(RunStore(folder / "results"), folder, tell)
    try:
        executor.execute(specs(seconds), session)
    except Interrupted as interruption:
        say("interrupted", interruption.done, interruption.remaining)
        return 128 + interruption.signal_number
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
