"""The document that a sweep of a study puts to the test: its numbers and its conclusions, checked against the arms."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ablate.config.claims import Setting, claim_problems
from ablate.config.overrides import Override
from ablate.config.problems import Problem, raise_any
from ablate.config.study_declaration import SweepDeclaration
from ablate.core.claims import VALUE, Statement, parse_statement
from ablate.core.parse_error import Unreadable
from ablate.core.specs import Conclusion, Original, Sweep

__all__ = ["claims_of", "may_lose_arms", "with_conclusions", "with_original"]

# Overrides that may take an arm away, which a conclusion or a number speaks of.
ABOUT_ARMS = ("sweep.factors", "sweep.arms", "sweep.design", "sweep.where", "sweep.size")


def with_conclusions(asked: SweepDeclaration, claims: Sequence[str]) -> tuple[str, ...]:
    """The claims of a sweep, then those of the study, then those of its conclusions that are not there already."""
    written = (*claims, *asked.claims)
    found = {_read(claim) for claim in written}
    return (*written, *(claim for claim in claims_of(asked.conclusions) if _read(claim) not in found))


def may_lose_arms(overrides: Sequence[Override]) -> bool:
    """Whether overrides change which arms there are, so that a conclusion may have lost its own."""
    return any(override.key.startswith(ABOUT_ARMS) for override in overrides)


def claims_of(conclusions: Sequence[Conclusion]) -> tuple[str, ...]:
    """The claims of all of them, each once."""
    return tuple(dict.fromkeys(claim for each in conclusions for claim in each.claims))


def with_original(sweep: Sweep, asked: SweepDeclaration, is_partial: bool) -> Sweep:
    """The sweep with what the study says of the original.

    Args:
        is_partial: whether numbers and conclusions about arms that the sweep has not are left out, instead of
            refused.

    Raises:
        ConfigError: with every number and conclusion that cannot be.
    """
    numbers = [] if asked.original is None else list(_numbers(asked.original, sweep))
    refused = [] if is_partial else [problem for _, _, _, problem in numbers if problem is not None]
    raise_any([*_conclusion_problems(asked.conclusions), *refused])
    original = None if asked.original is None else replace(asked.original, numbers=_nested(numbers))
    by_meaning = {_read(claim): claim for claim in sweep.spec.claims}
    conclusions = tuple(_resolved(each, by_meaning) for each in asked.conclusions)
    kept = tuple(each for each in conclusions if each.claims or each.not_tested)
    return replace(sweep, spec=replace(sweep.spec, setup=asked.setup, original=original, conclusions=kept))


def _resolved(conclusion: Conclusion, by_meaning: dict[Statement | str, str]) -> Conclusion:
    """With its claims as the sweep writes them; with none where one of them is gone, for it needs them all."""
    meanings = [_read(claim) for claim in conclusion.claims]
    if not all(meaning in by_meaning for meaning in meanings):
        return replace(conclusion, claims=())
    return replace(conclusion, claims=tuple(by_meaning[meaning] for meaning in meanings))


def _conclusion_problems(conclusions: Sequence[Conclusion]) -> Iterator[Problem]:
    for index, each in enumerate(conclusions):
        if bool(each.claims) is bool(each.not_tested):
            yield Problem(f"conclusions[{index}]", each.said, "either claims, or not_tested with the reason")


Number = tuple[str, str, float, Problem | None]


def _numbers(original: Original, sweep: Sweep) -> Iterator[Number]:
    """Quantity, arm and number of each, and what is wrong with it: that an arm has a number is a claim."""
    for quantity, by_arm in original.numbers.items():
        for arm, number in by_arm.items() if isinstance(by_arm, Mapping) else [("", by_arm)]:
            text = f"{arm} > {VALUE} {number!r} on {quantity}"
            (problems,) = claim_problems([text], Setting(sweep.arms)).values()
            key = f"original.numbers.{quantity}.{arm}".rstrip(".")
            refused = [replace(each, key=key) for each in problems]
            is_number = isinstance(number, int | float) and not isinstance(number, bool)
            yield quantity, str(arm), float(number) if is_number else math.nan, refused[0] if refused else None


def _nested(numbers: Sequence[Number]) -> dict[str, dict[str, float]]:
    nested: dict[str, dict[str, float]] = {}
    for quantity, arm, number, problem in numbers:
        if problem is None:
            nested.setdefault(quantity, {})[arm] = number
    return nested


def _read(claim: str) -> Statement | str:
    """What a claim means, or itself where it cannot be read, which is refused elsewhere."""
    try:
        return parse_statement(" ".join(claim.split()))
    except Unreadable:
        return claim
