"""Test examples of a stored run as images: read from the data on this machine, which is no part of a store.

images = example_images(run.spec, [3, 141])        # [height, width] or [height, width, 3] in [0, 1]
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ablate.config.building import build
from ablate.core.specs import RunSpec
from ablate.datasets.arrays import DataError, RawData
from ablate.datasets.files import offline
from ablate.datasets.limits import limited
from ablate.datasets.splits import with_test

__all__ = ["example_images"]

Image = npt.NDArray[np.floating[Any]]


def example_images(
    spec: RunSpec, indices: Sequence[int], data_dir: Path | None = None, allow_targets: Sequence[str] = ()
) -> list[Image]:
    """The test examples of a run at these positions; none where its examples are no images. Nothing is fetched.

    Args:
        allow_targets: packages beside ablate that the loader may come from; what a spec itself says allows nothing.

    Raises:
        ConfigError: when its loader, or what that is told to call, is not allowed.
        DataError: when the data is not on this machine, or another than that of the run.
    """
    with offline():
        load = build(spec.dataset.source, partial=True, allow=allow_targets)
        raw: RawData = limited(load(data_dir=data_dir), spec.dataset.limit)
    if raw.digest() != spec.dataset.digest:
        raise DataError(f"the data of {spec.dataset.source.target} is not what the run was trained on")
    _, test = with_test(raw, spec.dataset.number_of_split(spec.seed))
    features = test.features[np.asarray(indices, dtype=np.intp)]
    if features.ndim != 4 or features.shape[-1] not in (1, 3):
        return []
    scale = raw.scale if features.dtype.kind in "iu" else 1.0
    shown = np.clip(features.astype(np.float64) / scale, 0.0, 1.0)
    return [image[..., 0] if image.shape[-1] == 1 else image for image in shown]
