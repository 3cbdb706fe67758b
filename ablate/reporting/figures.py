"""The figures of a sweep: what each is called, and what is said of it.

    captions_of(results)         # of those that the results can fill, in the order of the report

Each module of this package whose name ends in `captions` has a function of that name, from results to the captions of
the figures that these can fill. What draws them stands in `ablate.plots.pages`: whoever needs captions alone does not
wait for it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import cast

from ablate import reporting
from ablate.analysis.results import SweepResults
from ablate.core.modules import modules_of
from ablate.reporting.blocks import Inline
from ablate.sanitize.text import file_stem

__all__ = ["Caption", "captions_of", "figure_file"]

CAPTIONS = "captions"


@dataclass(frozen=True)
class Caption:
    """`name` is the figure's among the pages; `alternative` is for whoever cannot see it."""

    name: str
    alternative: str
    text: Inline


def figure_file(sweep: str, name: str) -> str:
    """The file name of a figure."""
    return f"{file_stem(sweep)}-{name}.png"


def captions_of(results: SweepResults) -> tuple[Caption, ...]:
    """The captions of the figures that the results can fill, in the order of the report: by module, in that of their
    names."""
    names = [name for name in modules_of(reporting.__path__) if name.endswith(CAPTIONS)]
    modules = [importlib.import_module(f"{reporting.__name__}.{name}") for name in names]
    return tuple(cast(Caption, caption) for module in modules for caption in getattr(module, CAPTIONS)(results))
