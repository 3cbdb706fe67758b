"""Some arms of a grid, spread evenly over it: `size` of them, the baseline among them.

A Sobol sequence (Sobol' 1967; directions of Joe and Kuo 2008) fills the unit cube more evenly than random
points do; coordinate u of a factor with k levels means level ⌊k u⌋. `design_seed` rotates the sequence
(Cranley and Patterson 1976) by amounts that are hashes, so that no generator takes part. Where there are
nearly as many arms as combinations nothing is left to spread, and a grid is simpler.
"""

from __future__ import annotations

from collections.abc import Iterator

from ablate.core.identity import Json, canonical, digest
from ablate.design import DesignSettings, Levels, Refusal, Space, Unfit
from ablate.design._subsets import choices, in_order

__all__ = ["TAKES", "arms"]

TAKES = ("size", "design_seed")
ROTATION_FORMAT = 1
# log2 of how many points are tried. With few combinations allowed, most points are repeats or left out.
MOST_POINTS = 16


def arms(space: Space, settings: DesignSettings) -> list[tuple[str, Levels]]:
    """The baseline and the first combinations that the sequence meets, in the order of the grid.

    Raises:
        Unfit: when `size` is not given or larger than the grid, when the grid is too large to be drawn from,
            or when the sequence does not meet so many.
    """
    allowed = choices(space, settings)
    size = settings.size or 1
    met: dict[str, Levels] = {}
    for levels in _points(space, settings.design_seed) if size > 1 else ():
        text = canonical(levels)
        if text in allowed:
            met[text] = levels
        if len(met) == size - 1:
            break
    if len(met) < size - 1:
        raise Unfit(Refusal("size", size, f"a whole number from 1 to {len(met) + 1}; the sequence meets no more"))
    return in_order(space, met.values())


def _points(space: Space, seed: int) -> Iterator[dict[str, Json]]:
    # A second's import, for this design alone.
    from scipy.stats.qmc import Sobol

    rotations = [_rotation(seed, factor) for factor in space.factors]
    for point in Sobol(len(space.factors), scramble=False).random_base2(MOST_POINTS):
        turned = [(float(part) + rotation) % 1.0 for part, rotation in zip(point, rotations, strict=True)]
        items = zip(space.factors.items(), turned, strict=True)
        # A sum may round up to 1.
        yield {factor: levels[min(int(u * len(levels)), len(levels) - 1)] for (factor, levels), u in items}


def _rotation(seed: int, factor: str) -> float:
    """A number from 0 to below 1; 0 for all factors of seed 0, whose sequence is the plain one."""
    return 0.0 if seed == 0 else int(digest("rotation", ROTATION_FORMAT, [seed, factor])[:13], 16) / 16**13
