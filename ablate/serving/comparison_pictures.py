"""The figures of a comparison and of a run, drawn for a page: verdicts, curves over each other, mistakes by class."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from ablate.analysis.comparison import Comparison, Disagreement, Disagreements, Scope
from ablate.analysis.confusion import count_confusion
from ablate.analysis.curves import ArmCurves, MetricCurves, arm_curves
from ablate.analysis.values import column_info, metric_rank
from ablate.core.class_names import label_of
from ablate.core.records import StoredRun
from ablate.reporting.blocks import Block
from ablate.reporting.comparison import comparison_blocks, side_letter
from ablate.reporting.summary import ADJUSTMENTS
from ablate.sanitize.text import one_line
from ablate.verdicts.verdict import Verdict
from ablate.web.picture import Picture
from ablate.web.pictures.confusion import confusion_picture
from ablate.web.pictures.curves import curves_picture
from ablate.web.pictures.examples import Sprite, sprite_of
from ablate.web.pictures.forest import forest

__all__ = [
    "Drawn",
    "comparison_pictures",
    "disagreements_picture",
    "drawn_blocks",
    "run_confusion",
    "run_curves",
]

DIFFERENCES, CURVES, CONFUSION = "paired_differences", "learning_curves", "confusion"
DISAGREEMENTS = "disagreements"

Image = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Drawn:
    """Names of figures in the order in which they are shown, and what is shown in the place of the file of each."""

    of_verdicts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    of_predictions: tuple[str, ...] = ()
    of_disagreements: tuple[str, ...] = ()
    pictures: dict[str, Picture] = field(default_factory=dict)


def comparison_pictures(comparison: Comparison, disagreements: Picture | None = None) -> Drawn:
    """As far as there is something to draw.

    Args:
        disagreements: the examples that the sides disagree on, or what leads to them.
    """
    judged = [verdict for verdict in comparison.verdicts if verdict.n]
    of_verdicts = {DIFFERENCES: _differences(comparison, judged)} if judged else {}
    others: dict[str, Picture] = {}
    metrics = [MetricCurves(metric, arms) for metric, arms in comparison.curves if _has_any(arms)]
    if metrics:
        others[CURVES] = curves_picture(metrics)
    confusions = {CONFUSION: confusion_picture(comparison.confusions)} if comparison.confusions else {}
    of_examples = {DISAGREEMENTS: disagreements} if disagreements is not None else {}
    shown = (of_verdicts, others, confusions, of_examples)
    pictures = {f"figures/{name}.png": picture for each in shown for name, picture in each.items()}
    return Drawn(tuple(of_verdicts), tuple(others), tuple(confusions), tuple(of_examples), pictures)


def drawn_blocks(comparison: Comparison, drawn: Drawn) -> list[Block]:
    """The comparison with its figures where they belong."""
    return comparison_blocks(comparison, drawn.others, drawn.of_verdicts, drawn.of_predictions, drawn.of_disagreements)


def disagreements_picture(found: Disagreements, images: Sequence[Image]) -> Picture:
    """The first of the examples, with what each of the sides takes them for."""
    sprite, names = sprite_of(images), found.class_names
    key = f"disagreements-{hashlib.sha256(sprite.png).hexdigest()[:12]}"
    items = Markup("\n").join(
        Markup("<li>{}<p>{}{}</p></li>").format(
            _tile(sprite, key, position, f"Test example {example.index}"),
            Markup("<span>is {}</span>").format(one_line(label_of(example.label, names))),
            Markup().join(_read(side, predicted, example, names) for side, predicted in enumerate(example.predictions)),
        )
        for position, example in enumerate(found.examples[: len(images)])
    )
    width, height = sprite.size
    sheet = Markup(
        '<svg class="sprite" width="0" height="0" aria-hidden="true"><defs><image id="{}" width="{}" height="{}" '
        'image-rendering="pixelated" href="data:image/png;base64,{}"/></defs></svg>'
    ).format(key, width, height, base64.b64encode(sprite.png).decode("ascii"))
    return Picture(Markup('{}<ul class="examples">\n{}\n</ul>').format(sheet, items))


def _tile(sprite: Sprite, key: str, position: int, label: str) -> Markup:
    x, y = sprite.corner(position)
    return Markup('<svg viewBox="{} {} {} {}" role="img" aria-label="{}"><use href="#{}"/></svg>').format(
        x, y, sprite.width, sprite.height, label, key
    )


def _read(side: int, predicted: int, example: Disagreement, names: Sequence[str]) -> Markup:
    tone = "good" if predicted == example.label else "bad"
    probability = example.probabilities[side]
    sure = "" if probability is None else f" ({probability:.3f})"
    said = f"{side_letter(side)}: {one_line(label_of(predicted, names))}{sure}"
    return Markup('<span class="tone-{}">{}</span>').format(tone, said)


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
