"""What the designs share that choose some arms of a grid."""

from __future__ import annotations

from collections.abc import Iterable

from ablate.core.identity import Json, canonical
from ablate.design import DesignSettings, Levels, Refusal, Space, Unfit
from ablate.design._names import arm_name

__all__ = ["LARGEST", "choices", "in_order", "refuse_too_many"]

# Every combination is looked at, and more than these take seconds.
LARGEST = 100_000


def choices(space: Space, settings: DesignSettings) -> dict[str, dict[str, Json]]:
    """Every allowed combination of levels but the baseline, by its canonical text, in the order of the grid.

    Raises:
        Unfit: when there are more than `LARGEST` of them, or fewer than the size that is asked for.
    """
    refuse_too_many(space)
    found = {canonical(levels): levels for levels in space.combinations()}
    found.pop(canonical(space.baseline), None)
    if settings.size is None or not 1 <= settings.size <= len(found) + 1:
        allowed = f"the number of arms, with the baseline, from 1 to {len(found) + 1}"
        raise Unfit(Refusal("size", settings.size, allowed))
    return found


def refuse_too_many(space: Space) -> None:
    """Raises Unfit where there are more combinations than are ever laid out."""
    if space.size > LARGEST:
        levels = {factor: list(levels) for factor, levels in space.factors.items()}
        raise Unfit(Refusal("factors", levels, f"levels of which there are at most {LARGEST} combinations"))


def in_order(space: Space, chosen: Iterable[Levels]) -> list[tuple[str, Levels]]:
    """The chosen combinations and the baseline, named and ordered as in the grid."""
    arms = [space.baseline, *chosen]
    positions = {
        factor: {canonical(level): index for index, level in enumerate(levels)}
        for factor, levels in space.factors.items()
    }
    arms.sort(key=lambda levels: [positions[factor][canonical(levels[factor])] for factor in space.factors])
    return [(arm_name(levels, space.factors), levels) for levels in arms]
