"""The decision table: from mean, standard error and margin to a word, for a family of questions at once.

    >>> estimate = estimate_difference([0.021, 0.018, 0.025, 0.019, 0.022], margin=0.005)
    >>> decide_family([Question((estimate,))])[0].word
    <Word.BETTER: 'better'>

Everything here is oriented: a positive difference is good, or is what the claim says. The rules, the first that
holds (n ≥ 3; [L, U] the 1 − a interval of the difference's step, [l, u] the 1 − 2a interval of the
equivalence test's step, δ the margin):

    equal digests              identical: each pair is one run twice, and all differences are 0
    [l, u] within ±δ           equivalent; detectable but negligible where [L, U] excludes 0
    all differences are 0      no difference at this resolution
    L > 0                      better; by more than the margin where L > δ
    U < 0                      worse; by more than the margin where U < −δ
    else                       inconclusive

Equivalence comes first, so that a gain too small to matter is never sold as better.

Values in steps of r are often equal by chance, and then vary less than what they were rounded from. So the spread is
at least r/√12, that of rounding, where a difference is to be shown, and at least r where it is to be shown to be none:
three equal whole numbers say little about a difference of 0.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ablate.core.claims import Relation
from ablate.stats.equivalence import Equivalence, equivalence_test
from ablate.stats.estimates import student_interval, student_p
from ablate.stats.improvement import sign_test_p
from ablate.stats.multiplicity import ADJUSTMENTS
from ablate.stats.power import MINIMUM_SEEDS
from ablate.verdicts.verdict import Word

__all__ = ["Decision", "DifferenceEstimate", "Question", "Signs", "decide_family", "estimate_difference"]

MORE_THAN_MARGIN = "by more than the margin"
NEGLIGIBLE = "detectable but negligible"
SAME_ON_EVERY_SEED = "the same on every seed"
TIE = "a tie on every seed"


@dataclass(frozen=True)
class DifferenceEstimate:
    """What the table reads of one difference.

    `se` is None where the data have no spread to judge by. `sd` is the spread of the differences, after the `floor`;
    `floored` says that the floor has raised it. `tied` says that every difference is 0, and `identical` that it is
    known why: the runs of each pair are the same. `test_to_train` is as in `estimate_difference`.
    """

    n: int
    mean: float | None = None
    se: float | None = None
    df: float | None = None
    margin: float | None = None
    sd: float | None = None
    identical: bool = False
    floored: bool = False
    tied: bool = False
    floor: float = 0.0
    test_to_train: float = 0.0

    def interval(self, alpha: float) -> tuple[float, float] | None:
        """The two-sided 1 − alpha interval."""
        if self.mean is None or self.se is None or self.df is None:
            return None
        return student_interval(self.mean, self.se, self.df, alpha)

    def equivalence_interval(self, alpha: float) -> tuple[float, float] | None:
        """The two-sided 1 − alpha interval of the equivalence test."""
        se = self._se_of_equivalence
        if self.mean is None or se is None or self.df is None:
            return None
        return student_interval(self.mean, se, self.df, alpha)

    @property
    def spread_of_equivalence(self) -> float | None:
        """`sd`, or the step of the metric where that is larger: equal values can lie as far apart."""
        return None if self.sd is None else max(self.sd, math.sqrt(12) * self.floor)

    @property
    def _se_of_equivalence(self) -> float | None:
        if self.se is None:
            return None
        return max(self.se, math.sqrt(12 / self.n + 12 * self.test_to_train) * self.floor)

    @property
    def p_difference(self) -> float | None:
        if self.mean is None or self.se is None or self.df is None:
            return None
        return student_p(self.mean / self.se, self.df)

    @property
    def equivalence(self) -> Equivalence | None:
        se = self._se_of_equivalence
        if self.mean is None or se is None or self.df is None or self.margin is None:
            return None
        return equivalence_test(self.mean, se, self.df, self.margin)


def estimate_difference(
    differences: Sequence[float],
    margin: float | None = None,
    floor: float = 0.0,
    magnitude: float = 0.0,
    identical: bool = False,
    test_to_train: float = 0.0,
) -> DifferenceEstimate:
    """The estimate of a difference from one value per seed, all finite.

    Args:
        floor: the smallest spread that is believed: of values in steps of r it is r/√12, that of rounding to
            them.
        magnitude: the size of the numbers that were subtracted; a spread that their rounding explains is none.
        identical: whether the two runs of every pair are known to be the same; looked at where all differences are 0.
        test_to_train: of splits of one data set, one a seed, n_test/n_train: their training sets overlap, so se² is
            sd² · (1/n + n_test/n_train) (Nadeau and Bengio 2003). 0 for seeds that share a split.
    """
    values = np.asarray(differences, dtype=np.float64)
    n = values.size
    if n == 0:
        return DifferenceEstimate(0, margin=margin)
    mean = float(values.mean())
    if n == 1:
        return DifferenceEstimate(1, mean, margin=margin)
    tied = not values.any()
    if tied and identical:
        return DifferenceEstimate(n, 0.0, margin=margin, sd=0.0, identical=True, tied=True)
    # In units of the largest, since squares of very large or small numbers leave the range of floats.
    largest = float(np.abs(values).max()) or 1.0
    sd = largest * math.sqrt(float(np.sum(((values - mean) / largest) ** 2)) / (n - 1))
    if sd <= 16 * np.finfo(np.float64).eps * max(magnitude, largest):
        sd = 0.0
    floored = sd < floor
    sd = max(sd, floor)
    se = sd * math.sqrt(1 / n + test_to_train) if test_to_train else sd / math.sqrt(n)
    return DifferenceEstimate(
        n,
        mean,
        se if sd > 0 else None,
        n - 1,
        margin,
        sd,
        floored=floored,
        tied=tied,
        floor=floor,
        test_to_train=test_to_train,
    )


@dataclass(frozen=True)
class Signs:
    """Pairs of seeds by which side is ahead: `positive` as is asked for, `negative` the other way."""

    positive: int
    ties: int
    negative: int

    @property
    def n(self) -> int:
        return self.positive + self.ties + self.negative

    @property
    def p(self) -> float:
        """Of the exact two-sided test, in which ties have no part."""
        return sign_test_p(self.positive, self.negative)


@dataclass(frozen=True)
class Question:
    """What is judged: one analysis, or two that have to agree; `relation` is None for an arm.

    `disagreement` goes with the word where they do not, e.g. `diverged 3/10`. With `signs` their test decides, and the
    one estimate says how many pairs there are.
    """

    estimates: tuple[DifferenceEstimate, ...]
    relation: Relation | None = None
    disagreement: str = ""
    signs: Signs | None = None


@dataclass(frozen=True)
class Decision:
    """`alpha_difference` and `alpha_equivalence` are the levels of the question's steps in the two adjustments.
    An adjusted p is None where the question takes no part: below three seeds, or untestable."""

    word: Word
    qualifier: str
    p_difference: float | None
    p_difference_adjusted: float | None
    alpha_difference: float
    p_equivalence: float | None
    p_equivalence_adjusted: float | None
    alpha_equivalence: float


def decide_family(
    questions: Sequence[Question], alpha: float = 0.05, multiplicity: str = "holm", others: int = 0
) -> tuple[Decision, ...]:
    """One decision a question, in their order.

    Args:
        multiplicity: `holm`: P(any false better or worse) ≤ α and P(any false equivalent) ≤ α; `joint`: P(any
            false verdict) ≤ α.
        others: how many questions share α beside these and are not answered here; each counts with p = 1.

    Raises:
        ValueError: for another multiplicity.
    """
    if multiplicity not in ADJUSTMENTS:
        raise ValueError(f"multiplicity is one of {', '.join(ADJUSTMENTS)}, not {multiplicity!r}")
    adjust = ADJUSTMENTS[multiplicity]
    shown = [(_p_difference(question), _p_equivalence(question)) for question in questions]
    used = [pair if _is_judged(question) else (None, None) for pair, question in zip(shown, questions, strict=True)]
    differences = adjust([*(pair[0] for pair in used), *[None] * others], alpha)
    equivalences = adjust([*(pair[1] for pair in used), *[None] * others], alpha)
    return tuple(
        Decision(
            *_word(question, differences.alphas[index], equivalences.alphas[index]),
            shown[index][0],
            None if used[index][0] is None else differences.adjusted[index],
            differences.alphas[index],
            shown[index][1],
            None if used[index][1] is None else equivalences.adjusted[index],
            equivalences.alphas[index],
        )
        for index, question in enumerate(questions)
    )


def _is_judged(question: Question) -> bool:
    return all(estimate.n >= MINIMUM_SEEDS for estimate in question.estimates)


def _p_difference(question: Question) -> float | None:
    """The largest over the analyses, since all have to reject; 1 where they point in opposite directions."""
    if question.signs is not None:
        return question.signs.p
    p_values = [estimate.p_difference for estimate in question.estimates]
    known = [p for p in p_values if p is not None]
    if len(known) < len(p_values):
        return None
    same = len({math.copysign(1, estimate.mean or 0.0) for estimate in question.estimates}) == 1
    return max(known) if same else 1.0


def _p_equivalence(question: Question) -> float | None:
    tests = [estimate.equivalence for estimate in question.estimates]
    known = [test for test in tests if test is not None]
    if len(known) < len(tests):
        return None
    if question.relation is not Relation.NOT_WORSE:
        return max(test.p for test in known)
    # One-sided in the direction that the data point: above −δ supports, below refutes; only one can be true.
    return min(max(test.p_low for test in known), max(1 - test.p_low for test in known))


def _word(question: Question, alpha_d: float, alpha_e: float) -> tuple[Word, str]:
    if question.signs is not None:
        return _of_signs(question.signs, question.relation, alpha_d)
    said = [_of_one(estimate, question.relation, alpha_d, alpha_e) for estimate in question.estimates]
    word, qualifier = said[0]
    if all(other == word for other, _ in said):
        # Of two analyses the more cautious qualifier.
        agreed = qualifier if all(other == qualifier for _, other in said) else ""
        unresolved = word in (Word.INCONCLUSIVE, Word.NO_DIFFERENCE_SEEN, Word.NOT_RESOLVED)
        return word, "; ".join(filter(None, (agreed, question.disagreement if unresolved else "")))
    nothing = Word.INCONCLUSIVE if question.relation is None else Word.NOT_RESOLVED
    when_trained = f"{word} when it trains" if word is not nothing else ""
    return nothing, "; ".join(filter(None, (when_trained, question.disagreement)))


def _of_one(
    estimate: DifferenceEstimate, relation: Relation | None, alpha_d: float, alpha_e: float
) -> tuple[Word, str]:
    if relation is Relation.NOT_WORSE:
        return _not_worse(estimate, alpha_e)
    word, qualifier = _table(estimate, alpha_d, alpha_e)
    if relation is None:
        return word, qualifier
    if word is Word.NO_DIFFERENCE_SEEN:
        return Word.NOT_RESOLVED, word.value
    return _of_sameness(word, qualifier) if relation is Relation.SAME else (_OF_CLAIM[word], qualifier)


def _table(estimate: DifferenceEstimate, alpha_d: float, alpha_e: float) -> tuple[Word, str]:
    if estimate.n < MINIMUM_SEEDS:
        return Word.INCONCLUSIVE, _TOO_FEW[estimate.n]
    if estimate.identical:
        return Word.IDENTICAL, SAME_ON_EVERY_SEED
    wide, narrow = estimate.interval(alpha_d), estimate.equivalence_interval(2 * alpha_e)
    if wide is None or narrow is None:
        return (Word.NO_DIFFERENCE_SEEN, "") if estimate.tied else (Word.INCONCLUSIVE, _NO_SPREAD)
    margin = math.inf if estimate.margin is None else estimate.margin
    stated = estimate.margin is not None
    if stated and -margin <= narrow[0] and narrow[1] <= margin:
        return Word.EQUIVALENT, NEGLIGIBLE if wide[0] > 0 or wide[1] < 0 else ""
    if estimate.tied:
        return Word.NO_DIFFERENCE_SEEN, ""
    if wide[0] > 0:
        return Word.BETTER, MORE_THAN_MARGIN if wide[0] > margin else ""
    if wide[1] < 0:
        return Word.WORSE, MORE_THAN_MARGIN if wide[1] < -margin else ""
    if stated and narrow[0] > -margin:
        return Word.INCONCLUSIVE, "not worse by more than the margin"
    if stated and narrow[1] < margin:
        return Word.INCONCLUSIVE, "not better by more than the margin"
    return Word.INCONCLUSIVE, ""


_NO_SPREAD = "no spread between the seeds to judge by"
_TOO_FEW = ("no seed with a value on both sides", "single seed", "two seeds")

_OF_CLAIM = {
    Word.BETTER: Word.SUPPORTED,
    Word.WORSE: Word.REFUTED,
    Word.EQUIVALENT: Word.NO_PRACTICAL_DIFFERENCE,
    Word.IDENTICAL: Word.NO_PRACTICAL_DIFFERENCE,
    Word.INCONCLUSIVE: Word.NOT_RESOLVED,
}


def _of_sameness(word: Word, qualifier: str) -> tuple[Word, str]:
    if word in (Word.EQUIVALENT, Word.IDENTICAL):
        return Word.SUPPORTED, qualifier
    if word in (Word.BETTER, Word.WORSE):
        return (Word.REFUTED, qualifier) if qualifier == MORE_THAN_MARGIN else (Word.NOT_RESOLVED, "they differ")
    return Word.NOT_RESOLVED, qualifier


def _of_signs(signs: Signs, relation: Relation | None, alpha: float) -> tuple[Word, str]:
    """Signs tell which side is ahead and not by how much, so they never show that two are alike."""
    nothing = Word.INCONCLUSIVE if relation is None else Word.NOT_RESOLVED
    if signs.n < MINIMUM_SEEDS:
        return nothing, _TOO_FEW[signs.n]
    is_resolved = signs.p <= alpha
    if relation is Relation.SAME:
        return nothing, "they differ" if is_resolved else "a sign test cannot show that two are alike"
    if not is_resolved:
        return nothing, "" if signs.positive or signs.negative else TIE
    if relation is Relation.NOT_WORSE and signs.positive < signs.negative:
        return nothing, "worse, and signs do not tell by how much"
    word = Word.BETTER if signs.positive > signs.negative else Word.WORSE
    return (word if relation is None else _OF_CLAIM[word]), ""


def _not_worse(estimate: DifferenceEstimate, alpha: float) -> tuple[Word, str]:
    if estimate.n < MINIMUM_SEEDS:
        return Word.NOT_RESOLVED, _TOO_FEW[estimate.n]
    if estimate.identical:
        return Word.SUPPORTED, SAME_ON_EVERY_SEED
    interval = estimate.equivalence_interval(2 * alpha)
    open_because = Word.NO_DIFFERENCE_SEEN.value if estimate.tied else ""
    if interval is None or estimate.margin is None:
        return Word.NOT_RESOLVED, open_because or _NO_SPREAD
    if interval[0] > -estimate.margin:
        return Word.SUPPORTED, ""
    return (Word.REFUTED, "") if interval[1] < -estimate.margin else (Word.NOT_RESOLVED, open_because)
