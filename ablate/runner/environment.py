"""Where and with what a run was computed: kept in its record, no part of its identity."""

from __future__ import annotations

import hashlib
import platform
import socket
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from ablate import __version__
from ablate.identity import Json

__all__ = ["describe_environment"]

_PACKAGES = ("tensorflow", "keras", "numpy")


@cache
def describe_environment() -> dict[str, Json]:
    """Versions, the kind of machine, and the host as the first 12 digits of the sha256 of its name."""
    return {
        "ablate": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "platform": f"{platform.system()} {platform.machine()}",
        "host": hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12],
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
