"""What is said at another margin: it is never said without that it is explored."""

from __future__ import annotations

import re

import pytest

from ablate.analysis.exploring import Exploration, explore_margin
from ablate.analysis.results import study_results
from ablate.reporting.exploration import EXPLORED, exploration_blocks
from ablate.reporting.markdown import render
from tests.synthetic import completed_runs, optimizer_sweep, plan_of


def explored(margin: float | str, /, **fields: object) -> Exploration:
    sweep = optimizer_sweep(**fields)  # type: ignore[arg-type]
    plan, runs = plan_of(sweep), completed_runs(sweep)
    return explore_margin(study_results(plan, runs).sweeps[0], plan, runs, (), margin)


def said(exploration: Exploration) -> str:
    return render(exploration_blocks(exploration, "figures/explored.png"))


def test_it_says_first_that_it_is_explored_and_what_was_stated() -> None:
    first, *_ = said(explored(0.3)).split("\n\n")
    assert EXPLORED.capitalize() in first
    assert "a margin of 0.3." in first
    assert "The stated margin is 0.01." in first
    assert "no finding" in first


def test_at_the_stated_margin_it_says_so() -> None:
    text = said(explored(0.01))
    assert EXPLORED not in text.lower()
    assert "The stated margin" in text
    assert "5 verdicts, as in the report" in text


def test_what_changed_is_named_word_by_word() -> None:
    found = explored(0.3)
    text = said(found)
    (sentence,) = re.findall(r"(\d) of 5 verdicts? reads? otherwise than in the report: ", text)
    assert int(sentence) == len(found.changed) > 0
    for row in found.changed:
        assert f"`{row.subject}` from **{row.stated_word}**" in text
    assert text.count("**changed**") == len(found.changed)


def test_nothing_that_changes_is_said_too() -> None:
    assert "Nothing is said otherwise than in the report." in said(explored(0.0100001))


@pytest.mark.parametrize("claims", [(), ("nadam ~ adam on val_loss",)])
def test_every_table_and_picture_says_which_margin_it_is_of(claims: tuple[str, ...]) -> None:
    text = said(explored(0.3, claims=claims))
    assert ("## Claims" in text) is bool(claims)
    assert text.count("explored, margin 0.3") == 1 + bool(claims)
    (alternative,) = re.findall(r"!\[(.*?)\]", text)
    assert alternative.endswith(EXPLORED)
    assert f"0.3, {EXPLORED}" in text[text.index("## Seeds that would be needed") :]


def test_of_a_share_of_examples_percent_points_stand_beside() -> None:
    text = said(explored(0.02, metric="test_accuracy", margin=0.005))
    assert "0.02 (2 pp)" in text
    assert "0.005 (0.5 pp)" in text


def test_where_none_was_stated_that_is_said() -> None:
    assert "None was stated beforehand" in said(explored(0.3, margin=None))


def test_the_seeds_needed_are_those_of_the_verdicts() -> None:
    found = explored(0.003)
    rows = said(found)
    for row in found.arms:
        low, high = row.explored.seeds_needed_low, row.explored.seeds_needed_high
        assert low is not None
        assert (f"{low} to {high}" if low != high else str(low)) in rows
