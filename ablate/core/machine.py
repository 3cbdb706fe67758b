"""What this machine is made of, and which of its starts this is, as its system tells it: without TensorFlow, and
without failing.

    processor().model, available_cores(), gpus()
    boot_id()       # the same in all its processes, another after a restart and on every other machine
"""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

__all__ = ["Gpu", "Processor", "available_cores", "boot_id", "gpus", "processor"]

BOOT = Path("/proc/sys/kernel/random/boot_id")
PROCESSOR = Path("/proc/cpuinfo")
GPU_QUERY = ("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader")
QUERY_SECONDS = 10


@dataclass(frozen=True)
class Processor:
    """Its model, and what it can do in the words of /proc/cpuinfo: none are known on other systems than Linux."""

    model: str
    abilities: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Gpu:
    name: str
    driver: str


@cache
def processor() -> Processor:
    if not PROCESSOR.is_file():
        return Processor(platform.processor())
    facts = dict(reversed([_fact(line) for line in PROCESSOR.read_text().splitlines() if ":" in line]))
    abilities = facts.get("flags") or facts.get("Features") or ""  # x86, ARM
    return Processor(facts.get("model name", platform.processor()), frozenset(abilities.split()))


@cache
def gpus(visible: str | None = None) -> tuple[Gpu, ...]:
    """The NVIDIA GPUs, or those of them that `visible` names as CUDA_VISIBLE_DEVICES does; none where the driver's
    own tool cannot say. Asked once."""
    chosen = () if visible is None else ("-i", visible)
    try:
        done = subprocess.run([*GPU_QUERY, *chosen], capture_output=True, text=True, timeout=QUERY_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(Gpu(name, driver) for name, _, driver in (line.rpartition(", ") for line in done.stdout.splitlines()))


def available_cores() -> int:
    """The cores this process may use, which a batch system or a container may have restricted."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def boot_id() -> str:
    """A text that names the boot; where the system gives boots no name, the time of it, which a clock that is set
    moves."""
    return BOOT.read_text().strip() if BOOT.is_file() else str(psutil.boot_time())


def _fact(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()
