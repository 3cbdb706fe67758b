"""What is wrong with a table, all of it at once."""

from __future__ import annotations

from ablate.core.errors import AblateError

__all__ = ["TableProblem"]

# More lines would hide the first of them, and all are alike as a rule.
MOST = 20


class TableProblem(AblateError, ValueError):
    """What in a table cannot be read or understood, each with its column and its line where there is one.

    Attributes:
        problems: one sentence each.
        source: the file it is about; empty for a frame.
    """

    def __init__(self, *problems: str, source: str = "") -> None:
        self.problems = problems
        self.source = source
        about = f"{source}: " if source else ""
        if len(problems) == 1:
            super().__init__(f"{about}{problems[0]}")
            return
        more = [f"and {len(problems) - MOST} more"] if len(problems) > MOST else []
        lines = "".join(f"\n  {line}" for line in [*problems[:MOST], *more])
        super().__init__(f"{about}{len(problems)} problems:{lines}")
