"""Which figures a sweep has, under which name, and what a reader who cannot see them is told.

The names are those of `ablate.plots.figures.DRAW`, which draws them.
"""

from __future__ import annotations

from collections.abc import Sequence

from ablate.analysis.confusion import Confusion
from ablate.analysis.curves import ArmCurves
from ablate.analysis.grid_effects import FactorialRows
from ablate.analysis.results import SweepResults
from ablate.analysis.summaries import ArmSummary
from ablate.core.class_names import label_of
from ablate.plots.labels import interval_name, scaled_title
from ablate.reporting.blocks import Code, text
from ablate.reporting.figures import Caption
from ablate.verdicts.verdict import Scale

__all__ = ["CLASS_DISTRIBUTION", "FOREST", "captions"]

FOREST, CLASS_DISTRIBUTION = "paired_differences", "class_distribution"


def captions(results: SweepResults) -> tuple[Caption, ...]:
    """The captions of the figures that the results can fill, in the order of the report."""
    candidates = (
        (_has_values(results.summaries), _metric_by_arm(results)),
        (any(verdict.n for verdict in results.verdicts), _paired_differences(results)),
        (any(verdict.n > 1 for verdict in results.verdicts), _paired_seeds(results)),
        (bool(results.claims), _claims(results)),
        *((_has_cells(results.factorial), caption) for caption in _of_grid(results)),
        (bool(results.factorial and results.factorial.shares), _variance_shares(results)),
        (_has_curves(results.validation), _learning_curves(results)),
        (_has_values(results.gap.summaries), _gap()),
        (_has_values(results.seconds.summaries), _seconds()),
        (bool(results.confusions), _confusion(results)),
        *_of_examples(results),
        (bool(results.displacements), _displacement()),
        (bool(results.ensembles), _ensembles()),
        (bool(results.samples), _samples()),
    )
    return tuple(caption for is_drawn, caption in candidates if is_drawn)


def _has_values(summaries: Sequence[ArmSummary]) -> bool:
    return any(summary.estimate.n for summary in summaries)


def _has_cells(grid: FactorialRows | None) -> bool:
    return grid is not None and any(table.cells for table in grid.tables)


def _has_curves(arms: Sequence[ArmCurves]) -> bool:
    return any(curve.values for arm in arms for curve in arm.seeds)


def _metric_by_arm(results: SweepResults) -> Caption:
    title = results.metric.title
    diamonds = " An open diamond is what the original states, of one run." if results.stated else ""
    return Caption(
        "metric_by_arm",
        f"Dot plot of the {title} of every seed of every arm, with mean and 95% interval",
        f"The {title} of every arm{_on_axis(results)}. A dot is one seed; bar and tick are the {_mean(results)} and "
        f"its 95% t interval over seeds. The dashed line is the mean of the baseline.{diamonds}",
    )


def _paired_differences(results: SweepResults) -> Caption:
    has_ratios = any(verdict.scale is Scale.LOG_ERROR for verdict in results.verdicts)
    has_margin = any(verdict.margin is not None for verdict in results.verdicts)
    shown = "Ratios of the error, on a log axis, to that of" if has_ratios else "Differences from"
    interval = interval_name(results.verdicts)
    band = (
        " The shaded band is the margin: an arm is equivalent where the interval of its equivalence test lies inside."
        if has_margin
        else ""
    )
    return Caption(
        FOREST,
        f"Dot plot of the{_paired(results)} differences in {results.metric.title} from the baseline, with {interval}s "
        "and verdicts",
        text(
            f"{shown} the baseline ",
            Code(results.baseline.arm),
            f", {_compared(results)}, in the order of the plan. {_marks(results)} the thick bar its "
            f"{interval}; the thin bar is adjusted for all comparisons, and a difference is resolved where it excludes "
            f"the line.{band} The sign at the right is the verdict.",
        ),
    )


def _paired_seeds(results: SweepResults) -> Caption:
    return Caption(
        "paired_seeds",
        f"The {results.metric.title} of the baseline and of each arm, equal seeds joined by lines",
        text(
            "Each arm against the baseline ",
            Code(results.baseline.arm),
            f", seed by seed{_on_axis(results)}: grey is the baseline, bars are {_mean(results)}s over the pairs. ρ is "
            "the correlation of the two sides over seeds; VR is the variance of the paired difference ÷ that of "
            "unpaired runs: below 1 pairing helped, above 1 it hurt.",
        ),
    )


def _claims(results: SweepResults) -> Caption:
    return Caption(
        "claims",
        f"Dot plot of the{_paired(results)} differences that the claims of {results.planned.spec.name} are about, "
        "with verdicts",
        f"The differences that the claims are about, first side against second, {_compared(results)} and drawn as "
        "above. The side that is claimed is tinted.",
    )


def _paired(results: SweepResults) -> str:
    return " paired" if results.planned.spec.paired else ""


def _compared(results: SweepResults) -> str:
    return "paired by seed" if results.planned.spec.paired else "as independent samples"


def _marks(results: SweepResults) -> str:
    """Runs that nothing pairs have no difference of their own that a dot could show."""
    return "A dot is one seed, the tick the mean," if results.planned.spec.paired else "The tick is that of the means,"


def _of_grid(results: SweepResults) -> tuple[Caption, Caption]:
    title, is_log = results.metric.title, results.scale is Scale.LOG_ERROR
    has_diverged = results.factorial is not None and results.factorial.n_diverged > 0
    crosses = " A cross marks a mean that leaves out diverged runs." if has_diverged else ""
    colourless = (
        " A cell where runs diverged has no colour: its mean is of the others, and compares with none of all runs."
        if has_diverged
        else ""
    )
    reach = "factor by which its 95% interval reaches up and down" if is_log else "half-width of its 95% interval"
    return (
        Caption(
            "interactions",
            f"The {title} over the levels of one factor, a line for each level of another",
            f"The {title} for every pair of factors{_on_axis(results)}, averaged over the others. Thin lines are "
            f"seeds, thick ones {_mean(results)}s, bars 95% intervals of each mean. Lines that are not parallel show "
            f"an interaction on this scale; whether it is resolved is in the table of effects.{crosses}",
        ),
        Caption(
            "cell_means",
            f"Table of the mean {title} for every pair of levels, coloured by its value",
            f"The {_mean(results)} of the {_shown(results)} at every pair of levels, averaged over the other factors, "
            f"with the {reach}; the darker, the better.{colourless}",
        ),
    )


def _mean(results: SweepResults) -> str:
    return "geometric mean" if results.scale is Scale.LOG_ERROR else "mean"


def _shown(results: SweepResults) -> str:
    """What stands on the axes of a sweep's scale, in its unit."""
    is_error = results.scale is Scale.LOG_ERROR and results.metric.sign > 0
    return f"error (1 − {results.metric.title})" if is_error else results.metric.title


def _on_axis(results: SweepResults) -> str:
    if results.scale is Scale.RAW:
        return ""
    return f", as {_shown(results)} on a log axis" if results.metric.sign > 0 else ", on a log axis"


def _variance_shares(results: SweepResults) -> Caption:
    shared = len(results.factorial.shared_seeds) if results.factorial else 0
    planned = len(results.planned.spec.seeds)
    runs = f"the runs of the {shared} of {planned} seeds on which every cell has a value" if shared < planned else ""
    return Caption(
        "variance_shares",
        "Bars of the share of the variance that factors, interactions, seeds and the residual have",
        f"Shares of the sum of squares of the {scaled_title(results.metric, results.scale)} over "
        f"{runs or 'all runs of the grid'}. A share says what varied in this grid with these levels, on this scale, "
        "not what matters elsewhere.",
    )


def _learning_curves(results: SweepResults) -> Caption:
    return Caption(
        "learning_curves",
        f"Curves of the {results.curve_metric.title} over epochs, one panel an arm, one thin line a seed",
        f"The {results.curve_metric.title} over epochs. Thin lines are seeds, the thick one their mean, the dashed one "
        "the training mean, measured during the epoch; grey is the baseline. A cross marks where a run diverged.",
    )


def _gap() -> Caption:
    return Caption(
        "gap",
        "Dot plot of the difference between validation and training loss of every seed of every arm",
        "Validation minus training loss at the evaluated epoch, each over its whole split in inference mode.",
    )


def _seconds() -> Caption:
    return Caption(
        "seconds",
        "Dot plot of the time that each run of every arm took",
        "Wall time of each run without compilation, and the mean of each arm. Other work on the machine is included.",
    )


def _samples() -> Caption:
    return Caption(
        "samples",
        "Sheets of images that the generators of the arms made",
        "Images that each arm's generator made of its first latent points, at the evaluated epoch of one seed; none "
        "is picked.",
    )


def _confusion(results: SweepResults) -> Caption:
    farthest = [
        text(" and ", Code(each.label), ", whose mean lies farthest from it") for each in results.confusions[1:2]
    ]
    return Caption(
        "confusion",
        "Confusion matrices of test predictions, true class against predicted class",
        text(
            "Test examples by true and predicted class, summed over seeds: the baseline",
            *farthest,
            ". Colour is the share of the true class that was mistaken.",
            *(_worst_mistake(each) for each in results.confusions[:1]),
        ),
    )


def _worst_mistake(confusion: Confusion) -> str:
    """In words, where classes have names."""
    if confusion.worst is None or not confusion.class_names:
        return ""
    true, predicted = confusion.worst
    label, taken_for = (label_of(number, confusion.class_names) for number in (true, predicted))
    often = f"{confusion.counts[true][predicted]} of {sum(confusion.counts[true])}"
    return f" Most often the baseline takes “{label}” for “{taken_for}” ({often})."


def _of_examples(results: SweepResults) -> list[tuple[bool, Caption]]:
    shown = results.examples
    if shown is None:
        return []
    of_run = text("the baseline ", Code(shown.arm), f", seed {shown.seed}")
    return [
        (
            any(example.image is not None for example in shown.random),
            Caption(
                "sample_predictions",
                "Test examples drawn at random, each with the class that is predicted and its probability",
                text(
                    "Test examples drawn at random, the same for every run, as ",
                    of_run,
                    " reads them: the class it predicts and its probability. A few examples show what the data look "
                    "like, not how good a model is.",
                ),
            ),
        ),
        (
            any(example.image is not None for example in shown.mistakes),
            Caption(
                "surest_mistakes",
                "The wrongly classified test examples of the largest probability",
                text(
                    "The mistakes that ",
                    of_run,
                    " is surest of: the class it predicts with its probability, and what the label says. Some of the "
                    "labels can be doubted.",
                ),
            ),
        ),
        (
            True,
            Caption(
                CLASS_DISTRIBUTION,
                "Bars of the share of each class among training, validation and test examples",
                "How often each class occurs in each split, as a share of its examples.",
            ),
        ),
    ]


def _displacement() -> Caption:
    return Caption(
        "displacement",
        "Curves of the test accuracy over shift, rotation and scale of the test images, a line an arm",
        "Accuracy on test images that were moved (mean over four directions), turned or magnified, with zeros outside. "
        "Thin lines are seeds, thick ones their mean. Of a large test set 2000 examples are looked at.",
    )


def _ensembles() -> Caption:
    return Caption(
        "ensembles",
        "Curves of the test error over the number of seeds whose probabilities are averaged",
        "Test error of ensembles over the number of seeds that are asked together: the mean over up to 20 choices of "
        "so many seeds. Small dots are single seeds.",
    )
