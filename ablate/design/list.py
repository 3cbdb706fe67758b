"""Arms written by hand: each sets the factors that it names, the others stay at the baseline.

arms:
  - {name: large steps, optimizer: sgd, optimizer.learning_rate: 0.1}
  - {optimizer: adamw}
"""

from __future__ import annotations

from ablate.core.identity import canonical
from ablate.design import NAME, DesignSettings, Levels, Refusal, Space, Unfit
from ablate.design._names import change_name

__all__ = ["TAKES", "arms"]

TAKES = ("arms",)


def arms(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:
    """The arms as written, named by what they change unless they have a name. An arm that changes nothing is
    the baseline; where there is none, the baseline comes first.

    Raises:
        Unfit: when none is written, or two have the same levels.
    """
    if not settings.arms:
        raise Unfit(Refusal("arms", None, "a list of arms, as in [{optimizer: sgd}, {name: both, …}]"))
    written = [_arm(arm, space.baseline) for arm in settings.arms]
    texts = [canonical(levels) for _, levels in written]
    repeated = [
        Refusal(f"arms[{index}]", dict(settings.arms[index]), "each assignment of levels once")
        for index, text in enumerate(texts)
        if texts.index(text) < index
    ]
    if repeated:
        raise Unfit(*repeated)
    if any(space.is_baseline(levels) for _, levels in written):
        return written
    return [(change_name(space.baseline, space.baseline), space.baseline), *written]


def _arm(arm: Levels, baseline: Levels) -> tuple[str, Levels]:
    levels = {factor: arm.get(factor, level) for factor, level in baseline.items()}
    name = arm.get(NAME)
    return name if isinstance(name, str) else change_name(levels, baseline), levels
