"""The figures of a comparison and of a run, drawn for a page: verdicts, curves over each other, mistakes by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ablate.analysis.comparison import Comparison, Scope
from ablate.analysis.confusion import count_confusion
from ablate.analysis.curves import ArmCurves, MetricCurves, arm_curves
from ablate.analysis.values import column_info, metric_rank
from ablate.core.records import StoredRun
from ablate.reporting.summary import ADJUSTMENTS
from ablate.verdicts.verdict import Verdict
from ablate.web.picture import Picture
from ablate.web.pictures.confusion import confusion_picture
from ablate.web.pictures.curves import curves_picture
from ablate.web.pictures.forest import forest

__all__ = ["Drawn", "comparison_pictures", "run_confusion", "run_curves"]

DIFFERENCES, CURVES, CONFUSION = "paired_differences", "learning_curves", "confusion"


@dataclass(frozen=True)
class Drawn:
    """Names of figures in the order in which they are shown, and what is shown in the place of the file of each."""

    of_verdicts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    pictures: dict[str, Picture] = field(default_factory=dict)


def comparison_pictures(comparison: Comparison) -> Drawn:
    """As far as there is something to draw."""
    judged = [verdict for verdict in comparison.verdicts if verdict.n]
    of_verdicts = {DIFFERENCES: _differences(comparison, judged)} if judged else {}
    others: dict[str, Picture] = {}
    metrics = [MetricCurves(metric, arms) for metric, arms in comparison.curves if _has_any(arms)]
    if metrics:
        others[CURVES] = curves_picture(metrics)
    if comparison.confusions:
        others[CONFUSION] = confusion_picture(comparison.confusions)
    pictures = {f"figures/{name}.png": picture for name, picture in {**of_verdicts, **others}.items()}
    return Drawn(tuple(of_verdicts), tuple(others), pictures)


def run_curves(run: StoredRun, label: str) -> Picture | None:
    """Every metric that a run has for each epoch, the validation loss first; None where it has none."""
    names = sorted(run.history, key=lambda name: (name != "val_loss", metric_rank(name)))
    curves = [MetricCurves(column_info(name), (arm_curves(label, False, [run], name),)) for name in names]
    drawn = [each for each in curves if _has_any(each.arms)]
    return curves_picture(drawn) if drawn else None


def run_confusion(run: StoredRun, label: str) -> Picture | None:
    """What a run took for what; None where it did not classify."""
    counted = count_confusion(label, [run])
    return confusion_picture([counted]) if counted else None


def _differences(comparison: Comparison, judged: Sequence[Verdict]) -> Picture:
    """All share the metric, and so an axis."""
    adjustment = ADJUSTMENTS[comparison.multiplicity] if comparison.questions > 1 else ""
    is_unpaired = all(verdict.sizes is not None for verdict in judged)
    how = "unpaired" if is_unpaired else "paired by seed, a dot is a seed"
    said = f"{how}; exploratory, for no study planned it" if comparison.scope is Scope.EXPLORATORY else how
    return forest([judged], f"{judged[0].metric.title} against {comparison.labels[0]}", said, adjustment)


def _has_any(arms: tuple[ArmCurves, ...]) -> bool:
    return any(arm.seeds for arm in arms)
