"""The word of a verdict as it is shown: with its sign in a table, in capitals in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from ablate.plots.signs import SIGNS
from ablate.reporting.blocks import Code, Text, Tone, Toned, strong, text
from ablate.reporting.numbers import UNDEFINED
from ablate.verdicts.verdict import Word

__all__ = ["TONES", "WITHOUT_A_MARGIN", "in_capitals", "with_sign"]

TONES: Mapping[Word, Tone] = {
    Word.BETTER: Tone.GOOD,
    Word.WORSE: Tone.BAD,
    Word.EQUIVALENT: Tone.ALIKE,
    Word.INCONCLUSIVE: Tone.OPEN,
    Word.IDENTICAL: Tone.ALIKE,
    Word.NO_DIFFERENCE_SEEN: Tone.OPEN,
    Word.SUPPORTED: Tone.GOOD,
    Word.REFUTED: Tone.BAD,
    Word.NO_PRACTICAL_DIFFERENCE: Tone.ALIKE,
    Word.NOT_RESOLVED: Tone.OPEN,
}
# Behind what says that there is none.
WITHOUT_A_MARGIN = text(
    ", so ", Code(Word.EQUIVALENT.value), " cannot be said, nor how many fresh seeds give 80% power"
)


def with_sign(word: Word | None) -> Text:
    """`▲ better`; a dash where nothing was judged."""
    return text(UNDEFINED if word is None else Toned(text(f"{SIGNS[word]} {word.value}"), TONES[word]))


def in_capitals(word: Word) -> Text:
    return text(Toned(text(strong(word.value.upper())), TONES[word]))
