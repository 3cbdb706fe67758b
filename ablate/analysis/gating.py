"""Has what was changed made anything worse? The question of a gate, put to the engine.

    gate = judge_gate([pair], column_info("val_loss"), margin=0.01)
    gate.outcome, gate.rows[0].ci_equiv_low

Each pair asks whether the new side is not worse than the base by more than the margin, a one-sided test (Schuirmann
1987): its lower bound above −margin shows it, its upper bound below −margin shows the opposite. Several pairs are a
family, adjusted by Holm: a gate that passes says so of all of them, and its error rate covers that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ablate.core.claims import Relation
from ablate.core.records import MetricInfo
from ablate.core.specs import ALPHAS, is_alpha
from ablate.verdicts.engine import ALPHA, PairedQuestion, judge_claims
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Flag, Scale, Verdict, Word

__all__ = ["Gate", "GatePair", "Outcome", "judge_gate"]

SEED = "seed"


class Outcome(StrEnum):
    """Of a gate: no pair is worse by more than the margin; some pair is; the runs show neither."""

    PASSED = "not worse"
    WORSE = "worse"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class GatePair:
    """The new side of something beside its base. `label` tells the pair from the others; empty where there is one."""

    label: str
    base: str
    new: str
    base_values: ArmValues
    new_values: ArmValues


@dataclass(frozen=True)
class Gate:
    """
    Attributes:
        rows: of each pair, whether its new side is not worse; `supported`, `refuted` or `not resolved`.
        margin: as it was stated.
        missing: what the base has and the new side lacks, so that nothing was asked of it.
        key: the column of the tables that makes pairs, or `seed`; empty where nothing does.
        understood: what was understood of each table, in a sentence.
    """

    metric: MetricInfo
    margin: float | str
    alpha: float
    rows: tuple[Verdict, ...]
    missing: tuple[str, ...] = ()
    key: str = SEED
    understood: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        words = {row.word for row in self.rows}
        if Word.REFUTED in words:
            return Outcome.WORSE
        return Outcome.PASSED if words == {Word.SUPPORTED} and not self.missing else Outcome.NOT_SHOWN

    @property
    def seeds_needed(self) -> int | None:
        """How many fresh seeds give each undecided pair 80 % power; None where none of them can tell.

        Of a pair that had this power for the margin it is those for half of it."""
        known = [needed for row in self.undecided if (needed := _fresh_seeds(row)) is not None]
        return max(known) if known and len(known) == len(self.undecided) else None

    @property
    def undecided(self) -> tuple[Verdict, ...]:
        """The pairs of which neither is shown, too few seeds included."""
        return tuple(row for row in self.rows if row.word not in (Word.SUPPORTED, Word.REFUTED))


def _fresh_seeds(row: Verdict) -> int | None:
    """None where more seeds do not tell: runs diverged, or no word is given whatever their number."""
    if row.word is None or row.n_diverged or row.n_diverged_reference or row.seeds_needed_high is None:
        return None
    return row.seeds_needed_high if row.seeds_needed_high > row.n else row.seeds_needed_half


def judge_gate(
    pairs: Sequence[GatePair],
    metric: MetricInfo,
    margin: float | str,
    *,
    scale: Scale | None = None,
    alpha: float = ALPHA,
    n_examples: int | None = None,
    classes: int | None = None,
    resolution: float | None = None,
    worst: float | None = None,
    unpaired: bool = False,
    missing: Sequence[str] = (),
    test_to_train: float | None = 0.0,
    key: str = SEED,
    changed: Sequence[Flag] = (),
) -> Gate:
    """
    Args:
        margin: the largest loss that would be borne, in the unit of the metric, or `10%` of the error.
        n_examples, classes, resolution, worst, unpaired: as in `judge_arms`.
        missing, key: as in `Gate`.
        test_to_train: of pairs that are splits of one data set, as in `judge_arms`; None where it is not known, which
            shows nothing.
        changed: what was changed of the seeds after there were results, which bounds no error and shows nothing.

    Raises:
        ValueError: without a pair, for a metric of which neither less nor more is better, a margin that does not fit,
            or an alpha that is none.
    """
    if not pairs:
        raise ValueError("a gate needs a pair of sides")
    if not is_alpha(alpha):
        raise ValueError(f"alpha is {ALPHAS}, not {alpha:g}")
    if not metric.sign:
        raise ValueError(f"neither less nor more {metric.name} is better, so nothing can be worse by it")
    questions = [
        PairedQuestion(
            subject=sides.label or f"{sides.new} not worse than {sides.base}",
            arm=sides.new,
            reference=sides.base,
            metric=metric,
            arm_values=sides.new_values,
            reference_values=sides.base_values,
            relation=Relation.NOT_WORSE,
            margin=margin,
            scale=scale,
            n_examples=n_examples,
            classes=classes,
            resolution=resolution,
            worst=worst,
            is_unpaired=unpaired,
            test_to_train=test_to_train or 0.0,
        )
        for sides in pairs
    ]
    judged = judge_claims(questions, alpha)

    def lacks(row: Verdict) -> tuple[Flag, ...]:
        # The correction for splits that overlap is one of paired differences.
        is_naive = test_to_train is None or (test_to_train and row.sizes is not None)
        return (*changed, Flag.OTHER_SPLITS) if is_naive else tuple(changed)

    rows = tuple(row.as_exploratory(*why) if (why := lacks(row)) else row for row in judged)
    return Gate(metric, margin, alpha, rows, tuple(missing), key)
