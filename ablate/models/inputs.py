"""Which examples a model, or an augmentation, takes: asked by a plan, and so without TensorFlow.

    tiled((8, 8, 1), patch=3, width=64, heads=4)
    # {"patch": "a divisor of both sides of the images, which are of 8 × 8 pixels"}

A leaf names its function under `_input_`. It is given the shape of an example and those arguments of the leaf that it
has, and gives what cannot be: argument → what may stand there instead, "" → what may stand in place of the leaf.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["images", "pooled", "staged", "thrice_pooled", "tiled"]

Shape = Sequence[int]
Problems = Mapping[str, str]


def images(input_shape: Shape) -> Problems:
    """Whatever takes [height, width, channels]."""
    if len(input_shape) == 3:
        return {}
    shape = " × ".join(map(str, input_shape))
    kind = f"rows of {shape} numbers" if len(input_shape) == 1 else f"examples of {shape} numbers"
    return {"": f"what takes {kind}, which the data set has; this one takes images, height × width × channels"}


def pooled(input_shape: Shape, filters: Sequence[int], padding: str = "same") -> Problems:
    """A 2×2 pooling behind each of the 3×3 convolutions that `filters` counts; none of them takes anything."""
    if not filters:
        return {}
    least = 1
    for _ in filters:
        least = 2 * least + (2 if padding == "valid" else 0)
    return images(input_shape) or _too_small(input_shape, least, "filters", f"fewer than {len(filters)} convolutions")


def staged(input_shape: Shape, filters: Sequence[int]) -> Problems:
    """Convolutions in stages, padded, each with the filters that it has in `filters`."""
    return images(input_shape) or ({} if filters else {"filters": "the filters of one stage or more"})


def thrice_pooled(input_shape: Shape) -> Problems:
    """Three 2×2 poolings."""
    return images(input_shape) or _too_small(input_shape, 8, "", "a model with less pooling")


def tiled(input_shape: Shape, patch: int, width: int, heads: int) -> Problems:
    """Square patches of side `patch`, each a token of `width` units that `heads` attention heads share."""
    if not_images := images(input_shape):
        return not_images
    size = _size(input_shape)
    tiles = all(side % patch == 0 for side in input_shape[:2])
    return {
        **({} if tiles else {"patch": f"a divisor of both sides of the images, which are of {size} pixels"}),
        **({"heads": f"a divisor of the width of a token, which is {width}"} if width % heads else {}),
    }


def _too_small(input_shape: Shape, least: int, argument: str, instead: str) -> Problems:
    if min(input_shape[:2]) >= least:
        return {}
    return {argument: f"{instead}, or images of at least {least} × {least} pixels; these are of {_size(input_shape)}"}


def _size(input_shape: Shape) -> str:
    return " × ".join(map(str, input_shape[:2]))
