"""What the error rates of verdicts cover, in the sentence that reports, `ablate analyse --help` and README share."""

from __future__ import annotations

__all__ = ["percent_of", "scope_of_table", "scope_sentence"]

FAMILIES = "In each family (the arms of a sweep, its claims, a confirmation)"
WHERE = "over new seeds on the same data and split"
# The correction is the usual one, and no more than approximate.
OF_SPLITS = "about, over new seeds and splits of the same data"


def scope_sentence(alpha: float = 0.05, multiplicity: str = "holm", resplits: bool = False) -> str:
    """What is bounded, and what is not.

    Args:
        resplits: whether every seed has a split of its own.
    """
    bound, where = f"at most {percent_of(alpha)}", OF_SPLITS if resplits else WHERE
    if multiplicity == "study":
        everything = "Over all arms, claims and confirmations of the study together"
        return f"{everything} the chance of any false verdict is {bound}, {where}."
    if multiplicity == "joint":
        return f"{FAMILIES} the chance of any false verdict is {bound}, {where}; the study as a whole is not bounded."
    return (
        f"{FAMILIES} the chance of any false difference is {bound} and of any false equivalence {bound}, {where}; the "
        "two together are not bounded, nor is the study as a whole."
    )


def scope_of_table(
    alpha: float, multiplicity: str, noun: str = "seed", primary: str = "", resplits: bool = False
) -> str:
    """The same of a table.

    Args:
        noun: what one of its pairs is; a seed has the same sentence as a study has.
        primary: of several metrics the first, which has a family of its own.
        resplits: whether the pairs are splits of one data set; the correction for that is no more than approximate.
    """
    others = WHERE if noun == "seed" else f"over new {noun}s like these"
    where = "about, over other splits of the same data" if resplits else others
    said = scope_sentence(alpha, multiplicity).replace(WHERE, where)
    if primary:
        said = said.replace(FAMILIES, f"In each of two families (the arms on {primary}; all arms on all other metrics)")
        families = "the two families together"
        said = said.replace("nor is the study as a whole", f"nor are {families}")
        return said.replace("the study as a whole is", f"{families} are")
    return said


def percent_of(share: float) -> str:
    """0.05 → 5%."""
    return f"{100 * share:.4g}%"
