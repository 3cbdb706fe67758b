"""What of a sweep's claims cannot be: by their grammar, and by the arms, the margin and the task of the sweep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ablate.config.problems import Problem, unreadable_problem
from ablate.core.claims import (
    ArmLike,
    Statement,
    parse_statement,
    quantity_info,
    resolution_errors,
    stated_margin,
)
from ablate.core.parse_error import Unreadable

__all__ = ["Setting", "claim_problems"]


@dataclass(frozen=True)
class Setting:
    """What claims are made about; None where it is not known (yet), and so refuses none.

    Attributes:
        metric, margin: those of the sweep; the margin is None also where the sweep states none.
        task: what the data set calls for, whose quantities alone can be measured.
    """

    arms: Sequence[ArmLike] | None = None
    metric: str | None = None
    margin: float | str | None = None
    task: str | None = None


def claim_problems(claims: Sequence[str], setting: Setting) -> dict[str, list[Problem]]:
    """Each claim with what is wrong with it: nothing, as a rule."""
    statements = [_statement(claim) for claim in claims]
    found: dict[str, list[Problem]] = {}
    for index, (claim, statement) in enumerate(zip(claims, statements, strict=True)):
        key = f"sweep.claims[{index}]"
        errors = [statement] if isinstance(statement, Unreadable) else _errors(statement, setting)
        found.setdefault(claim, []).extend(unreadable_problem(key, error) for error in errors)
        if isinstance(statement, Statement) and statement in statements[:index]:
            found[claim].append(Problem(key, claim, "each claim once"))
    return found


def _statement(claim: str) -> Statement | Unreadable:
    try:
        # One line, as it will be shown.
        return parse_statement(" ".join(claim.split()))
    except Unreadable as error:
        return error


def _errors(statement: Statement, setting: Setting) -> Iterator[Unreadable]:
    text, spans = str(statement), statement.spans
    if setting.arms is not None:
        yield from resolution_errors(statement, setting.arms)
    info = quantity_info(statement.quantity)
    if setting.task and not info.is_of(setting.task):
        yield Unreadable(text, *spans["quantity"], f"a quantity of {setting.task}, not of {info.task},")
    if (
        setting.metric is not None
        and statement.relation.needs_margin
        and stated_margin(statement, setting.metric, setting.margin) is None
    ):
        reason = "states none" if setting.margin is None else f"has one of {setting.metric} alone"
        expected = f"a statement that ends in a margin, as in within 0.01, for the sweep {reason},"
        yield Unreadable(text, *spans["relation"], expected)
