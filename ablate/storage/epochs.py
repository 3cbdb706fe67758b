"""How far the runs are that are being trained, for whoever looks on from another process or another machine.

    write_epochs(root, so_far)          # by whoever holds the lease of the run, and no one else
    read_epochs(root, run_id)           # EpochsSoFar, or None
    forget_epochs(root, run_id)

On disk, beside the lease: `claims/.<run_id>.epochs`, which appears whole and goes with the lease. It is made to be
looked at: nothing is computed of it, nobody waits for the disk, and a run that has ended says all of it, exactly.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ablate.sanitize.types import as_declared
from ablate.storage.atomic import TEMPORARY, Damaged, ReadRefused, read_stored, sealed_text, unseal, writing

__all__ = ["MOST_KEPT", "EpochsSoFar", "epochs_file", "forget_epochs", "read_epochs", "write_epochs"]

# Of a longer run every second epoch is kept, then every fourth, and so on; and always the last one.
MOST_KEPT = 256
MOST_METRICS = 64
MOST_BYTES = 2**21
# A curve that is looked at needs no more.
SIGNIFICANT_DIGITS = 6


@dataclass(frozen=True)
class EpochsSoFar:
    """What is known of a run before it ends.

    Attributes:
        epochs: how many there are to be, at most.
        epoch: the last one that has ended; 0 while the first is under way.
        every: of the epochs before the last one, the first is kept and each that comes so many later.
        kept: the epochs that `metrics` has values of, in their order.
        metrics: name → value at each of them; None where it was no number, or was not told.
    """

    run_id: str
    epochs: int
    epoch: int = 0
    every: int = 1
    kept: tuple[int, ...] = ()
    metrics: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)

    def with_epoch(self, epoch: int, metrics: Mapping[str, float]) -> EpochsSoFar:
        """The same with one more epoch, thinned where that makes it too long."""
        known = self._on_grid(self.every)
        if len(known.kept) >= MOST_KEPT:
            known = known._on_grid(2 * self.every)
        names = tuple(dict.fromkeys((*known.metrics, *metrics)))[:MOST_METRICS]
        unknown = (None,) * len(known.kept)
        values = {name: (*known.metrics.get(name, unknown), _written(metrics.get(name, math.nan))) for name in names}
        return replace(known, epoch=epoch, kept=(*known.kept, epoch), metrics=values)

    def _on_grid(self, every: int) -> EpochsSoFar:
        """Only the epochs that such a step leads to from the first."""
        chosen = [index for index, epoch in enumerate(self.kept) if (epoch - 1) % every == 0]
        return replace(
            self,
            every=every,
            kept=tuple(self.kept[index] for index in chosen),
            metrics={name: tuple(values[index] for index in chosen) for name, values in self.metrics.items()},
        )


def write_epochs(root: Path, so_far: EpochsSoFar) -> None:
    """In place of what was written of the run before.

    Raises:
        WriteFailed: when the file system refuses.
    """
    path = epochs_file(root, so_far.run_id)
    content = sealed_text(asdict(so_far)).encode("ascii")
    temporary = path.with_name(f"{TEMPORARY}{uuid.uuid4().hex}")
    with writing(path, len(content)):
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def read_epochs(root: Path, run_id: str) -> EpochsSoFar | None:
    """None where nothing is told of the run, or what stands there cannot be read: the next epoch writes it anew."""
    try:
        data = unseal(read_stored(epochs_file(root, run_id), MOST_BYTES))
        metrics = {name: tuple(values) for name, values in data.pop("metrics").items()}
        so_far = as_declared(EpochsSoFar(**{**data, "kept": tuple(data.pop("kept")), "metrics": metrics}))
    except (FileNotFoundError, Damaged, ReadRefused, KeyError, TypeError, AttributeError):
        return None
    return so_far if so_far.run_id == run_id and _is_sound(so_far) else None


def forget_epochs(root: Path, run_id: str) -> None:
    """Raises OSError when the file system refuses."""
    epochs_file(root, run_id).unlink(missing_ok=True)


def epochs_file(root: Path, run_id: str) -> Path:
    """Where they are written."""
    # Whoever lists leases passes over what begins with a point.
    return root / "claims" / f".{run_id}.epochs"


def _is_sound(so_far: EpochsSoFar) -> bool:
    """Whether the numbers are of one run: whoever draws them relies on that."""
    kept = so_far.kept
    is_rising = all(before < after for before, after in zip((0, *kept), kept, strict=False))
    return (
        0 <= so_far.epoch <= so_far.epochs
        and len(kept) <= MOST_KEPT + 1
        and (kept[-1:] == (so_far.epoch,) if kept else not so_far.epoch)
        and is_rising
        and all(len(values) == len(kept) for values in so_far.metrics.values())
    )


def _written(value: float) -> float | None:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
