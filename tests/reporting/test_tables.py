"""Verdicts on somebody else's table: the same numbers as text, as LaTeX, as JSON and in a folder."""

from __future__ import annotations

import csv
import io

import pytest

from ablate.core.records import METRICS
from ablate.reporting.families import scope_sentence
from ablate.reporting.tables import FORMATS, analysis_text, write_analysis
from ablate.verdicts.engine import ArmValues, judge_arms
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
    assert [row["verdict"] for row in rows] == [row.word for row in VERDICTS]
    again = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    write_analysis(VERDICTS, "holm", tmp_path / "out")
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == again
