"""Lines over displacement and over the size of an ensemble, as a page draws them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ablate.analysis.displacement import DisplacedArm, Displacement
from ablate.analysis.ensembles import EnsembleGain
from ablate.stats.estimates import estimate_mean
from ablate.web.pictures.lines import displacement, ensembles
from tests.plots.test_figures import RESULTS
from tests.web.drawn import columns, elements, parsed, places, words

ARM = DisplacedArm("plain", True, {0: (0.9, 0.8, 0.2), 1: (1.0, 0.6, 0.4)})
OTHER = DisplacedArm("<moved>", False, {0: (0.8, 0.8, 0.8)})
CURVES = (Displacement("shift", (0.0, 1.0, 4.0), (ARM, OTHER)), Displacement("scale", (0.5, 1.0, 2.0), (ARM,)))
MOVED = replace(RESULTS, displacements=CURVES)


def gain(*accuracies: float) -> EnsembleGain:
    by_size = tuple(enumerate(accuracies, start=1))
    return EnsembleGain(estimate_mean({0: 0.7, 1: 0.9}), accuracies[-1], 0.01, None, None, by_size, 100)


GAINS = replace(RESULTS, ensembles={"plain": gain(0.8, 0.85, 0.9), "<moved>": gain(0.75, 0.8)})


def test_a_plot_for_each_kind_with_equal_values_at_equal_heights() -> None:
    first, second = elements(parsed(displacement(MOVED)), "svg", "plot-area")

    # From 0.2 to 1.0, and 4 % of that at either end.
    def where(value: float) -> float:
        return 1 - (value - 0.2 + 0.032) / 0.864

    for area in (first, second):
        mean = elements(area, "g", "mean-dots")[0]
        assert places(list(mean), "cy") == pytest.approx(list(map(where, (0.95, 0.7, 0.3))), abs=1e-4)
    across = [(amount + 0.16) / 4.32 for amount in (0.0, 1.0, 4.0)]
    assert places(list(elements(first, "g", "mean-dots")[0]), "cx") == pytest.approx(across, abs=1e-4)
    assert [len(elements(area, "g", "thin-line")) for area in (first, second)] == [3, 2]
    assert [words(item) for item in elements(parsed(displacement(MOVED)), "li")] == ["plain (baseline)", "<moved>"]


def test_ensembles_are_lines_of_errors_over_their_size_and_seeds_alone_are_dots_at_one() -> None:
    (area,) = elements(parsed(ensembles(GAINS)), "svg", "plot-area")

    # Errors from 0.1 to 0.3, sizes from 1 to 3.
    def where(error: float) -> float:
        return 1 - (error - 0.1 + 0.008) / 0.216

    means = elements(area, "g", "mean-dots")
    assert places(list(means[0]), "cy") == pytest.approx([where(0.2), where(0.15), where(0.1)], abs=1e-4)
    assert places(list(means[0]), "cx") == pytest.approx([0.08 / 2.16, 0.5, 2.08 / 2.16], abs=1e-4)
    singles = elements(area, "g", "seeds")[0]
    assert places(list(singles), "cy") == pytest.approx([where(0.3), where(0.1)], abs=1e-4)
    assert set(places(list(singles), "cx")) == {places(list(means[0]), "cx")[0]}


def test_sizes_are_whole_numbers() -> None:
    (names,) = elements(parsed(ensembles(GAINS)), "svg", "plot-names")
    assert [each.text for each in names] == ["1", "2", "3"]


def test_the_numbers_hold_every_mean() -> None:
    assert columns(displacement(MOVED))["mean test accuracy"][:3] == ["0.9500", "0.7000", "0.3000"]
    assert columns(ensembles(GAINS))["seeds asked together"] == ["1", "2", "3", "1", "2"]


def test_more_arms_than_lines_can_be_told_are_counted() -> None:
    many = replace(RESULTS, ensembles={f"arm_{index}": gain(0.8, 0.9) for index in range(70)})
    read = parsed(ensembles(many))
    assert len(elements(read, "li")) == 60
    assert "60 of 70 arms shown" in words(read)
    arms = tuple(DisplacedArm(f"arm_{index}", not index, {0: (0.5, 0.4)}) for index in range(70))
    read = parsed(displacement(replace(RESULTS, displacements=(Displacement("shift", (0.0, 1.0), arms),))))
    assert len(elements(read, "g", "mean-line")) == 60
    assert "60 of 70 arms shown" in words(read)
