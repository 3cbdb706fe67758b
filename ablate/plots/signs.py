"""A sign for each verdict, so that no verdict is told by its colour alone; the same in figures and tables."""

from __future__ import annotations

from collections.abc import Mapping

from ablate.verdicts.verdict import Word

__all__ = ["SIGNS"]

SIGNS: Mapping[Word, str] = {
    Word.BETTER: "▲",
    Word.WORSE: "▼",
    Word.EQUIVALENT: "≈",
    Word.INCONCLUSIVE: "○",
    Word.IDENTICAL: "=",
    Word.NO_DIFFERENCE_SEEN: "□",
    Word.SUPPORTED: "✓",
    Word.REFUTED: "✗",
    Word.NO_PRACTICAL_DIFFERENCE: "≈",
    Word.NOT_RESOLVED: "○",
}
