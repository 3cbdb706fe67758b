"""Which device `numerics.device` stands for here, and the GPUs that the driver knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ablate.checkup.findings import Finding, Level, Trouble
from ablate.core.backend import TENSORFLOW
from ablate.core.machine import Gpu, gpus
from ablate.runner.devices import NVIDIA_NODES, DeviceAbsent, resolve_device

__all__ = ["look_at_devices"]

MEND = "python -m pip install 'ablate[gpu]', and a driver that `nvidia-smi` finds; or ablate … numerics.device=cpu"


def look_at_devices(
    setting: str,
    nodes: Sequence[Path] = NVIDIA_NODES,
    resolve: Callable[[str], str] = resolve_device,
    known: Callable[[], tuple[Gpu, ...]] = gpus,
) -> Iterator[Finding]:
    """
    Args:
        setting: auto, cpu or gpu.
        nodes, resolve, known: stand for the machine; the second may take seconds the first time.
    """
    has_node = any(node.exists() for node in nodes)
    found = known() if has_node else ()
    yield Finding("GPUs", "; ".join(f"{gpu.name}, driver {gpu.driver}" for gpu in found) or "none")
    try:
        device = resolve(setting)
    except DeviceAbsent as absent:
        yield Finding("numerics.device", str(absent), Level.WRONG, MEND, Trouble.DEVICE)
        return
    if has_node and setting == "auto" and device == "cpu":
        says = f"auto is cpu here: there is an NVIDIA device, but {TENSORFLOW.name} cannot compute on it"
        yield Finding("numerics.device", says, Level.WRONG, MEND, Trouble.DEVICE)
    else:
        yield Finding("numerics.device", f"{setting} is {device} here" if setting == "auto" else setting)
