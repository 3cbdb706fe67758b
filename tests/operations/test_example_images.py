"""Test examples as images, against what scikit-learn itself has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from ablate.config.problems import ConfigError
from ablate.core.specs import Component
from ablate.datasets.arrays import DataError
from ablate.operations.example_images import example_images
from ablate.operations.request import read_run

SPEC = read_run(("dataset=digits", "numerics.device=cpu"))


def test_they_are_those_of_the_source_that_no_run_trains_on() -> None:
    """A fifth of every class, in the order of the source, and another fifth under another split."""
    known = load_digits()
    images = example_images(SPEC, range(359))
    found = [int(np.flatnonzero(np.isclose(known.images / 16.0, image).all(axis=(1, 2)))[0]) for image in images]
    assert found == sorted(found)
    counts, of_all = np.bincount(known.target[found]), np.bincount(known.target)
    assert np.allclose(counts, of_all / 5, atol=1)
    other = replace(SPEC, dataset=replace(SPEC.dataset, split_seed=1))
    assert not np.array_equal(example_images(other, range(359)), images)


def test_another_data_set_is_not_shown() -> None:
    with pytest.raises(DataError, match="not what the run was trained on"):
        example_images(replace(SPEC, dataset=replace(SPEC.dataset, digest="0" * 64)), [0])


def test_numbers_are_no_images() -> None:
    assert example_images(read_run(("dataset=diabetes", "model=mlp", "loss=mse", "numerics.device=cpu")), [0]) == []


def test_what_a_spec_names_is_not_called() -> None:
    """What somebody else's store says may be loaded, its own words included, allows nothing here."""
    hostile = replace(
        SPEC, code={"os": "0" * 64}, dataset=replace(SPEC.dataset, source=Component("os.system", {"x": 1}))
    )
    with pytest.raises(ConfigError, match=r"os\.system"):
        example_images(hostile, [0])
