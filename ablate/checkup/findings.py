"""What was found of one subject, whether it is wrong, and the command that mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ablate.core.identity import Json

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

    def to_json(self) -> dict[str, Json]:
        wrong = {"trouble": self.trouble.value} if self.level is Level.WRONG else {}
        return {"subject": self.subject, "says": self.says, "level": self.level.value, "mend": self.mend, **wrong}
