"""What is said in place of a page that cannot be: every error of the operations, in words and with a status.

Nothing here is an error of the server: what is asked for is not there, is damaged, or makes no sense. A browser is
told on a page, a program under `/api/` in JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from ablate.core.errors import AblateError
from ablate.core.identity import Json
from ablate.storage.atomic import Damaged, ReadRefused, StoreError

__all__ = ["API", "INTERNAL", "NO_PAGE", "ONLY_SHOWN", "Problem", "Refuse", "problem_of"]

API = "/api"
TITLES = {
    400: "Not understood",
    401: "Not without the token",
    403: "Not allowed",
    404: "Not here",
    405: "Not understood",
    413: "Too much",
    414: "Too much",
    500: "A mistake in ablate",
}


@dataclass(frozen=True)
class Problem:
    """What is wrong, what helps, and the status that says so to a program."""

    status: int
    message: str
    hint: str = ""

    @property
    def title(self) -> str:
        """What kind of problem it is, as the heading of its page."""
        return TITLES.get(self.status, "That cannot be")

    def to_json(self) -> dict[str, Json]:
        """As it is answered under `/api/`."""
        return {"kind": "problem", "version": 1, "status": self.status, "message": self.message, "hint": self.hint}


# Path → what is answered there in place of a page.
Refuse = Callable[[str, Problem], Response]

NO_PAGE = Problem(404, "There is no such page.", "The studies and the runs lead to all that there is.")
ONLY_SHOWN = Problem(405, "That can be looked at, and not be sent anything.")
INTERNAL = Problem(500, "This is a mistake in ablate, and not yours.", "The terminal of ablate serve says where.")


def problem_of(error: Exception) -> Problem | None:
    """What an error says; None for one that nobody has foreseen."""
    match error:
        case ReadRefused():
            return Problem(403, str(error), error.hint)
        case StoreError():
            return Problem(404, _said(error), error.hint or _mending(error))
        case AblateError() if isinstance(error, LookupError):
            return Problem(404, str(error), error.hint)
        case AblateError():
            return Problem(400, str(error), error.hint)
        case Damaged():
            return Problem(404, str(error), MENDING)
        case ModuleNotFoundError(name=str(name)):
            return Problem(404, f"This needs {name}, which is not installed.", "ablate doctor says what installs it.")
        case FileNotFoundError():  # a run that was replaced while it was read
            return Problem(404, f"{error.filename} is gone; it was there a moment ago.", "Load the page again.")
    return None


MENDING = "Nothing was changed. What can be mended is mended by: ablate fsck --repair"


def _said(error: StoreError) -> str:
    """What counts as missing because it is damaged says so."""
    return f"{error}: {error.__cause__}" if isinstance(error.__cause__, Damaged) else str(error)


def _mending(error: StoreError) -> str:
    return MENDING if isinstance(error.__cause__, Damaged) else ""
