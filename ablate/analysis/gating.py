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
from ablate.verdicts.engine import ALPHA, PairedQuestion, judge_claims
from ablate.verdicts.pairing import ArmValues
from ablate.verdicts.verdict import Scale, Verdict, Word

__all__ = ["Gate", "GatePair", "Outcome", "judge_gate"]

LARGEST_ALPHA = 0.5


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
    """

    metric: MetricInfo
    margin: float | str
    alpha: float
    rows: tuple[Verdict, ...]
    missing: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        words = {row.word for row in self.rows}
        if Word.REFUTED in words:
            return Outcome.WORSE
        return Outcome.PASSED if words == {Word.SUPPORTED} and not self.missing else Outcome.NOT_SHOWN

    @property
    def seeds_needed(self) -> int | None:
        """How many fresh seeds give each undecided pair 80 % power; None where none of them can tell."""
        known = [row.seeds_needed_high for row in self.undecided if row.seeds_needed_high is not None]
        return max(known) if known and len(known) == len(self.undecided) else None

    @property
    def undecided(self) -> tuple[Verdict, ...]:
        """The pairs of which neither is shown, too few seeds included."""
        return tuple(row for row in self.rows if row.word not in (Word.SUPPORTED, Word.REFUTED))


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
) -> Gate:
    """
    Args:
        margin: the largest loss that would be borne, in the unit of the metric, or `10%` of the error.
        n_examples, classes, resolution, worst, unpaired: as in `judge_arms`.
        missing: as in `Gate`.

    Raises:
        ValueError: without a pair, for a metric of which neither less nor more is better, a margin that does not fit,
            or an alpha that is none.
    """
    if not pairs:
        raise ValueError("a gate needs a pair of sides")
    if not 0 < alpha < LARGEST_ALPHA:
        raise ValueError(f"alpha is above 0 and below {LARGEST_ALPHA}, not {alpha:g}")
    if not metric.sign:
        raise ValueError(f"neither less nor more {metric.name} is better, so nothing can be worse by it")
    questions = [
        PairedQuestion(
            subject=pair.label or f"{pair.new} not worse than {pair.base}",
            arm=pair.new,
            reference=pair.base,
            metric=metric,
            arm_values=pair.new_values,
            reference_values=pair.base_values,
            relation=Relation.NOT_WORSE,
            margin=margin,
            scale=scale,
            n_examples=n_examples,
            classes=classes,
            resolution=resolution,
            worst=worst,
            is_unpaired=unpaired,
        )
        for pair in pairs
    ]
    return Gate(metric, margin, alpha, judge_claims(questions, alpha), tuple(missing))
