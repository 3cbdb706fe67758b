"""The box, the guarantee and the tables that open a sweep's section."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ablate.analysis.results import SweepResults, study_results, sweep_results
from ablate.analysis.selections import select_arm
from ablate.analysis.sweep_flags import sweep_flags
from ablate.cli.analyse import add_options
from ablate.core.specs import Sweep, confirmation_runs
from ablate.reporting.markdown import render
from ablate.reporting.premises import scope_blocks
from ablate.reporting.report import report_markdown
from ablate.reporting.summary import box, judged_blocks
from ablate.verdicts.verdict import Scale
from tests.judged import claim, draws, grid, judged
from tests.reporting.test_markdown import RENDERER
from tests.reporting.wording import forbidden
from tests.synthetic import completed_run, completed_runs, eventful_runs, optimizer_sweep, plan_of

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


HOLM = (
    "In each family (the arms of a sweep, its claims, a confirmation) the chance of any false difference is at most 5% "
    "and of any false equivalence at most 5%, over new seeds on the same data and split; the two together are not "
    "bounded, nor is the study as a whole."
)


def scope(*sweeps: SweepResults) -> str:
    return render(scope_blocks(sweeps))


def shared(multiplicity: str, alpha: float = 0.05, results: SweepResults = RESULTS) -> SweepResults:
    spec = replace(results.planned.spec, multiplicity=multiplicity, alpha=alpha)
    return replace(results, multiplicity=multiplicity, planned=replace(results.planned, spec=spec))


def test_the_scope_of_the_error_rates_states_its_numbers() -> None:
    assert scope(RESULTS) == f"{HOLM} `sweep.multiplicity=study` bounds it all."
    assert scope(shared("joint", 0.01)) == (
        "In each family (the arms of a sweep, its claims, a confirmation) the chance of any false verdict is at most "
        "1%, over new seeds on the same data and split; the study as a whole is not bounded. "
        "`sweep.multiplicity=study` bounds it all."
    )
    assert scope(shared("study")) == (
        "Over all arms, claims and confirmations of the study together the chance of any false verdict is at most 5%, "
        "over new seeds on the same data and split."
    )
    assert scope(RESULTS, RESULTS) == scope(RESULTS)
    assert f"`optimizers`: {HOLM}" in scope(RESULTS, shared("joint"))
    assert scope(replace(RESULTS, verdicts=())) == ""


def test_the_scope_stands_once_in_a_study() -> None:
    both = replace(study_results(PLAN, RUNS), sweeps=(RESULTS, RESULTS))
    assert report_markdown(both, ()).count(HOLM) == TEXT.count(HOLM) == 1


def test_help_and_readme_say_the_same_sentence() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser)
    helped = " ".join(parser.format_help().split())
    readme = " ".join((Path(__file__).parents[2] / "README.md").read_text().split()).replace("5 %", "5%")
    assert HOLM in readme
    assert HOLM.replace(" ", "") in helped.replace(" ", "")


# what was changed after there were results -------------------------------------------------------------

ADDED = [{"event": "post_hoc_seeds", "optimizers": [6, 7]}, {"event": "withdrawn_seeds", "optimizers": [8]}]
COMMAND = ("+sweep=optimizers", "sweep.seeds=8", "study=mine_2", "sweep.claims=['a b']")


def after(events: Sequence[dict[str, Any]], sweep: Sweep = SWEEP, command: Sequence[str] = COMMAND) -> str:
    return report_markdown(study_results(plan_of(sweep), completed_runs(sweep), events), command)


def test_seeds_that_were_changed_leave_no_bound_and_no_word() -> None:
    text = after(ADDED)
    assert text.count(HOLM) == 0
    assert (
        "Seeds 6, 7 were added and seed 8 was taken away after there were results, so these rows are exploratory: the "
        "chance of a false verdict is not bounded by 5%. To decide it, run the same sweep under a new name, on fresh "
        "seeds:"
    ) in text
    shown = text.partition("> **Shown**")[2].partition("> **")[0]
    assert "Nothing yet." in shown
    exploratory = text.partition("> **Exploratory**")[2].partition("> **")[0]
    assert exploratory.count("(exploratory, no verdict)") == len(SWEEP.arms) - 1
    assert "is **" not in text.partition("### Setup")[0]
    assert forbidden(text) == []
    assert HOLM in after([])
    assert "exploratory: the chance" not in after([{"event": "post_hoc_seeds", "optimizers": [8]}])


def test_the_command_that_would_decide_can_be_typed() -> None:
    fresh = ",".join(map(str, range(9, 18)))
    line = f"python -m ablate +sweep=optimizers 'sweep.claims=['\"'\"'a b'\"'\"']' study=mine_3 'sweep.seeds=[{fresh}]'"
    assert line in after(ADDED)
    assert "python -m ablate +sweep=optimizers study=optimizers_2 'sweep.seeds=[" in after(ADDED, command=())


def test_many_rows_without_a_word_are_counted() -> None:
    sweep = optimizer_sweep(3, {f"o{index}": 0.001 * (index + 1) for index in range(20)} | {"adam": 0.001})
    text = after([{"event": "post_hoc_seeds", "optimizers": [2]}], sweep)
    assert "20 arms without a verdict, of which the 3 largest differences:" in text


def test_a_claim_that_was_added_is_exploratory_and_the_others_are_not() -> None:
    claims = ("sgd > adam on val_loss", "rmsprop < adam on val_loss")
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, claims=claims))
    text = after([{"event": "post_hoc_claims", "optimizers": [claims[1]]}], sweep)
    assert HOLM in text
    assert "was claimed after there were results, so no error rate covers it. To" in text
    exploratory = text.partition("> **Exploratory**")[2].partition("> **")[0]
    assert exploratory.count("exploratory, no verdict") == 1
    assert "rmsprop &lt; adam on val_loss" in exploratory


def test_a_confirmation_that_was_repeated_is_said_to_be_one() -> None:
    sweep = replace(SWEEP, spec=replace(SWEEP.spec, confirm=3))
    fresh = {spec.run_id: completed_run(spec) for _, spec in confirmation_runs(sweep).items()}
    runs = {**completed_runs(sweep), **fresh}
    for events, said in (
        ([{"event": "repeated_confirmation", "optimizers": [8, 9]}], "a repetition: the first was on seeds 8, 9."),
        ([{"event": "withdrawn_seeds", "optimizers": [8]}], "The confirmation is on seed 8, which had results before."),
    ):
        text = report_markdown(study_results(plan_of(sweep), runs, events), COMMAND)
        assert said in text
        assert "**not confirmed** by repeated looks at fresh seeds" in text
        assert "**repeated confirmation**" in text
    assert "repeated" not in report_markdown(study_results(plan_of(sweep), runs), COMMAND)


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
        "In each family",
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
