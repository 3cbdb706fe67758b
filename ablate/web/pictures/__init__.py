"""What a page shows of a sweep in the place of a figure, one file a kind of picture.

    draw = pictures()["paired_differences"]
    draw(results)                        # a Picture

Each module has a mapping `PICTURES`: the name of a figure, as its caption has it, to a function from the sweep's
results. A figure that nobody draws for a page is shown as it is printed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from ablate.analysis.results import SweepResults
from ablate.core.modules import modules_of
from ablate.web.picture import Picture

__all__ = ["pictures"]

PICTURES = "PICTURES"


def pictures() -> Mapping[str, Callable[[SweepResults], Picture]]:
    """Name of the figure to what draws it for a page.

    Raises:
        ValueError: when two modules draw a figure of one name.
    """
    found: dict[str, Callable[[SweepResults], Picture]] = {}
    for name in modules_of(__path__):
        of_module: Mapping[str, Callable[[SweepResults], Picture]] = getattr(
            importlib.import_module(f"{__name__}.{name}"), PICTURES, {}
        )
        if found.keys() & of_module.keys():
            raise ValueError(f"{name} draws {', '.join(sorted(found.keys() & of_module.keys()))}, as another does")
        found.update(of_module)
    return found
