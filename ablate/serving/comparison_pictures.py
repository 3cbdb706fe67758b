"""The figures of a comparison, drawn for a page."""

from __future__ import annotations

from ablate.analysis.comparison import Comparison
from ablate.web.picture import Picture

__all__ = ["comparison_figures"]


def comparison_figures(comparison: Comparison) -> tuple[tuple[str, ...], dict[str, Picture]]:
    """The names of the figures, and what is shown in the place of each file."""
    return (), {}
