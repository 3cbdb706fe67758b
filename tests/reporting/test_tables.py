"""Verdicts on somebody else's table: the same numbers as text, as LaTeX, as JSON and in a folder."""

from __future__ import annotations

import csv
import io

import pytest

from ablate.analysis.tidy_frame import Asked, judge_metrics
from ablate.core.records import METRICS
from ablate.reporting.families import scope_sentence
from ablate.reporting.tables import FORMATS, analysis_text, write_analysis
from ablate.tables.table import Table
from ablate.verdicts.engine import ArmValues, judge_arms
from ablate.verdicts.verdict import Verdict
from tests.reporting.wording import forbidden

ARMS = {
    "sgd": ArmValues({0: 0.90, 1: 0.91, 2: 0.89, 3: 0.905}),
    "ad|am": ArmValues({0: 0.95, 1: 0.955, 2: 0.94, 3: 0.951}),
    "wild_1": ArmValues({0: 0.93, 1: float("nan"), 2: 0.92, 3: 0.94}),
    "none": ArmValues({}, planned=range(4)),
}
VERDICTS = judge_arms(ARMS, "sgd", METRICS["test_accuracy"], margin=0.01)


def test_the_text_has_sentences_a_guarantee_a_table_and_flags() -> None:
    text = analysis_text(VERDICTS, "holm", "markdown")
    assert "The baseline is `sgd`; equal seeds are paired." in text
    assert r"ad\|am is **BETTER** than the baseline by more than the margin of 1 pp" in text
    assert scope_sentence() in text
    assert "| ▲ better" in text
    assert "**diverged**, `wild_1`" in text
    assert forbidden(text) == []


def test_joint_verdicts_are_said_to_be_adjusted_by_bonferroni() -> None:
    joint = judge_arms(ARMS, "sgd", METRICS["test_accuracy"], margin=0.01, multiplicity="joint")
    text = analysis_text(joint, "joint", "markdown")
    assert "Bonferroni p" in text
    assert "Holm" not in text
    assert scope_sentence(multiplicity="joint") in text


def test_one_verdict_needs_no_adjustment() -> None:
    text = analysis_text(VERDICTS[:1], "holm", "markdown")
    assert "Holm" not in text


def test_latex_is_a_table_that_names_cannot_break() -> None:
    text = analysis_text(VERDICTS, "holm", "latex")
    assert r"\begin{tabular}" in text
    assert r"wild\_1" in text
    assert "ad|am" not in text


@pytest.mark.parametrize("form", list(FORMATS))
def test_the_same_verdicts_give_the_same_text(form: str) -> None:
    again = judge_arms(dict(ARMS), "sgd", METRICS["test_accuracy"], margin=0.01)
    assert analysis_text(again, "holm", form) == analysis_text(VERDICTS, "holm", form)


def test_the_folder_holds_text_table_latex_and_figure(tmp_path) -> None:
    path = write_analysis(VERDICTS, "holm", tmp_path / "out")
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "forest.png", "verdicts.csv", "verdicts.md", "verdicts.tex",
    ]  # fmt: skip
    assert "](forest.png)" in path.read_text()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "verdicts.csv").read_text())))
    assert [row["verdict"] for row in rows] == [row.word or "" for row in VERDICTS]
    again = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    write_analysis(VERDICTS, "holm", tmp_path / "out")
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == again


def of_two_metrics() -> list[Verdict]:
    """`ad|am` is ahead on both; `slow_1` is not resolved on the primary metric, and far behind on the other."""
    shifts = {"accuracy": {"sgd": [0.0] * 5, "ad|am": [0.05] * 5, "slow_1": [0.01, -0.01, 0.01, -0.01, 0.0]}}
    shifts["score"] = {"sgd": [0.0] * 5, "ad|am": [2.0] * 5, "slow_1": [-5.0] * 5}
    noise = [0.001, -0.001, 0.002, 0.0, -0.002]
    asked = []
    for metric, arms in shifts.items():
        values = {
            name: ArmValues({k: 0.9 + by + (noise[k] if name != "sgd" else 0) for k, by in enumerate(each)})
            for name, each in arms.items()
        }
        asked.append(Asked(Table(metric, values, "arm", "task"), "max"))
    return [verdict for own in judge_metrics(asked, baseline="sgd") for verdict in own]


def test_several_metrics_have_a_section_each_and_say_whose_wait() -> None:
    text = analysis_text(of_two_metrics(), "holm", "markdown", "task")
    assert [line for line in text.splitlines() if line.startswith("#")][:2] == [
        "# accuracy, score",
        "## accuracy, the primary metric",
    ]
    assert (
        "On the other (score) an arm has a verdict only where accuracy is resolved for it, which it is not for" in text
    )
    first, second = text.split("## score")
    assert "beats `sgd` in accuracy; `slow_1` is inconclusive." in first
    assert "`slow_1` (exploratory, no verdict): difference" in second
    assert "**primary open**, `slow_1`" in second
    assert "In each of two families (the arms on accuracy; all arms on all other metrics)" in first
    assert "nor are the two families together" in first
    assert forbidden(text) == []
    joint = analysis_text(of_two_metrics(), "joint", "markdown", "task")
    assert "; the two families together are not bounded." in joint


def test_several_metrics_have_a_table_each_in_latex_and_a_panel_in_the_figure(tmp_path) -> None:
    tex = analysis_text(of_two_metrics(), "holm", "latex", "task")
    assert tex.count(r"\begin{tabular}") == 2
    assert r"\section{score}" in tex
    assert "& tasks" in tex
    path = write_analysis(of_two_metrics(), "holm", tmp_path, "task", "Read as CSV.")
    assert "Read as CSV." in path.read_text()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "verdicts.csv").read_text())))
    assert [row["metric"] for row in rows] == ["accuracy", "accuracy", "score", "score"]


@pytest.mark.parametrize(
    ("key", "pairs", "where"),
    [
        ("seed", "4 seeds", "over new seeds on the same data and split"),
        ("task", "4 tasks", "over new tasks like these"),
        ("uid", "4 pairs", "over new pairs like these"),
        ("fold", "4 folds", "over new folds like these"),
    ],
)
def test_pairs_are_called_as_the_table_calls_them(key: str, pairs: str, where: str) -> None:
    text = analysis_text(VERDICTS, "holm", "markdown", key)
    assert pairs in text
    assert where in text
    assert ("seed" in text) is (key == "seed")


def test_numbers_without_a_word_have_no_guarantee() -> None:
    two = {name: ArmValues({seed: arm.values[seed] for seed in (0, 1)}) for name, arm in list(ARMS.items())[:2]}
    text = analysis_text(judge_arms(two, "sgd", METRICS["test_accuracy"], margin=0.01), "holm", "markdown")
    assert "no verdict is given below three seeds" in text
    assert scope_sentence() not in text
