"""A picture read by several runs: their mean, and their votes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.photo_predictions import (
    ArmPhotoPredictions,
    Opinion,
    PhotoPrediction,
    photo_predictions_from_arrays,
    photo_predictions_to_arrays,
)


def prediction(*probabilities: list[float], plain: list[list[float]] | None = None) -> PhotoPrediction:
    resized = plain or [None] * len(probabilities)
    opinions = tuple(
        Opinion(f"{seed:064x}", seed, np.array(own), None if other is None else np.array(other))
        for seed, (own, other) in enumerate(zip(probabilities, resized, strict=True))
    )
    return PhotoPrediction("five.png", {"grey": np.zeros((4, 4))}, opinions)


def test_the_mean_and_the_majority_may_differ_and_both_are_told() -> None:
    found = prediction([0.9, 0.1, 0.0], [0.3, 0.4, 0.3], [0.3, 0.4, 0.3])
    assert (found.predicted, found.probability) == (0, pytest.approx(0.5))
    assert (found.majority, found.votes) == (1, {1: 2, 0: 1})


def test_of_equally_many_votes_the_more_probable_class_is_first() -> None:
    assert list(prediction([0.6, 0.4, 0.0], [0.0, 0.2, 0.8]).votes) == [2, 0]


def test_plain_resizing_has_votes_of_its_own() -> None:
    found = prediction([0.9, 0.1], [0.8, 0.2], plain=[[0.1, 0.9], [0.2, 0.8]])
    assert found.plain_votes == {1: 2}
    assert found.plain_probabilities == pytest.approx([0.15, 0.85])
    assert prediction([0.9, 0.1]).plain_votes == {}


def test_each_run_has_a_prediction_of_its_own() -> None:
    assert [opinion.predicted for opinion in prediction([0.25, 0.75], [0.9, 0.1]).opinions] == [1, 0]


def opinions_of(prediction: PhotoPrediction) -> list[tuple[str, int, list[float], list[float] | None]]:
    return [
        (each.run_id, each.seed, each.probabilities.tolist(), None if each.plain is None else each.plain.tolist())
        for each in prediction.opinions
    ]


def test_readings_go_through_arrays_and_come_back() -> None:
    draws = np.random.default_rng(0)
    steps = {f"step {number}": draws.integers(0, 256, (6, 5)) / 255 for number in range(11)}
    opinions = tuple(Opinion(f"{seed:064x}", seed, draws.random(3), draws.random(3)) for seed in (4, 7))
    whole = PhotoPrediction(
        "five.png", steps, opinions, steps["step 0"], {"hidden/1": draws.random(4, dtype=np.float32)}
    )
    bare = prediction([0.25, 0.75])
    arrays = photo_predictions_to_arrays(ArmPhotoPredictions("study:arm", (whole, bare)))
    assert not any(values.dtype.hasobject for values in arrays.values())
    back = photo_predictions_from_arrays(arrays)
    assert back.label == "study:arm"
    first, second = back.predictions
    assert list(first.steps) == list(steps)
    assert all(first.steps[name] == pytest.approx(steps[name], abs=1e-6) for name in steps)
    assert first.plain == pytest.approx(steps["step 0"], abs=1e-6)
    for got, given in ((first, whole), (second, bare)):
        assert (got.name, opinions_of(got)) == (given.name, opinions_of(given))
    assert first.activations["hidden/1"].tolist() == whole.activations["hidden/1"].tolist()
    again = photo_predictions_to_arrays(back)
    assert list(again) == list(arrays)
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)


def test_classes_are_called_by_their_names_which_travel_too() -> None:
    bare = prediction([0.1, 0.9])
    named = replace(bare, class_names=("disc", "square"))
    assert (bare.label, named.label) == ("1", "square")
    arrays = photo_predictions_to_arrays(ArmPhotoPredictions("study:arm", (named, bare)))
    assert [each.class_names for each in photo_predictions_from_arrays(arrays).predictions] == [("disc", "square"), ()]
    # What was packed before there were names is packed to the same bytes.
    assert "0/class_name" not in photo_predictions_to_arrays(ArmPhotoPredictions("study:arm", (bare,)))
