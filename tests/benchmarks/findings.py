"""What a measurement finds, and the bound it is held to."""

from __future__ import annotations

import os
from dataclasses import dataclass

__all__ = ["Finding", "quiet_environment"]


@dataclass(frozen=True)
class Finding:
    """One measured number with its bound: `bound` is a floor when `is_floor`, else a ceiling; None where
    nothing was promised. `value` is in `unit`; `note` says how it spreads, or what else to know; `cause` why it misses
    its bound where it does."""

    what: str
    value: float
    unit: str
    bound: float | None = None
    is_floor: bool = True
    note: str = ""
    cause: str = ""

    @property
    def holds(self) -> bool:
        if self.bound is None:
            return True
        return self.value >= self.bound if self.is_floor else self.value <= self.bound


def quiet_environment() -> dict[str, str]:
    return {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
