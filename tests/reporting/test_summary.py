"""The box, the guarantee and the tables that open a sweep's section."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from ablate.analysis.results import SweepResults, study_results, sweep_results
from ablate.analysis.selections import select_arm
from ablate.analysis.sweep_flags import sweep_flags
from ablate.reporting.markdown import render
from ablate.reporting.report import report_markdown
from ablate.reporting.summary import box, guarantee, judged_blocks
from ablate.verdicts.verdict import Scale
from tests.judged import claim, draws, grid, judged
from tests.reporting.test_markdown import RENDERER
from tests.reporting.wording import forbidden
from tests.synthetic import completed_runs, dropout_sweep, eventful_runs, optimizer_sweep, plan_of

SWEEP = optimizer_sweep()
RUNS = eventful_runs(SWEEP)
PLAN = plan_of(SWEEP)


def judged_results(sweep=SWEEP, runs=RUNS, **fields) -> SweepResults:
    planned = plan_of(sweep).sweeps[0]
    results = judged(sweep_results(planned, runs), math.log(1.1), Scale.LOG_ERROR)
    selection = select_arm(results.summaries, results.metric)
    flags = sweep_flags(planned, runs, results.verdicts, selection=selection)
    return replace(results, **{"flags": flags, "selection": selection, **fields})


CLAIMS = (
    claim("optimizer=choice_1 < optimizer=choice_3 on val_loss", draws(4), margin=0.01),
    claim("optimizer=choice_1 > optimizer=choice_3 on val_loss", draws(4)),
)
RESULTS = judged_results(claims=CLAIMS)
BOX = render([box(RESULTS, RESULTS.flags)])
TEXT = report_markdown(replace(study_results(PLAN, RUNS), sweeps=(RESULTS,)))


def part(title: str) -> str:
    return BOX.partition(f"> **{title}**")[2].partition("\n> **")[0]


def test_every_line_of_the_box_is_in_the_quotation() -> None:
    assert BOX.startswith("> [!IMPORTANT]\n")
    assert all(line.startswith(">") for line in BOX.splitlines())


def test_the_box_tells_three_things_apart() -> None:
    assert "`optimizer=momentum` is **WORSE**" in part("Shown")
    assert "**SUPPORTED**" in part("Shown")
    assert "**REFUTED**" in part("Shown")
    assert "`optimizer=rmsprop` is **INCONCLUSIVE**" in part("Not resolved")
    assert "selected, not confirmed" in part("Not resolved")
    assert "2 of 48 planned runs have no outcome (1 failed, 1 missing)." in part("Not done")
    assert "was not tuned for each arm" in part("Not done")
    assert "No margin is stated for optimizer=choice_1 &gt; optimizer=choice_3 on val_loss" in part("Not done")


def test_every_verdict_stands_in_the_box_once() -> None:
    for verdict in RESULTS.verdicts:
        assert BOX.count(f"- `{verdict.subject}` is **") == 1


def test_the_guarantee_states_its_numbers() -> None:
    assert guarantee(RESULTS) == (
        "Across these 5 arms the chance of any false better/worse is at most 5%, of any false equivalent at most 5%, "
        "over new seeds on this data set and its split. The 2 claims are a family of their own, with the same bounds."
    )
    joint = guarantee(replace(RESULTS, multiplicity="joint", claims=()))
    assert joint == (
        "Across these 5 arms the chance of any false word at all, better, worse or equivalent, is at most 5%, over new "
        "seeds on this data set and its split."
    )
    without = replace(RESULTS, verdicts=tuple(replace(each, margin=None, alpha=0.01) for each in RESULTS.verdicts))
    assert "false better/worse is at most 1%, over" in guarantee(without)
    assert "equivalent" not in guarantee(without)


def test_the_guarantee_of_a_test_metric_names_the_test_set() -> None:
    sweep = dropout_sweep()
    assert "data set and test set." in guarantee(judged_results(sweep, completed_runs(sweep)))


def test_interactions_that_nobody_tested_are_named() -> None:
    two = replace(SWEEP, spec=replace(SWEEP.spec, factors={**SWEEP.spec.factors, "model.dropout": (0.0, 0.3)}))
    planned = plan_of(two).sweeps[0]
    assert "Interactions were not estimated" in render([box(replace(RESULTS, planned=planned), ())])
    assert "Interactions were not estimated" not in render(
        [box(replace(RESULTS, planned=planned, factorial=grid()), ())]
    )
    assert "Interactions" not in BOX


def test_two_hundred_arms_are_counted_and_the_largest_told() -> None:
    sweep = optimizer_sweep(3, {f"o{index}": 0.001 * (index + 1) for index in range(200)} | {"adam": 0.001})
    many = judged_results(sweep, completed_runs(sweep))
    text = render([box(many, many.flags)])
    assert len(text.splitlines()) < 40
    assert max(map(len, render(judged_blocks(many)).splitlines())) < 800
    counts = [line for line in text.splitlines() if "arms **" in line]
    alone = [line for line in text.splitlines() if line.startswith("> - `o") and "` is **" in line]
    assert sum(int(line.split()[2]) for line in counts) + len(alone) == 200
    assert all("of which the 3 largest differences:" in line for line in counts)
    nested = RENDERER.render("\n".join(line.removeprefix("> ") for line in text.splitlines()))
    assert "<ul>" in nested.partition("<ul>")[2]


def test_nothing_judged_yet() -> None:
    empty = judged_results(runs={}, selection=None)
    text = render([box(empty, empty.flags)])
    assert "has no completed run, so nothing can be compared with it" in text
    assert "Nothing yet." in text
    assert "nan" not in render(judged_blocks(empty))


def test_a_report_with_verdicts_says_nothing_too_much() -> None:
    assert forbidden(TEXT) == []


def test_the_verdicts_come_before_everything_else() -> None:
    answer = "No arm is shown to beat `adam` in validation loss: "
    order = [
        answer,
        "![",
        "[!IMPORTANT]",
        "Across these",
        "| arm ",
        "### Claims",
        "### Flags",
        "### Setup",
        "### Results",
    ]
    places = [TEXT.index(each) for each in order]
    assert places == sorted(places)


def test_differences_stand_in_one_table() -> None:
    header = next(line for line in TEXT.splitlines() if line.startswith("| arm") and " sd " in line)
    assert "difference" not in header


def test_a_grid_has_a_table_of_its_effects_without_words() -> None:
    blocks = render(judged_blocks(replace(RESULTS, factorial=grid())))
    effects = blocks.partition("### Effects of the factors")[2]
    assert "| `model.dropout`" in effects
    assert "model.dropout × model.l2" in effects
    assert "better" not in effects.partition("###")[0]


@pytest.mark.parametrize("name", ["sg|d`<i>\n# x", "> [!NOTE] x"])
def test_names_from_outside_stay_in_the_box(name: str) -> None:
    sweep = optimizer_sweep(seeds=4, optimizers={name: 0.1, "adam": 0.001})
    results = judged_results(sweep, completed_runs(sweep))
    text = render(judged_blocks(results))
    assert "<i>" not in text
    assert "\n# x" not in text
    assert "\n[!NOTE]" not in text
