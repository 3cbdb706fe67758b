"""What was found of one subject, whether it is wrong, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Level", "Trouble"]


class Level(StrEnum):
    FINE = "fine"
    NOTE = "note"
    WRONG = "wrong"


class Trouble(StrEnum):
    """What kind of thing is wrong: each has an exit code of its own."""

    INSTALLATION = "installation"
    DATA = "data"
    DEVICE = "device"


@dataclass(frozen=True)
class Finding:
    """`mend` is a command, or a sentence where there is none; `trouble` matters for what is wrong only."""

    subject: str
    says: str
    level: Level = Level.FINE
    mend: str = ""
    trouble: Trouble = Trouble.INSTALLATION

    @property
    def trouble_if_wrong(self) -> Trouble | None:
        return self.trouble if self.level is Level.WRONG else None
