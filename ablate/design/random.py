"""Some arms of a grid, drawn at random: `size` of them, the baseline among them.

Levels are lists here as everywhere; of a continuous range, write as many levels as are worth telling apart.

An arm's turn in the draw is the hash of its levels and of `design_seed`: no generator whose numbers a new
version could change, a larger `size` keeps the arms of a smaller one, and so does a condition the arms that
satisfy it.
"""

from __future__ import annotations

from ablate.core.identity import digest
from ablate.design import DesignSettings, Levels, Space
from ablate.design._subsets import choices, in_order

__all__ = ["TAKES", "arms"]

TAKES = ("size", "design_seed")
DRAW_FORMAT = 1


def arms(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:
    """The baseline and the combinations whose turn comes first, without repeats, in the order of the grid.

    Raises:
        Unfit: when `size` is not given or larger than the grid, or the grid is too large to be drawn from.
    """
    others = choices(space, settings)
    drawn = sorted(others, key=lambda text: digest("draw", DRAW_FORMAT, [settings.design_seed, text]))
    return in_order(space, [others[text] for text in drawn[: (settings.size or 1) - 1]])
