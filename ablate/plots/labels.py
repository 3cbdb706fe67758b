"""What stands beside rows and along axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ablate.core.class_names import label_of
from ablate.core.records import MetricInfo
from ablate.sanitize.text import one_line
from ablate.verdicts.verdict import Scale, Verdict

if TYPE_CHECKING:  # captions, which need the words here, wait for no matplotlib
    from matplotlib.axes import Axes

__all__ = [
    "MOST_CHARACTERS",
    "axis_label",
    "class_labels",
    "interval_name",
    "label_classes",
    "row_labels",
    "scaled_title",
    "shortened",
]

MOST_CHARACTERS = 34
# Of the name of a class, along an axis.
MOST_OF_A_CLASS = 14


def axis_label(metric: MetricInfo, with_goal: bool = True, is_log: bool = False) -> str:
    """`validation loss, nats, log axis (goal: lower)`, whose goal stays in one line."""
    unit = (f", {metric.unit}" if metric.unit else "") + (", log axis" if is_log else "")
    way = {"min": "lower", "max": "higher"}.get(metric.direction)
    goal = f" (goal:\N{NO-BREAK SPACE}{way})" if way and with_goal else ""
    return f"{metric.title}{unit}{goal}"


def scaled_title(metric: MetricInfo, scale: Scale) -> str:
    """What is compared on a scale: `validation loss`, `log validation loss`, `log error (1 − test accuracy)`."""
    if scale is Scale.RAW:
        return metric.title
    return f"log error (1 − {metric.title})" if metric.sign > 0 else f"log {metric.title}"


def interval_name(verdicts: Sequence[Verdict]) -> str:
    """`95% interval`, by the level of the verdicts' tests."""
    return f"{100 * (1 - (verdicts[0].alpha if verdicts else 0.05)):.4g}% interval"


def row_labels(arms: Sequence[str], most: int = MOST_CHARACTERS) -> tuple[list[str], str]:
    """Labels of at most `most` characters, and a title over them: the factor, where all arms are levels of the
    same one."""
    factors = {arm.partition("=")[0] for arm in arms if "," not in arm and "=" in arm}
    if len(factors) == 1 and all("=" in arm and "," not in arm for arm in arms):
        return [shortened(arm.partition("=")[2], most) for arm in arms], factors.pop()
    return [shortened(arm, most) for arm in arms], ""


def class_labels(numbers: Iterable[int], names: Sequence[str]) -> list[str]:
    """The classes by their names, where these are known, as short as an axis has room for."""
    return [shortened(label_of(number, names), MOST_OF_A_CLASS) for number in numbers]


def label_classes(ax: Axes, numbers: Sequence[int], names: Sequence[str]) -> None:
    """Ticks of classes along the lower side: names stand aslant there, for they would run into each other."""
    if not names:
        ax.set_xticks(numbers)
        return
    ax.set_xticks(numbers, class_labels(numbers, names), rotation=45)
    for label in ax.get_xticklabels():
        label.set(horizontalalignment="right", rotation_mode="anchor")


def shortened(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text` without its middle where it is too long: arms of a grid differ at both ends."""
    text = one_line(text)
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"
