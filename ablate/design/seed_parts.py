"""Where the noise of a run comes from: the parts of a seed varied one at a time, the others held.

factors:
  dataset.resplits: [false, true]
  seed_parts.initialisation: [null, 0]
  seed_parts.order: [null, 0]

A part varies with the seed at one level (`null`, and `true` of the split) and is held at the other. The baseline is a
run as it usually is: every part varies, the split does not.

    together                   the baseline
    initialisation, order, …   one part alone
    split                      the split alone, where it is a factor
    together with the split    everything

The variance of each arm over its seeds is compared with that of the baseline. No arm can be better: all are one recipe.
"""

from __future__ import annotations

from collections.abc import Iterator

from ablate.core.identity import Json, canonical
from ablate.core.specs import SEED_PARTS
from ablate.design import DesignSettings, Levels, Refusal, Space, Unfit

__all__ = ["TAKES", "TOGETHER", "WITH_SPLIT", "arms"]

TAKES = ()
TOGETHER, WITH_SPLIT = "together", "together with the split"
SPLIT = "dataset.resplits"
# Factor → what it is called.
NAMES = {**{f"seed_parts.{part}": part for part in SEED_PARTS}, SPLIT: "split"}


def arms(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:  # noqa: ARG001, the signature of every design
    """The baseline, each part alone in the order of the factors, the split alone, and everything.

    Raises:
        Unfit: when a factor is no part of a seed or has not its two levels, or the baseline is another.
    """
    refused = list(_refusals(space))
    if refused:
        raise Unfit(*refused)
    varied: dict[str, Json] = {factor: _varied(factor) for factor in space.factors}
    held: dict[str, Json] = {
        factor: next(level for level in levels if not _is_same(level, varied[factor]))
        for factor, levels in space.factors.items()
    }
    parts = [factor for factor in space.factors if factor != SPLIT]
    alone = [(NAMES[factor], {**held, factor: varied[factor]}) for factor in parts]
    if SPLIT not in space.factors:
        return [(TOGETHER, varied), *alone]
    together = {**varied, SPLIT: held[SPLIT]}
    return [(TOGETHER, together), *alone, (NAMES[SPLIT], {**held, SPLIT: True}), (WITH_SPLIT, varied)]


def _refusals(space: Space) -> Iterator[Refusal]:
    for factor, levels in space.factors.items():
        if factor not in NAMES:
            yield Refusal(f"factors.{factor}", list(levels), f"one of {', '.join(NAMES)}")
        elif len(levels) != 2 or not any(_is_same(level, _varied(factor)) for level in levels):
            allowed = "[false, true]" if factor == SPLIT else "[null, 0], or another number than 0 to hold it at"
            yield Refusal(f"factors.{factor}", list(levels), allowed)
        elif _is_same(space.baseline[factor], _varied(factor)) is (factor == SPLIT):
            yield Refusal("baseline", dict(space.baseline), "null for every part, and false for the split")
    if len(space.factors.keys() - {SPLIT}) < 2:
        yield Refusal("factors", list(space.factors), f"at least two of {', '.join(NAMES)}")


def _varied(factor: str) -> Json:
    """The level at which a factor follows the seed."""
    return True if factor == SPLIT else None


def _is_same(one: Json, other: Json) -> bool:
    return canonical(one) == canonical(other)
