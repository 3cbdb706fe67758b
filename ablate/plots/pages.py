"""The pages that a report can show of a sweep, by name: what the modules of this package have in `DRAW`.

png_bytes(pages()["learning_curves"](results))
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from matplotlib.figure import Figure

from ablate import plots
from ablate.analysis.results import SweepResults
from ablate.core.modules import modules_of

__all__ = ["Page", "pages"]

Page = Callable[[SweepResults], Figure]
DRAWS = "DRAW"


def pages() -> Mapping[str, Page]:
    """Name to what draws it.

    Raises:
        ValueError: when two modules draw pages of one name.
    """
    found: dict[str, Page] = {}
    for name in modules_of(plots.__path__):
        of_module: Mapping[str, Page] = getattr(importlib.import_module(f"{plots.__name__}.{name}"), DRAWS, {})
        if found.keys() & of_module.keys():
            raise ValueError(f"{name} draws {', '.join(sorted(found.keys() & of_module.keys()))}, as another does")
        found.update(of_module)
    return found
