"""Whether a new side is worse than its base by more than a margin: what continuous integration asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ablate.analysis.comparison import Mismatch, Side, arm_values, asked_of, mismatches
from ablate.analysis.gating import Gate, GatePair, judge_gate
from ablate.analysis.values import column_info, metric_values
from ablate.core.errors import UsageError
from ablate.core.parse_error import nearest
from ablate.operations.as_json import document, shows
from ablate.operations.compare import NotComparable
from ablate.operations.request import results_folder
from ablate.operations.sides import find_sides

__all__ = ["gate"]

shows("outcome", "metric", "margin", "alpha", "seeds_needed", "rows", "missing")(Gate)
document("gate", version=1)(Gate)


def gate(
    base: str,
    new: str,
    *,
    metric: str | None = None,
    margin: float | str | None = None,
    alpha: float | None = None,
    results_dir: Path | str | None = None,
    allow: bool = False,
) -> Gate:
    """Whether `new` is shown not worse than `base` by more than the margin, shown worse, or neither.

    Both are names as `compare` takes them: a study, one of its arms, the beginning of a run id. Of two studies, arms of
    one name are put beside each other.

    Args:
        metric, margin, alpha: by default what the sweeps of both sides ask. A margin is in the unit of the metric, or
            `10%` of the error.
        allow: whether to compare even what differs in its data, split, loss or numerics.

    Raises:
        NotComparable: when it does and that is not allowed.
        UsageError, NoSuchArm, MissingRun, AmbiguousPrefix: for a name that stands for nothing, sides that have no arm
            in common, no known margin, or a metric that the runs do not have.
    """
    results = results_folder(results_dir)
    bases, news = find_sides(base, results), find_sides(new, results)
    paired, missing = _paired(bases, news, base, new)
    sides = [side for pair in paired for side in pair]
    if not allow:
        for pair in paired:
            if found := mismatches(pair):
                raise NotComparable(_apart(pair, found))
    asked = asked_of(sides)
    column = metric or (asked.metric if asked else None)
    if column is None:
        raise UsageError("Which metric? --metric names the one that must not get worse")
    is_asked = asked is not None and column == asked.metric
    within = margin if margin is not None else asked.margin if asked is not None and is_asked else None
    if within is None:
        raise UsageError(f"How much worse may {column} be? --margin in its unit, or as in --margin 10%")
    _refuse_unknown(column, sides)
    try:
        return judge_gate(
            [
                GatePair(
                    "" if len(paired) == 1 else _arm_of(second),
                    first.label,
                    second.label,
                    arm_values(first, column),
                    arm_values(second, column),
                )
                for first, second in paired
            ],
            column_info(column),
            within,
            scale=asked.scale if asked is not None and is_asked and margin is None else None,
            alpha=alpha if alpha is not None else asked.alpha if asked is not None else 0.05,
            missing=missing,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


def _paired(
    bases: Sequence[Side], news: Sequence[Side], base: str, new: str
) -> tuple[list[tuple[Side, Side]], tuple[str, ...]]:
    """Each base with its new side; the names of the bases that have none."""
    if len(bases) == len(news) == 1:
        return [(bases[0], news[0])], ()
    by_arm = {_arm_of(side): side for side in news}
    paired = [(side, by_arm[_arm_of(side)]) for side in bases if _arm_of(side) in by_arm]
    if not paired:
        raise UsageError(f"{base} and {new} have no arm of one name; name one arm of each, as study:level")
    return paired, tuple(_arm_of(side) for side in bases if _arm_of(side) not in by_arm)


def _apart(pair: tuple[Side, Side], found: Sequence[Mismatch]) -> str:
    aspects = "; ".join(f"{each.aspect} ({' against '.join(each.values)})" for each in found)
    return f"{pair[1].label} and {pair[0].label} differ in {aspects}"


def _arm_of(side: Side) -> str:
    return side.label if side.origin is None else side.origin.arm.name


def _refuse_unknown(column: str, sides: Sequence[Side]) -> None:
    known = sorted({name for side in sides for run in side.runs for name in metric_values(run)})
    if known and column not in known:
        like = nearest(column, known)
        raise UsageError(
            f"The runs have no {column}{f'; did you mean {like}?' if like else ''} They have {', '.join(known)}"
        )
