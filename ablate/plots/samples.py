"""Generated images, side by side."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from ablate.analysis.generated import Samples
from ablate.plots.labels import shortened

__all__ = ["contact_sheet", "draw_samples"]

LINE = 110


def draw_samples(info: Samples, ax: Axes) -> Axes:
    """The images as one sheet, in the order in which they were made; grey ones in grey."""
    ax.imshow(contact_sheet(info), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_title(f"{shortened(info.label)}\nseed {info.seed}", size=9)
    return ax


def contact_sheet(info: Samples) -> npt.NDArray[np.uint8]:
    """[height, width] or [height, width, 3]: the images in rows, with a grey line between them, in a square as
    nearly as they make one."""
    count, height, width, channels = info.shape
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    framed = np.full((down * across, height + 1, width + 1, channels), LINE, np.uint8)
    framed[:count, 1:, 1:] = np.frombuffer(info.pixels, np.uint8).reshape(info.shape)
    rows = framed.reshape(down, across, height + 1, width + 1, channels).swapaxes(1, 2)
    sheet = rows.reshape(down * (height + 1), across * (width + 1), channels)[1:, 1:]
    return sheet if channels == 3 else sheet[:, :, 0]
