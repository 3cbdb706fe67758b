"""Cores, memory and processor: what a run will compute on, and what is slow there."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping

import psutil

from ablate.checkup.findings import Finding, Level
from ablate.core.machine import available_cores, processor
from ablate.core.specs import Numerics
from ablate.runner.devices import ONEDNN, available_gpus, thread_environment
from ablate.runner.local import default_workers

__all__ = ["look_at_machine"]

GIB = 2**30
# A worker that has imported TensorFlow and compiled a small program.
WORKER_BYTES = GIB
# Either multiplies bfloat16 in hardware.
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


def look_at_machine(numerics: Numerics, variables: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    yield Finding("system", f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield Finding("processor", processor().model)
    yield _cores(numerics)
    yield _memory(numerics)
    if numerics.device == "cpu":
        yield from _kernels(numerics, variables)


def _cores(numerics: Numerics) -> Finding:
    available, all_ = available_cores(), os.cpu_count() or 1
    whose = f"{available} cores" if available == all_ else f"{available} of {all_} cores may be used"
    threads = "1 thread" if numerics.threads == 1 else f"{numerics.threads} threads"
    workers = default_workers([numerics], available_gpus())
    return Finding("cores", f"{whose}: by default {workers} worker{'s' * (workers != 1)} of {threads}")


def _memory(numerics: Numerics) -> Finding:
    memory = psutil.virtual_memory()
    says = f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB are free"
    workers = default_workers([numerics], available_gpus())
    if memory.available >= workers * WORKER_BYTES:
        return Finding("memory", says)
    fewer = max(1, int(memory.available / WORKER_BYTES))
    return Finding(
        "memory",
        f"{says}; a worker takes about a GiB, and by default there are {workers}",
        Level.NOTE,
        f"ablate … executor.workers={fewer}",
    )


def _kernels(numerics: Numerics, variables: Mapping[str, str]) -> Iterator[Finding]:
    onednn = thread_environment(numerics).get(ONEDNN)
    if onednn == "1":
        yield Finding("oneDNN", f"its kernels are used ({ONEDNN}=1)")
    elif ONEDNN in variables:
        yield Finding(
            "oneDNN",
            f"its kernels are off ({ONEDNN}={variables[ONEDNN]}): small convolutions take about twice as long",
            Level.NOTE,
            f"unset {ONEDNN}",
        )
    abilities = processor().abilities
    if abilities and not abilities & BFLOAT16:
        yield Finding(
            "mixed_bfloat16",
            "this processor has no AVX512_BF16 and no AMX, so it is emulated: a step of a large convolution was "
            "measured to take ten times as long as with precision=float32",
            Level.NOTE,
        )
