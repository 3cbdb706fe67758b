"""Where the noise of a run comes from, as the answer to the question and as a table.

text(*noise_sentences(results.noise)).plain
# Of the variance of the validation loss between seeds initialisation alone makes 41% [15%, 112%], order 33% …
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ablate.analysis.seed_noise import SeedNoise
from ablate.reporting.blocks import Block, Code, Inline, Number, Row, Text, paragraph, table, text
from ablate.reporting.numbers import UNDEFINED, number, shared_error
from ablate.stats.components import VariancePart

__all__ = ["FIGURE", "noise_blocks", "noise_sentences", "share_text"]

FIGURE = "seed_noise"
FEWEST_FOR_SHARES = 10
HEADER = ("what varies", "n", "sd", "95% interval", "share of the variance", "95% interval of the share")
SUMMED = "the parts added up"


def noise_sentences(noise: SeedNoise) -> Iterator[Text]:
    """The share of each part, what resplitting adds, and how little so few runs say."""
    title, whole = noise.metric.title, noise.components.together
    if whole.variance is None:
        yield text(f"There are too few runs to say where the noise of the {title} comes from.")
        return
    if whole.variance == 0:
        yield text(f"The {title} is the same on every seed: there is no noise to take apart.")
        return
    parts = {arm: part for arm, part in noise.components.parts.items() if part.share is not None}
    if parts:
        listed: list[Inline] = [
            text(Code(arm), " alone makes " if place == 0 else " ", Number(share_text(part)))
            for place, (arm, part) in enumerate(parts.items())
        ]
        yield text(f"Of the variance of the {title} between seeds ", _in_a_row(listed), ".")
    yield from _resplitting(noise)
    fewest = min(part.n for part in noise.rows.values())
    if fewest < FEWEST_FOR_SHARES:
        yield text(f"Of {fewest} runs a variance is hardly known: the intervals are what can be said.")


def _resplitting(noise: SeedNoise) -> Iterator[Text]:
    alone = [(arm, part) for arm, part in noise.resplit.items() if arm != noise.everything and part.share is not None]
    for arm, part in alone:
        yield text("The ", Code(arm), " alone, drawn anew for every seed, makes ", Number(share_text(part)), ".")
    whole = None if noise.everything is None else noise.resplit[noise.everything]
    if whole is None or whole.share is None:
        return
    ratio = Number(f"{whole.share:.2g} times{_times(whole.share_low, whole.share_high)}")
    is_open = whole.share_low is None or whole.share_high is None or whole.share_low <= 1 <= whole.share_high
    chance = ", which chance alone may do" if is_open else ""
    yield text("Where all of it varies, the split included, the variance is ", ratio, f" as large{chance}.")


def _times(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{low:.2g}, {high:.2g}]"


def _in_a_row(items: list[Inline]) -> Text:
    *others, last = items
    if not others:
        return text(last)
    joined = [piece for item in others for piece in (item, ", ")][:-1]
    return text(*joined, " and ", last)


def share_text(part: VariancePart) -> str:
    """`41% [15%, 112%]`; a dash where it is not known."""
    if part.share is None:
        return UNDEFINED
    if part.share_low is None or part.share_high is None:
        return _percent(part.share)
    return f"{_percent(part.share)} {_bounds_of_share(part)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.095 or share == 0 else f"{100 * share:.2g}%"


def _bounds_of_share(part: VariancePart) -> str:
    if part.share_low is None or part.share_high is None:
        return UNDEFINED
    return f"[{_percent(part.share_low)}, {_percent(part.share_high)}]"


def noise_blocks(noise: SeedNoise) -> list[Block]:
    """A row an arm, the parts added up after the last of them, and how to read it."""
    rows = {noise.together: noise.components.together, **noise.components.parts}
    labelled: list[tuple[Inline, VariancePart]] = [(Code(arm), part) for arm, part in rows.items()]
    labelled.append((SUMMED, noise.components.summed))
    labelled += [(Code(arm), part) for arm, part in noise.resplit.items()]
    error = shared_error(_error_of_sd(part) for _, part in labelled)
    cells: list[Row] = [[label, str(part.n), *_cells(part, error)] for label, part in labelled]
    note = (
        f"The sd of single runs over seeds, in the unit of the {noise.metric.title}. A share is the variance of an arm "
        "÷ that of the first: where the parts do not interact, theirs add up to 100%. What is not varied is "
        "held, so a share is that around this one run. Intervals (χ² and F) are for values near normal, and take the "
        "arms for independent, which they are but for a run that they may have in common."
    )
    return [table(HEADER, cells, numeric=range(1, len(HEADER))), *paragraph(note), *_of_split(noise)]


def _of_split(noise: SeedNoise) -> list[Block]:
    if not noise.resplit:
        return []
    return paragraph(
        "With another split other examples are held out, to validate and, where the data bring no test examples, to "
        "test: so a split of its own for every seed adds what the choice of these examples does to the number."
    )


def _cells(part: VariancePart, error: float | None) -> list[str]:
    if part.sd is None:
        return [UNDEFINED] * 4
    bounds = UNDEFINED
    if part.low is not None and part.high is not None:
        bounds = f"[{number(math.sqrt(part.low), error)}, {number(math.sqrt(part.high), error)}]"
    share = UNDEFINED if part.share is None else _percent(part.share)
    return [number(part.sd, error), bounds, share, _bounds_of_share(part)]


def _error_of_sd(part: VariancePart) -> float | None:
    """What its digits follow: the standard error of an sd of normal values, about sd/√(2 df)."""
    return part.sd / math.sqrt(2 * part.df) if part.sd and part.df else None
