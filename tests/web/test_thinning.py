"""What is thinned keeps what can be seen of a curve."""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, strategies as st

from ablate.web.thinning import Buckets, thinned


@st.composite
def long_curves(draw) -> list[float]:
    """Curves of any length, of which some values are no numbers; lists that are drawn value by value are short."""
    noise = np.random.default_rng(draw(st.integers(0, 2**32)))
    length, lost = draw(st.integers(1, 400)), draw(st.sampled_from([0.0, 0.1, 0.9]))
    values = noise.normal(scale=draw(st.sampled_from([1e-6, 1.0, 1e6])), size=length)
    holes = noise.random(length) < lost
    return np.where(holes, noise.choice([math.nan, math.inf, -math.inf], length), values).tolist()


@given(values=long_curves(), places=st.integers(8, 60))
def test_a_thinned_curve_keeps_extremes_means_first_and_last(values, places):
    buckets = Buckets.of(len(values), places)
    drawn = thinned(values, buckets)
    assert len(drawn) == len(buckets.places) <= max(places, 8)
    assert [position for each in buckets.ranges for position in each] == list(range(len(values)))
    known = [value for value in values if math.isfinite(value)]
    seen = [value for value in drawn if value is not None]
    assert bool(known) == bool(seen)
    if known:
        assert (min(seen), max(seen)) == (min(known), max(known))
    for end in (0, -1):
        assert drawn[end] == (values[end] if math.isfinite(values[end]) else None)
    index = 0
    for each in buckets.ranges:
        here = [values[position] for position in each]
        if len(each) <= 3:
            index += len(each)
            continue
        finite = [value for value in here if math.isfinite(value)]
        three = drawn[index : index + 3]
        assert three[1] == (pytest.approx(fmean(finite), rel=1e-9, abs=1e-6) if finite else None)
        if finite:
            assert sorted([three[0], three[2]]) == [min(finite), max(finite)]
            assert here.index(three[0]) <= here.index(three[2])
        index += 3


def test_places_ascend_within_their_buckets_and_numbers_are_read_at_means():
    buckets = Buckets.of(1000, 60)
    assert list(buckets.places) == sorted(set(buckets.places))
    assert (buckets.places[0], buckets.places[-1]) == (1, 1000)
    stops = buckets.stops
    assert stops[0] == [0, "1"]
    assert stops[-1] == [len(buckets.places) - 1, "1000"]
    for index, label in stops[1:-1]:
        first, last = map(int, label.split("–"))
        assert buckets.places[index] == (first + last) / 2
        assert last - first + 1 in (buckets.size, (1000 - 2) % buckets.size)


def test_what_is_thinned_is_said() -> None:
    assert Buckets.of(60, 60).explained("epoch") == ""
    buckets = Buckets.of(1000, 60)
    assert buckets.explained("step").startswith(f"Drawn: every {buckets.size} of 1000 steps as their lowest")
