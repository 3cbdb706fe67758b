"""Where noise comes from, as a page draws it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ablate.web.pictures.seed_noise import seed_noise
from tests.analysis.test_seed_noise import RESULTS
from tests.web.drawn import classes, columns, elements, parsed, rows, span, words


def test_a_row_for_each_part_with_its_spread_from_zero_on() -> None:
    info = RESULTS.noise
    assert info is not None
    found = rows(parsed(seed_noise(RESULTS)))
    highest = max(math.sqrt(part.high or 0.0) for part in info.rows.values())
    assert len(found) == len(info.rows)
    for row, (arm, part) in zip(found, info.rows.items(), strict=True):
        assert words(elements(row, "span", "row-label")[0]) == arm
        if part.sd is not None and part.low is not None and part.high is not None:
            assert span(row, "line", "mean")[0] == pytest.approx(part.sd / (1.05 * highest), abs=1e-4)
            ends = [math.sqrt(end) / (1.05 * highest) for end in (part.low, part.high)]
            assert list(span(row, "line", "interval")) == pytest.approx(ends, abs=1e-4)
    assert "all of it" in words(found[0])
    assert "is-baseline" in classes(found[0])


def test_shares_stand_beside_the_rows_and_in_the_numbers() -> None:
    picture = seed_noise(RESULTS)
    beside = [words(elements(row, "span", "row-word")[0]) for row in rows(parsed(picture))]
    assert columns(picture)["share of the variance"] == beside
    assert all(each.endswith("]") for each in beside[1:])


def test_a_sweep_that_does_not_ask_has_none() -> None:
    with pytest.raises(ValueError, match="does not ask where noise comes from"):
        seed_noise(replace(RESULTS, noise=None))
