from dataclasses import replace
from pathlib import Path

import pytest

from ablate.analysis.comparison import Side, compare, sides_of_study
from ablate.analysis.judging import judge_sweep
from ablate.core.records import METRICS
from ablate.reporting.comparison import comparison_markdown, write_comparison
from ablate.reporting.markdown import inline
from ablate.reporting.verdicts import verdict_sentence
from ablate.verdicts.verdict import Word
from tests.reporting.wording import forbidden
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, plan_of, run_spec, with_class_names

SWEEP = optimizer_sweep(seeds=3)
PLAN, RUNS = plan_of(SWEEP), completed_runs(SWEEP)
COMPARISON = compare([*sides_of_study(PLAN, RUNS, "adam"), *sides_of_study(PLAN, RUNS, "sgd")])
TEXT = comparison_markdown(COMPARISON)


def test_comparability_comes_first() -> None:
    assert TEXT.index("The sides share data, split, metric and numerics.") < TEXT.index("## What differs")
    other = Side("b", (completed_run(replace(run_spec(), precision="float16")),))
    text = comparison_markdown(compare([Side("a", (completed_run(run_spec()),)), other]))
    assert "**Not comparable as they stand**: the sides differ in numerics." in text


def test_an_arm_beside_its_baseline_is_the_row_of_its_study() -> None:
    """Adjusted for every arm of the sweep, whichever were chosen to be looked at."""
    verdicts = TEXT[TEXT.index("## Verdicts") : TEXT.index("## Metrics")]
    assert "The baseline is `optimizers:optimizer=adam`, side A." in verdicts
    sgd = judge_sweep(PLAN.sweeps[0], RUNS).verdicts[0]
    assert (sgd.arm, sgd.word) == ("optimizer=sgd", Word.WORSE)
    row = replace(sgd, subject="optimizers:optimizer=sgd")
    assert f"- {inline(verdict_sentence(row))}" in verdicts
    assert "It is the study's baseline, and the rows below are the study's own." in verdicts
    assert "**few seeds**" in verdicts


def test_another_pair_is_one_of_all_pairs_and_that_is_said() -> None:
    text = comparison_markdown(compare([*sides_of_study(PLAN, RUNS, "sgd"), *sides_of_study(PLAN, RUNS, "rmsprop")]))
    assert "so p and intervals are adjusted for all 15 pairs of its arms." in text
    assert "Holm p" in text


def test_sides_that_no_study_compares_get_numbers_and_no_word() -> None:
    sides = [Side(name, tuple(completed_run(run_spec(name, seed=seed), quality) for seed in range(3)))
             for name, quality in (("adam", 0.0), ("sgd", 0.1))]  # fmt: skip
    text = comparison_markdown(compare(sides))
    assert "## Exploratory differences" in text
    assert "No study planned to compare these sides" in text
    assert "`sgd` (exploratory, no verdict): difference +0.1" in text
    assert "**WORSE**" not in text
    assert "**no margin**" in text


@pytest.mark.parametrize("level", [None, "adam"])
def test_no_comparison_says_too_much(level: str | None) -> None:
    sides = [*sides_of_study(PLAN, RUNS, level), Side("one", (completed_run(run_spec("sgd")),))]
    assert forbidden(comparison_markdown(compare(sides))) == []


def test_only_what_differs_is_listed() -> None:
    settings = TEXT[TEXT.index("## What differs") : TEXT.index("## Verdicts")]
    assert "`optimizer.learning_rate`" in settings
    assert "model" not in settings


def test_a_difference_has_its_interval_and_its_number_of_pairs() -> None:
    lines = TEXT.splitlines()
    first = next(place for place, line in enumerate(lines) if line.startswith("| `val_loss`"))
    adam, sgd = ([cell.strip() for cell in lines[first + row].split("|")[1:-1]] for row in (0, 1))
    assert (adam[:3], adam[4:]) == (["`val_loss`", "A", "3"], ["–"] * 3)
    assert (sgd[:3], sgd[-1]) == (["", "B", "3"], "3")
    loss = next(each for each in COMPARISON.metrics if each.metric.name == "val_loss")
    low, high = (float(end) for end in sgd[5].strip("[]").replace("−", "-").split(","))
    assert (low, high) == pytest.approx((loss.differences[1].ci_low, loss.differences[1].ci_high), abs=1e-3)


def test_a_metric_that_equals_another_or_says_nothing_of_the_task_is_left_out() -> None:
    kept = {line.split("`")[1] for line in TEXT[TEXT.index("## Metrics") :].splitlines() if line.startswith("| `")}
    assert "learning_rate" not in kept
    (loss,) = [each for each in COMPARISON.metrics if each.metric.name == "val_loss"]
    strange = tuple(replace(loss, metric=METRICS[name]) for name in ("val_objective", "val_huber"))
    assert comparison_markdown(replace(COMPARISON, metrics=(*COMPARISON.metrics, *strange))) == TEXT


def test_a_table_of_many_sides_fits() -> None:
    text = comparison_markdown(compare(sides_of_study(PLAN, RUNS)))
    tables = [line for line in text.splitlines() if line.startswith("|") and "predicts" not in line]
    metrics = text[text.index("## Metrics") : text.index("## Test predictions")]
    assert max(len(line) for line in metrics.splitlines() if line.startswith("|")) <= 110
    assert len(tables) > 40


def test_each_disagreement_stands_with_every_prediction() -> None:
    assert COMPARISON.disagreements is not None
    first = COMPARISON.disagreements.examples[0]
    line = next(line for line in TEXT.splitlines() if line.startswith(f"| {first.index:>7} |"))
    expected = zip(first.predictions, first.probabilities, strict=True)
    assert [cell.strip() for cell in line.split("|")[3:5]] == [f"{cls} ({share:.3f})" for cls, share in expected]
    assert f"disagree on {len(COMPARISON.disagreements.examples)} of 120 test examples" in TEXT


def test_the_folder_holds_what_the_text_shows(tmp_path: Path) -> None:
    path = write_comparison(COMPARISON, tmp_path)
    text = path.read_text()
    figures = sorted(figure.name for figure in (tmp_path / "figures").iterdir())
    assert figures == ["confusion.png", "curves_val_accuracy.png", "curves_val_loss.png", "paired_differences.png"]
    assert all(f"](figures/{figure})" in text for figure in figures)


def test_disagreements_are_told_by_the_names_of_classes() -> None:
    named = with_class_names(RUNS, [f"kind {number}" for number in range(10)])
    text = comparison_markdown(compare([*sides_of_study(PLAN, named, "adam"), *sides_of_study(PLAN, named, "sgd")]))
    table = text[text.index("## Where they disagree") :]
    assert "| kind " in table
    assert "(several)" not in table
    assert "kind " not in TEXT
