"""Which device a study runs on, found out without TensorFlow in this process, and what a worker sees of it.

resolve_device("auto")          # "cpu" or "gpu"
worker_environment(numerics, slot=0)
"""

from __future__ import annotations

import json
import logging
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs

from ablate.core.backend import TENSORFLOW
from ablate.core.errors import AblateError, ExitCode
from ablate.core.identity import canonical
from ablate.core.specs import Numerics
from ablate.sanitize.files import read_file
from ablate.storage.atomic import WriteFailed, write_atomically

__all__ = [
    "DeviceAbsent",
    "available_gpus",
    "chosen_gpus",
    "gpu_of",
    "resolve_device",
    "thread_environment",
    "worker_environment",
]

# Without one of these (the last is WSL's) no NVIDIA driver is loaded.
NVIDIA_NODES = (Path("/dev/nvidia0"), Path("/dev/nvidiactl"), Path("/dev/dxg"))
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")
VISIBLE = "CUDA_VISIBLE_DEVICES"
ONEDNN = TENSORFLOW.x86_kernels
PROBE_SECONDS = 120
# Of what it found.
MOST_BYTES = 2**20

log = logging.getLogger(__name__)


class DeviceAbsent(AblateError):
    """The setting asks for a GPU, and TensorFlow cannot compute on one here."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"numerics.device=gpu, but {reason}")
        self.reason = reason

    @property
    def exit_code(self) -> int:
        return ExitCode.DEVICE_ABSENT


def probe_gpu() -> bool:
    """Whether a fresh process can multiply two matrices on a GPU with TensorFlow. Takes seconds."""
    try:
        command = [sys.executable, "-c", TENSORFLOW.device_probe]
        return subprocess.run(command, capture_output=True, timeout=PROBE_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def resolve_device(
    setting: str,
    nodes: Sequence[Path] = NVIDIA_NODES,
    probe: Callable[[], bool] = probe_gpu,
    cache_dir: Path | None = None,
) -> str:
    """`cpu` or `gpu` for the setting `auto`, `cpu` or `gpu`, before any id exists.

    What the probe found is remembered in `cache_dir` (the user's cache folder by default) for the same
    TensorFlow, CUDA libraries, driver and CUDA_VISIBLE_DEVICES.

    Raises:
        DeviceAbsent: when the setting is `gpu` and there is none that TensorFlow can use.
        ValueError: for any other setting.
    """
    if setting not in ("auto", "cpu", "gpu"):
        raise ValueError(f"numerics.device is {setting!r}; it is auto, cpu or gpu")
    if setting == "cpu":
        return "cpu"
    remembered = (cache_dir or Path(platformdirs.user_cache_dir("ablate"))) / "gpu_probe.json"
    has_node = any(node.exists() for node in nodes)
    if has_node and _remembered(probe, remembered):
        return "gpu"
    if setting == "gpu":
        no_use = f"{TENSORFLOW.name} cannot compute on the one that is here (remembered in {remembered})"
        raise DeviceAbsent(no_use if has_node else "this machine has no NVIDIA device node")
    if has_node:
        _say_once(f"there is an NVIDIA device, but {TENSORFLOW.name} cannot compute on it (remembered in {remembered})")
    return "cpu"


def available_gpus() -> tuple[str, ...]:
    """The GPUs this process may use, as CUDA_VISIBLE_DEVICES names them."""
    if VISIBLE in os.environ:
        return tuple(name for name in os.environ[VISIBLE].split(",") if name not in ("", "-1"))
    nodes = Path("/dev").glob("nvidia[0-9]*")
    return tuple(sorted((node.name.removeprefix("nvidia") for node in nodes), key=int)) or ("0",)


def thread_environment(numerics: Numerics) -> dict[str, str]:
    """What has to stand in the environment before the numerical libraries are imported."""
    threads = str(numerics.threads)
    return {
        **dict.fromkeys(TENSORFLOW.thread_variables, threads),
        **dict.fromkeys(TENSORFLOW.one_thread_variables, "1"),
        **_kernels(),
    }


def chosen_gpus(setting: int | Sequence[int] | None, visible: Sequence[str]) -> tuple[str, ...]:
    """Those of the `visible` GPUs that a setting means: all for None, the first so many for a number, else those
    at the indexes.

    Raises:
        DeviceAbsent: when there are fewer.
    """
    indexes = range(len(visible)) if setting is None else range(setting) if isinstance(setting, int) else setting
    if any(index >= len(visible) for index in indexes):
        raise DeviceAbsent(f"executor.gpus asks for index {max(indexes)} of {len(visible)} visible GPUs")
    return tuple(visible[index] for index in indexes)


def gpu_of(slot: int, gpus: Sequence[str]) -> str:
    """The one GPU of the worker in a slot, for slots share them in turn; `-1`, which is none, where there is none."""
    return gpus[slot % len(gpus)] if gpus else "-1"


def worker_environment(numerics: Numerics, slot: int, gpus: Sequence[str] | None = None) -> dict[str, str]:
    """The environment of the worker in a slot: its threads, and one GPU of `gpus` (None: all visible) or none."""
    # A crash of native code then leaves a traceback in what the worker printed.
    return {
        **thread_environment(numerics),
        VISIBLE: gpu_of(slot, available_gpus() if gpus is None else gpus) if numerics.device == "gpu" else "-1",
        "PYTHONFAULTHANDLER": "1",
    }


def _kernels() -> dict[str, str]:
    """oneDNN's kernels, which TensorFlow leaves off by itself on processors without AVX512-VNNI: there, too, they halve
    the time of small convolutions (a step of a network with one, at batch 64 on an AMD EPYC 7003: 32.1 → 14.5 ms). What
    the user has set stays."""
    is_x86 = platform.machine().lower() in ("x86_64", "amd64")
    return {ONEDNN: os.environ.get(ONEDNN, "1")} if is_x86 else {}


@cache
def _say_once(warning: str) -> None:
    """A command may ask for the device several times; its reader need hear of it once."""
    log.warning("%s", warning)


def _remembered(probe: Callable[[], bool], path: Path) -> bool:
    """What the probe finds here, asked once for all that could change the answer."""
    known = _known_answers(path)
    situation = canonical(_situation())
    if situation not in known:
        known[situation] = probe()
        with suppress(WriteFailed):  # it is asked again then
            write_atomically(path, json.dumps(known, indent=2).encode())
    return known[situation]


def _known_answers(path: Path) -> dict[str, bool]:
    try:
        return dict(json.loads(read_file(path, MOST_BYTES)))
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def _situation() -> dict[str, str | None]:
    return {
        TENSORFLOW.distribution: _version(TENSORFLOW.distribution),
        "cudnn": _version("nvidia-cudnn-cu12"),
        "driver": NVIDIA_DRIVER.read_text().strip() if NVIDIA_DRIVER.exists() else None,
        "visible": os.environ.get(VISIBLE),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
