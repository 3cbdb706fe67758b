"""Counts are bounded before anything is made of them."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from ablate.config.bounds import BOUNDS, MOST_ITEMS, bound_problems, bounds_below
from ablate.config.hints import SWEEP_KEYS
from tests.config.support import load_sweep, problems, tree


@pytest.mark.parametrize("key", BOUNDS)
def test_the_bound_itself_is_allowed_and_one_more_is_not(key: str) -> None:
    most, unit = BOUNDS[key]
    assert not list(bound_problems(key, most))
    assert not list(bound_problems(key, [most] * 3))
    (problem,) = bound_problems(key, most + 1)
    assert (problem.key, problem.value, problem.allowed) == (key, most + 1, f"at most {most:,} {unit}")
    assert [each.key for each in bound_problems(key, [1, most + 1, 10**21])] == [f"{key}[1]", f"{key}[2]"]


def test_what_is_no_count_is_no_matter() -> None:
    assert not list(bounds_below("model", {"dropout": 1e9, "hidden": None, "activation": "relu"}))
    assert not list(bounds_below("seed", 10**9))


def test_a_list_of_counts_has_an_end() -> None:
    assert not list(bound_problems("model.hidden", [1] * MOST_ITEMS))
    assert [each.key for each in bound_problems("model.hidden", [1] * (MOST_ITEMS + 1))] == ["model.hidden"]


def test_each_of_ablates_own_leaves_has_the_keys_of_the_table() -> None:
    """A bound of a key that no leaf has would hold nothing."""
    folder = tree().shipped
    for key in BOUNDS:
        group, name = key.split(".")
        if group == "sweep":
            assert name in SWEEP_KEYS
            continue
        texts = [file.read_text() for file in [*folder.glob(f"{group}/*.yaml"), folder / "config.yaml"]]
        assert any(f"{name}:" in text for text in texts), key


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("+sweep=dropout sweep.seeds=1000000000", "sweep.seeds"),
        ("+sweep=dropout sweep.confirm=1000000000", "sweep.confirm"),
        ("+sweep=dropout sweep.seeds=[0,1] sweep.confirm=1000000000", "sweep.confirm"),
        ("dataset=npz dataset.classes=1000000000", "dataset.classes"),
    ],
)
def test_they_are_refused_at_once(words: str, key: str) -> None:
    tracemalloc.start()
    begun = time.perf_counter()
    found = [problem[0] for problem in problems(words)]
    seconds, (_, most_bytes) = time.perf_counter() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [key]
    assert most_bytes < 200e6
    assert seconds < 60


def test_what_can_be_trained_is_below_them() -> None:
    assert len(load_sweep("+sweep=dropout sweep.seeds=5000").spec.seeds) == 5000
