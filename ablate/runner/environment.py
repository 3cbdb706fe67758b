"""Where and with what a run was computed: kept in its record, no part of its identity."""

from __future__ import annotations

import hashlib
import os
import platform
import socket
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from ablate import __version__
from ablate.core.backend import TENSORFLOW
from ablate.core.identity import Json
from ablate.core.machine import available_cores, gpus, processor
from ablate.core.specs import Numerics
from ablate.runner.devices import VISIBLE

__all__ = ["describe_environment", "installed_versions"]

GPU_PACKAGES = TENSORFLOW.gpu_distributions


def describe_environment(numerics: Numerics, variables: Mapping[str, str] | None = None) -> dict[str, Json]:
    """Versions, the kind of machine, and the host as the first 12 digits of the sha256 of its name.

    Args:
        variables: the environment of the process that computes; this one's by default.
    """
    found = os.environ if variables is None else variables
    return {
        **_of_this_machine(),
        **(_of_the_gpu(found.get(VISIBLE)) if numerics.device == "gpu" else {}),
        "variables": dict(_kernel_variables(found)),
        "numerics": asdict(numerics),
    }


@cache
def installed_versions() -> Mapping[str, Json]:
    """Those of `ablate.core.versions.VERSIONS`, null for a package that is not installed."""
    return {
        "ablate": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in (*TENSORFLOW.distributions, *GPU_PACKAGES)},
    }


@cache
def _of_this_machine() -> Mapping[str, Json]:
    return {
        **{name: found for name, found in installed_versions().items() if name not in GPU_PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "host": hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12],
        "cpu": processor().model,
        "cores": available_cores(),
    }


def _of_the_gpu(visible: str | None) -> dict[str, Json]:
    present = gpus(visible)
    return {
        "gpu": ", ".join(dict.fromkeys(gpu.name for gpu in present)) or None,
        "driver": present[0].driver if present else None,
        **{name: installed_versions()[name] for name in GPU_PACKAGES},
    }


def _kernel_variables(found: Mapping[str, str]) -> dict[str, str]:
    """Those that are set; of several flags in one, a flag that names a place on this machine is left out."""
    kept = {
        name: " ".join(word for word in found[name].split() if "/" not in word)
        for name in TENSORFLOW.kernel_variables
        if name in found
    }
    return {name: value for name, value in kept.items() if value}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
