"""Workers that are actors of Ray: the actor's side, the parent's side of one, and joining or starting a Ray.

The only module that imports Ray. An actor does what `ablate.runner.worker` does: it beats, tells of epochs, and
sends an `Outcome` for each job. Its parent asks for one message at a time, so that whatever can be waited for is
one object of Ray for each actor.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import psutil
import ray
from ray.exceptions import RayError

from ablate.core.specs import Numerics
from ablate.runner.compiled import compiled_programs
from ablate.runner.devices import VISIBLE, DeviceAbsent, worker_environment
from ablate.runner.do_job import do_job, report_to, trainers
from ablate.runner.events import RunProgress
from ablate.runner.jobs import Job, JobResult
from ablate.runner.session import ExecutorUnavailable
from ablate.runner.worker import Beat, WorkerSettings
from ablate.runner.worker_handle import WorkerHandle

__all__ = ["Actors", "joined"]

# Results pass through it one by one; what does not fit goes through a file.
OBJECT_STORE_BYTES = 128 * 2**20
# What Ray does unasked: reports on its usage, and the choice of visible GPUs for actors that have none.
ENVIRONMENT = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
LISTENING = "listening"
ANSWER_SECONDS = 10.0


class Told(NamedTuple):
    """A message of an actor, and how much memory its process had in use."""

    message: Beat | RunProgress | JobResult
    resident_bytes: int


class Actor:
    """The worker's side: it trains in one thread, and answers who listens in another."""

    def __init__(self, settings: WorkerSettings) -> None:
        # Here and not in the parent: what is compiled for a processor is of use on its own machine.
        os.environ.update(compiled_programs(settings.numerics))
        self._beat_seconds = settings.beat_seconds
        self._trainer_of = trainers(settings.data_dir, settings.numerics)
        self._messages: queue.SimpleQueue[RunProgress | JobResult] = queue.SimpleQueue()

    def greet(self) -> Told:
        return Told(Beat(), resident_bytes())

    def do(self, job: Job) -> None:
        self._messages.put(do_job(self._trainer_of, job, report_to(self._messages.put, job.spec)))

    def tell(self) -> Told:
        """The next message; a beat when there is none for a while."""
        message: Beat | RunProgress | JobResult
        try:
            message = self._messages.get(timeout=self._beat_seconds)
        except queue.Empty:
            message = Beat()
        return Told(message, resident_bytes())


def resident_bytes() -> int:
    return int(psutil.Process().memory_info().rss)


RemoteActor = ray.remote(concurrency_groups={LISTENING: 1})(Actor)


class ActorHandle(WorkerHandle):
    """The parent's side of an actor.

    Attributes:
        answer: what is to become its next message.
    """

    def __init__(self, number: int, settings: WorkerSettings, options: dict[str, Any]) -> None:
        super().__init__(number, settings.numerics, is_waiting=True)
        self._actor = RemoteActor.options(**options).remote(settings)
        self.answer = self._actor.greet.remote()
        self._resident_bytes = 0
        self._first_bytes: int | None = None
        self._end = ""

    def has_spoken(self) -> bool:
        return bool(ray.wait([self.answer], timeout=0)[0])

    def grown_bytes(self) -> int:
        self._first_bytes = self._first_bytes or self._resident_bytes
        return self._resident_bytes - self._first_bytes

    def terminate(self) -> None:
        with suppress(RayError):
            ray.kill(self._actor)

    def end(self, grace_seconds: float = 0.0) -> None:  # noqa: ARG002 - an actor is killed at once
        self.terminate()

    def exit_report(self) -> tuple[str, str]:
        return "was lost", self._end

    def _send(self, job: Job) -> None:
        # Held back until there is a process: nothing is to happen to a run whose worker waits for room.
        if not self.is_waiting:
            with suppress(RayError):
                self._actor.do.remote(job)

    def _next(self) -> Beat | RunProgress | JobResult:
        try:
            told: Told = ray.get(self.answer)
        except RayError as error:
            self._end = str(error)
            raise EOFError from error
        if self.is_waiting and self.job is not None:
            self._actor.do.remote(self.job)
        self.answer = self._actor.tell.options(concurrency_group=LISTENING).remote()
        self._resident_bytes = told.resident_bytes
        return told.message


class Actors:
    """The workers that a Ray has room for, wherever it puts them.

    Args:
        gpus_per_worker: of a worker whose runs need a GPU.
    """

    def __init__(self, gpus_per_worker: float) -> None:
        self._gpus_per_worker = gpus_per_worker

    def room(self, numerics: Sequence[Numerics]) -> int:
        """How many workers fit at once, each able to train any of the runs with these numerics.

        Raises:
            DeviceAbsent: when runs need a GPU and no machine has one.
            ExecutorUnavailable: when no machine has the cores that one run needs.
        """
        needed = {"CPU": float(max(each.threads for each in numerics))}
        if any(each.device == "gpu" for each in numerics):
            needed["GPU"] = self._gpus_per_worker
        machines = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        if all(machine.get("GPU", 0.0) < needed.get("GPU", 0.0) for machine in machines):
            raise DeviceAbsent(f"no machine of this Ray has {needed['GPU']:g} of a GPU")
        room = sum(workers_with_room(needed, machine) for machine in machines)
        if room == 0:
            wanted = " and ".join(f"{amount:g} {name}" for name, amount in needed.items())
            raise ExecutorUnavailable(f"a run needs {wanted}, and no machine of this Ray has as much")
        return room

    def start_worker(self, number: int, settings: WorkerSettings) -> ActorHandle:
        numerics = settings.numerics
        environment = {**worker_environment(numerics, number), "PYTHONPATH": os.pathsep.join(sys.path)}
        options: dict[str, Any] = {"num_cpus": numerics.threads, "max_restarts": 0, "max_task_retries": 0}
        if numerics.device == "gpu":
            # Ray says which one.
            del environment[VISIBLE]
            options["num_gpus"] = self._gpus_per_worker
        # In the environment before the process starts: Ray itself imports numpy, which reads it.
        return ActorHandle(number, settings, {**options, "runtime_env": {"env_vars": environment}})

    def device(self, number: int, numerics: Numerics) -> str:
        """A GPU of its own where Ray gives each worker one; else one for all, as it is not known who is where."""
        has_its_own = numerics.device == "gpu" and self._gpus_per_worker >= 1
        return f"gpu of worker {number}" if has_its_own else numerics.device

    def speaking(self, workers: Sequence[ActorHandle], seconds: float) -> list[ActorHandle]:
        if not workers:
            time.sleep(seconds)
            return []
        answers = [worker.answer for worker in workers]
        ray.wait(answers, timeout=seconds)
        ready, _ = ray.wait(answers, num_returns=len(answers), timeout=0)
        return [worker for worker in workers if worker.answer in ready]


def workers_with_room(needed: dict[str, float], machine: dict[str, float]) -> int:
    return min(int(machine.get(name, 0.0) / amount) for name, amount in needed.items())


@contextmanager
def joined(address: str | None, cores: int, gpus: int) -> Iterator[None]:
    """Within, Ray can be used: the cluster at `address`, or one of this process with so many cores and GPUs, or what
    the process had joined before, which it then keeps.

    Raises:
        ExecutorUnavailable: when there is no cluster at the address.
        SystemExit: on SIGTERM while it starts.
    """
    if ray.is_initialized():
        yield
        return
    os.environ.update(ENVIRONMENT)
    its_own = {
        "num_cpus": cores,
        "num_gpus": gpus,
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        # Idle processes without the environment of a worker, which none can become.
        "_system_config": {"prestart_worker_first_driver": False},
    }
    try:
        if address and "://" not in address and ":" in address:
            answer(address)
        with unobtrusively():
            ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                **({} if address else its_own),
            )
    except OSError as error:
        raise ExecutorUnavailable(f"there is no Ray at executor.address={address} ({error})") from error
    try:
        yield
    finally:
        ray.shutdown()


def answer(address: str) -> None:
    """Raises OSError where nobody listens at `host:port`, for which Ray itself takes minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdecimal():
        raise OSError("it is host:port")
    socket.create_connection((host, int(port)), ANSWER_SECONDS).close()


@contextmanager
def unobtrusively() -> Iterator[None]:
    """Within, Ray is joined and nothing else: no handler of its own for SIGTERM, and no thread that writes to stdout
    what befalls its processes. The pool tells of that."""
    handler, listen = signal.getsignal(signal.SIGTERM), ray._private.worker.listen_error_messages
    ray._private.worker.listen_error_messages = lambda *_: None
    try:
        yield
    finally:
        ray._private.worker.listen_error_messages = listen
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
