"""What may be said of an arm over the examples of a benchmark. Apart from `per_example`, which judges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ablate.verdicts.verdict import Verdict

__all__ = ["ExampleVerdict", "Reach"]


class Reach(StrEnum):
    """What a verdict speaks of beyond the data: new examples, for these trained models; or new seeds as well."""

    EXAMPLES = "new examples"
    SEEDS_AND_EXAMPLES = "new seeds and new examples"


@dataclass(frozen=True)
class ExampleVerdict:
    """A verdict over examples, and what seeds have none of.

    Attributes:
        verdict: its `n` counts examples, its wins, ties and losses too (with several seeds by their means); `sd` is
            over examples, and no difference is listed.
        reach: over what its error is bounded.
        n_seeds: pairs of trained models. n_groups: of examples; None where each stands for itself.
        se, df: of the difference, as they are judged by.
        only_arm, only_reference: examples that one side alone gets right; None of scores and of several seeds.
        p_mcnemar: of the exact test; None where it is not used: of scores, groups or several seeds.
        examples_needed: in all, for 80 % power at the margin, by the normal approximation; None without a margin, and
            where no number is enough.
    """

    verdict: Verdict
    reach: Reach
    n_seeds: int
    n_groups: int | None = None
    se: float | None = None
    df: float | None = None
    only_arm: int | None = None
    only_reference: int | None = None
    p_mcnemar: float | None = None
    examples_needed: int | None = None

    @property
    def more_examples(self) -> int | None:
        """How many examples are missing for that power."""
        return None if self.examples_needed is None else max(self.examples_needed - self.verdict.n, 0)
