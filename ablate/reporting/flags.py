"""What each flag means, in one plain sentence without its full stop, and the list of those that were raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ablate.analysis.sweep_flags import RaisedFlag
from ablate.reporting.blocks import Code, ListBlock, Text, bullets, joined, strong, text
from ablate.reporting.words import WITHOUT_A_MARGIN
from ablate.verdicts.verdict import Flag

__all__ = ["SENTENCES", "flag_list", "flag_name", "flag_sentence"]

MOST_SUBJECTS = 6

SENTENCES: Mapping[Flag, Text] = {
    Flag.SINGLE_SEED: text("One seed says nothing of other seeds, so there are numbers and no verdict"),
    Flag.TWO_SEEDS: text(
        "Two seeds give an interval that rests wholly on near-normal differences, so there is no verdict"
    ),
    Flag.FEW_SEEDS: text(
        "Below five seeds the stated error rates rely on near-normal differences, and only large effects "
        "can be resolved"
    ),
    Flag.UNEQUAL_SEEDS: text(
        "Not all arms have the same seeds; each comparison is over the seeds that both sides have"
    ),
    Flag.UNPAIRED: text(
        "No seed pairs the two sides, so their runs are compared as independent samples (Welch): what pairing would "
        "take out of the noise is in it, and where a side of few runs varies much more than the other, false words are "
        "likelier than stated"
    ),
    Flag.INCOMPLETE: text("Planned seeds have no outcome, or accidents have left fewer than three pairs"),
    Flag.POST_HOC_CLAIMS: text(
        "Claims were added after there were results, so they are exploratory: what suggested a claim "
        "cannot also test it"
    ),
    Flag.POST_HOC_SEEDS: text("Seeds were added after results existed, so the error rates of a plan no longer hold"),
    Flag.WITHDRAWN_SEEDS: text(
        "Seeds were taken away after results existed, so the error rates of a plan no longer hold"
    ),
    Flag.REPEATED_CONFIRMATION: text(
        "The confirmation was repeated on other seeds, or on seeds that had results, so a false one is likelier than "
        "its error rate says"
    ),
    Flag.NO_MARGIN: text("No margin is stated", WITHOUT_A_MARGIN),
    Flag.MARGIN_UNDER_NOISE: text(
        "The margin is smaller than the differences that a finite test set makes between equal models, so it takes "
        "many seeds to resolve"
    ),
    Flag.UNTUNED_NUISANCE: text(
        "The learning rate was not tuned for each arm, and the best one depends on what is varied: the ranking holds "
        "at these learning rates and may change after tuning"
    ),
    Flag.SHARED_LR_BATCH: text(
        "Batch sizes are compared at one learning rate and one number of epochs, so arms differ in "
        "the number and the effect of their steps too"
    ),
    Flag.EDGE_OF_SEARCH: text(
        "The level with the best mean lies on the border of those tried: a better one may lie beyond"
    ),
    Flag.CEILING: text(
        "So few errors are left (under thirty, or differences below three examples) that a share of them is coarse"
    ),
    Flag.CHANCE_LEVEL: text("The metric is at the level of guessing: the arm has not learnt"),
    Flag.DIVERGED: text(
        "Runs diverged, or never came to what was asked; a verdict is given only where a worst value is known, and "
        "only if it is the same with them counted as that"
    ),
    Flag.CRASHED_DROPPED: text(
        "Seeds whose runs failed are left out of the comparison and still counted in its adjustment"
    ),
    Flag.SELECTED_ON_TEST: text("Something was chosen by the test split, so its numbers flatter what was chosen"),
    Flag.STOPPED_EARLY_UNEQUAL: text(
        "Early stopping gave the arms different numbers of epochs, so they are compared at different budgets"
    ),
    Flag.STILL_IMPROVING: text(
        "The metric was still improving over the last tenth of the epochs, so longer training may change the ranking"
    ),
    Flag.LAST_STEP_NOISE: text(
        "The value is that of the last epoch, and it varies as much between epochs as between seeds; the mean of the "
        "last few epochs would be steadier"
    ),
    Flag.MANY_ARMS: text(
        "With so many comparisons and so few seeds, the power reaches 80% only for differences of more than two "
        "standard deviations"
    ),
    Flag.WINNER_CURSE: text("The extreme of several means looks better than it is: the arm is selected, not confirmed"),
    Flag.PAIRING_USELESS: text(
        "Equal seeds did not make the arms correlate, so pairing cost degrees of freedom and gained nothing; the next "
        "study may do without it"
    ),
    Flag.TEST_DISAGREE: text(
        "The exact sign-flip test and the t test, which decides, fall on different sides of the level"
    ),
    Flag.OUTLIER_SEED: text(
        "One seed lies more than five median deviations from the others and carries much of the mean"
    ),
    Flag.VARIANCE_FLOOR: text(
        "The differences vary less than the metric can resolve, so their spread was raised to that"
    ),
    Flag.IDENTICAL_RUNS: text(
        "On every seed the run is the reference's in history, predictions and weights: a level that changes nothing"
    ),
    Flag.NONDETERMINISM: text("The same settings and seed gave other numbers when run again; no pairing can be finer"),
    Flag.MIXED_ENVIRONMENT: text(
        "Runs were computed with different versions of the code, so a difference between arms may be one between "
        "versions; ",
        Code("--same-environment"),
        " trains the older ones anew",
    ),
    Flag.INTERACTION_PRESENT: text(
        "What a factor does depends on the level of another, so its main effect is an average of unequal effects"
    ),
    Flag.EXPLORATORY_METRIC: text(
        "The metric is not the one the sweep asks about, so there are intervals and no verdicts"
    ),
    Flag.NOT_POSITIVE: text("An error is not above zero, so it has no ratio, and nothing is decided on that scale"),
    Flag.RESPLITS: text(
        "Splits of one data set overlap: intervals and tests are wider by the correction of Nadeau and Bengio (2003), "
        "which more splits do not take away, for they add no data"
    ),
    Flag.OTHER_SPLITS: text(
        "Splits of one data set overlap, and nothing here is corrected for it, so there is no verdict: the intervals "
        "take them for independent, and are too narrow"
    ),
    Flag.PRIMARY_OPEN: text(
        "The primary metric is not resolved for the arm, so its other metrics have numbers and no verdict"
    ),
}


def flag_name(flag: Flag) -> str:
    """As a reader sees it: `few seeds`."""
    return flag.value.replace("_", " ")


def flag_list(raised: Sequence[RaisedFlag], subjects: int = 0) -> list[ListBlock]:
    """The flags as a list; none when there are none.

    Args:
        subjects: how many arms and claims there are; a flag of all of them names none.
    """
    return [bullets(_item(each, subjects) for each in raised)] if raised else []


def flag_sentence(raised: RaisedFlag) -> Text:
    """What the flag means, with what was seen in brackets."""
    return text(SENTENCES[raised.flag], f" ({raised.detail})" if raised.detail else "", ".")


def _item(raised: RaisedFlag, subjects: int) -> Text:
    return text(strong(flag_name(raised.flag)), _about(raised, subjects), ": ", flag_sentence(raised))


def _about(raised: RaisedFlag, subjects: int) -> Text:
    if not raised.subjects or len(raised.subjects) == subjects > 1:
        return text()
    shown = joined(", ", map(Code, raised.subjects[:MOST_SUBJECTS]))
    left_out = len(raised.subjects) - MOST_SUBJECTS
    return text(", ", shown, f" and {left_out} more" if left_out > 0 else "")
