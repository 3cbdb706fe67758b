"""The power statement in words."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ablate.analysis.forecast import forecast_sweep, tabulate_seeds
from ablate.analysis.values import column_info
from ablate.core.specs import Sweep
from ablate.reporting.power import power_lines, seeds_rows, seeds_sentence, seeds_title
from tests.reporting.wording import forbidden
from tests.synthetic import completed_runs, dropout_sweep, optimizer_sweep, plan_of


def lines(sweep: Sweep, runs=None) -> list[str]:
    forecast = forecast_sweep(plan_of(sweep).sweeps[0], runs or {})
    assert forecast is not None
    return power_lines(forecast, column_info(sweep.spec.metric))


def test_before_any_run_all_is_in_standard_deviations() -> None:
    assert lines(optimizer_sweep(5)) == [
        "sees a difference of 2.63 sd with 80 % power, adjusted for 5 comparisons",
        "95 % intervals of about ± 1.24 sd",
        "smallest p of the exact sign-flip test: 0.062",
        "seeds for 80 % power at the margin of 0.01: 16 if it is 1 sd, 7 if it is 2 sd",
    ]


def test_a_pilot_gives_the_unit_of_the_metric() -> None:
    sweep = optimizer_sweep(5)
    effect, width, _, seeds = lines(sweep, completed_runs(sweep))
    assert re.fullmatch(
        r"sees a difference of 0\.0\d+ \(2\.63 sd\) with 80 % power, adjusted for 5 comparisons", effect
    )
    assert re.fullmatch(r"95 % intervals of about ± 0\.0\d+ \(1\.24 sd\)", width)
    assert re.fullmatch(
        r"seeds for 80 % power at the margin of 0\.01: \d+, "
        r"by the upper bound of the spread of the 5 seeds that are there",
        seeds,
    )


def test_accuracies_are_in_percentage_points_and_ratios_in_parts_of_the_error() -> None:
    accuracy = dropout_sweep(seeds=4)
    assert " pp (" in lines(accuracy, completed_runs(accuracy))[0]
    ratio = optimizer_sweep(5, margin="10%")
    assert all("% of the error" in line for line in lines(ratio, completed_runs(ratio))[:2])
    assert "the margin of 10% of the error" in lines(ratio)[-1]


def test_without_a_margin_nothing_is_promised_of_equivalence() -> None:
    assert "no margin is stated: nothing can be called equivalent" in lines(dropout_sweep())


@pytest.mark.parametrize("seeds", [1, 2])
def test_too_few_seeds_are_told_so(seeds: int) -> None:
    said = lines(optimizer_sweep(seeds))
    shows = {1: "one seed shows", 2: "2 seeds show"}[seeds]
    assert said == [f"{shows} numbers and no verdict: at least 3 seeds, better 5 or more"]


def test_one_comparison_is_called_that() -> None:
    assert "adjusted for one comparison" in lines(dropout_sweep())[0]


def test_no_line_says_too_much() -> None:
    sweeps = [optimizer_sweep(seeds, margin=margin) for seeds in (1, 2, 3, 8) for margin in (None, 0.01, "5%", 1e-9)]
    for sweep in sweeps:
        for runs in ({}, completed_runs(sweep)):
            said = lines(sweep, runs)
            assert not re.search(r"\b(significant|nan|None|inf)\b", " ".join(said))
            # A line of the terminal, not of a report: its only p is the least that a test could give.
            assert forbidden("\n".join(line for line in said if not line.startswith("smallest p"))) == []


# seeds, as a table -------------------------------------------------------------------------------------


def tables(sweep: Sweep, runs=None) -> list[tuple[str, str, list[tuple[str, ...]]]]:
    table = tabulate_seeds(plan_of(sweep).sweeps[0], runs or {})
    assert table is not None
    found = [seeds_rows(table, family, column_info(sweep.spec.metric)) for family in table.families]
    titles = map(seeds_title, table.families)
    return [(seeds_sentence(table), title, [head, *rows]) for title, (head, rows) in zip(titles, found, strict=True)]


def with_margin(sweep: Sweep, margin: float) -> Sweep:
    return replace(sweep, spec=replace(sweep.spec, margin=margin))


def test_a_table_of_seeds_before_any_run() -> None:
    (said, together, rows), (_, alone, _) = tables(optimizer_sweep(5))
    assert said.startswith("power to see a difference of so many sd of a paired difference")
    assert (together, alone) == ("adjusted for 5 comparisons", "one comparison by itself")
    assert rows[0] == ("seeds", "0.50 sd", "1.00 sd", "2.00 sd", "80 % at")
    assert rows[1] == ("3", "1 %", "3 %", "12 %", "7.32 sd")
    assert rows[2] == ("planned: 5", "3 %", "12 %", "54 %", "2.63 sd")
    # 15 seeds have a power of .798 for 1 sd, so 16 are named.
    assert rows[5][:3] == ("15", "19 %", "79 %")
    assert rows[-1] == ("for 80 %", "51", "16", "7", "")


@pytest.mark.parametrize(
    ("sweep", "pattern"),
    [
        (optimizer_sweep(5), r"0\.005\d* 0\.01\d* 0\.02\d*"),
        (optimizer_sweep(5, margin="10%"), r"4\.9% 10% 21%"),
        (with_margin(dropout_sweep(seeds=4), 0.01), r"0\.50 pp 1\.0 pp 2\.0 pp"),
    ],
    ids=["raw", "relative", "percentage points"],
)
def test_a_table_of_seeds_is_in_the_unit_of_the_margin(sweep: Sweep, pattern: str) -> None:
    for said, _, rows in tables(sweep, completed_runs(sweep)):
        assert re.fullmatch(pattern, " ".join(rows[0][1:4]))
        assert said.endswith(f"{len(sweep.spec.seeds)} seeds have shown")
        assert ("in the error" in said) is ("%" in rows[0][1])
        assert not re.search(r"nan|None|inf", str(rows))


def test_a_table_of_seeds_fits_a_narrow_terminal() -> None:
    for margin in (None, 0.01, "10%", 1e-9):
        sweep = optimizer_sweep(4, margin=margin)
        for runs in ({}, completed_runs(sweep)):
            for _, _, rows in tables(sweep, runs):
                assert sum(max(map(len, column)) + 2 for column in zip(*rows, strict=True)) <= 80


def test_a_claim_that_the_sign_test_cannot_resolve_is_told_so() -> None:
    on_epochs = "sgd > adam on epochs_to(val_loss, 0.3)"
    assert lines(optimizer_sweep(5, claims=(on_epochs,)))[-1] == (
        "1 claim on epochs_to cannot be resolved: the sign test of 5 pairs has p ≥ 0.062, and 0.05 is needed, which "
        "takes 6 seeds"
    )
    both = optimizer_sweep(6, claims=(on_epochs, "sgd > adam on val_loss"))
    assert lines(both)[-1].startswith("1 claim on epochs_to cannot be resolved before others are: ")
    assert not any("epochs_to" in line for line in lines(optimizer_sweep(6, claims=(on_epochs,))))
