"""`judge` and `analyse` from Python: a frame as well as a file, with numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ablate.analysis.tidy_frame import TableProblem
from ablate.operations.analyse import analyse, judge, judge_table, read, read_metrics
from ablate.verdicts.verdict import Scale, Word

# Differences by seed: 0.05, 0.045, 0.05, 0.046.
FRAME = pd.DataFrame(
    [
        ("sgd", 0, 0.900), ("sgd", 1, 0.910), ("sgd", 2, 0.890), ("sgd", 3, 0.905),
        ("adam", 2, 0.940), ("adam", 0, 0.950), ("adam", 1, 0.955), ("adam", 3, 0.951),
    ],
    columns=["arm", "seed", "accuracy"],
)  # fmt: skip


def test_a_frame_is_judged_by_its_pairs() -> None:
    (verdict,) = judge(FRAME, metric="accuracy", direction="max", margin=0.01)
    assert (verdict.subject, verdict.reference, verdict.word) == ("adam", "sgd", Word.BETTER)
    assert verdict.raw_diff == pytest.approx((0.05 + 0.045 + 0.05 + 0.046) / 4)


def test_a_file_says_the_same(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "table.csv", index=False)
    asked: dict[str, Any] = {"metric": "accuracy", "direction": "max", "margin": "10%", "scale": "log_error"}
    from_file = judge(tmp_path / "table.csv", **asked)
    assert from_file == judge(str(tmp_path / "table.csv"), **asked) == judge(FRAME, **asked)
    assert from_file[0].scale is Scale.LOG_ERROR


def test_columns_and_baseline_are_ones_own() -> None:
    own = FRAME.rename(columns={"arm": "method", "seed": "trial", "accuracy": "regret"})
    (verdict,) = judge(own, metric="regret", arm="method", seed="trial", baseline="adam", direction="min", margin=0.01)
    assert (verdict.subject, verdict.reference, verdict.word) == ("sgd", "adam", Word.BETTER)


def test_verdicts_are_written_with_a_figure(tmp_path: Path) -> None:
    verdicts = judge(FRAME, metric="accuracy", direction="max", margin=0.01)
    assert analyse(verdicts, tmp_path / "out") == tmp_path / "out" / "verdicts.md"
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"verdicts.md", "verdicts.csv", "verdicts.tex", "forest.png"}


def test_what_pairs_the_rows_is_said_in_the_report(tmp_path: Path) -> None:
    table = read(FRAME.rename(columns={"seed": "task"}), metric="accuracy")
    judged = judge_table(table, direction="max", margin=0.01)
    assert judged.verdicts == judge(FRAME, metric="accuracy", direction="max", margin=0.01)
    text = analyse(judged.verdicts, tmp_path, table=judged.table).read_text()
    assert "The baseline is `sgd`; rows are paired by their `task`." in text
    assert judged.table.understood in text


def test_seed_and_key_are_one_word() -> None:
    asked: dict[str, Any] = {"metric": "accuracy", "direction": "max"}
    own = FRAME.rename(columns={"seed": "trial"})
    assert judge(own, key="trial", **asked) == judge(own, seed="trial", **asked) == judge(FRAME, **asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, "Which metric. --metric is one of arm, seed, accuracy"),
        ({"metric": "loss"}, "there is no column 'loss'"),
        ({"metric": "accuracy", "baseline": "lion"}, "no arm is named 'lion'"),
        ({"metric": "accuracy", "direction": "up"}, "direction is min or max"),
        ({"metric": "accuracy", "scale": "linear"}, "'linear' is not a valid Scale"),
        ({"metric": "accuracy", "multiplicity": "none"}, "multiplicity is one of holm, joint"),
    ],
)
def test_what_does_not_fit_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(TableProblem, match=said) as raised:
        judge(FRAME, **asked)
    assert raised.value.exit_code == 2


def test_a_file_is_named_in_what_is_wrong_with_it(tmp_path: Path) -> None:
    path = tmp_path / "alone.csv"
    FRAME[:4].to_csv(path, index=False)
    with pytest.raises(TableProblem, match=f"{path}: there is one arm only"):
        judge(path, metric="accuracy", direction="max")
    with pytest.raises(TableProblem, match="it cannot be read: no such file"):
        judge(tmp_path / "gone.csv", metric="accuracy")


SEVERAL = FRAME.assign(loss=[1.0, 1.1, 0.9, 1.0, 0.79, 0.9, 1.0, 0.91], steps=[7, 8, 7, 8, 7, 7, 8, 8])


def test_several_metrics_are_asked_each_as_it_is() -> None:
    asked: dict[str, Any] = {
        "direction": {"accuracy": "max", "loss": "min"},
        "margin": {"accuracy": 0.01, "loss": "5%"},
    }
    primary, loss = judge(SEVERAL, metric=["accuracy", "loss"], **asked)
    (alone,) = judge(SEVERAL, metric="accuracy", direction="max", margin=0.01)
    assert primary == alone
    assert (loss.metric.title, loss.word, loss.scale) == ("loss", Word.BETTER, Scale.LOG_ERROR)
    assert judge(SEVERAL, metric=["accuracy,loss", "loss"], **asked) == (primary, loss)


def test_what_is_stated_of_no_metric_is_of_the_primary_one() -> None:
    primary, loss = judge(SEVERAL, metric=["accuracy", "loss"], direction={"": "max", "loss": "min"}, margin=0.01)
    assert (primary.margin, loss.margin) == (0.01, None)


def test_a_column_with_a_comma_in_its_name_is_one() -> None:
    named = SEVERAL.rename(columns={"loss": "loss, mean"})
    assert [table.metric for table in read_metrics(named, metrics=["loss, mean", "accuracy"])] == [
        "loss, mean",
        "accuracy",
    ]


def test_no_metric_is_taken_for_the_key() -> None:
    """Whole numbers that tell the rows of every arm apart, as a key does; and the task, which is one."""
    table = SEVERAL.assign(task=["a", "b", "c", "d", "c", "a", "b", "d"], tokens=[1, 2, 3, 4, 3, 1, 2, 4])
    tables = read_metrics(table.drop(columns="seed"), metrics=["accuracy", "tokens"])
    assert [each.key for each in tables] == ["task", "task"]
    assert read(table.drop(columns="seed"), metric="accuracy").key is None


def test_what_is_understood_of_several_metrics_is_one_sentence() -> None:
    lost = SEVERAL.assign(loss=pd.Series([1.0, None, 0.9, 1.0, 0.79, float("nan"), 1.0, 0.91], dtype=object))
    analysis = judge_table(read_metrics(lost, metrics=["accuracy", "loss"]), direction={"": "max", "loss": "min"})
    assert analysis.understood.endswith("values of accuracy, values of loss (1 missing, 1 diverged).")
    assert analysis.table.understood.endswith("values of accuracy.")
    assert [each.table.metric for each in analysis.others] == ["loss"]


def test_folds_are_told_by_their_ratio() -> None:
    folds = FRAME.rename(columns={"seed": "fold"})
    asked: dict[str, Any] = {"metric": "accuracy", "direction": "max"}
    one, *others = (judge(folds, folds=ratio, **asked) for ratio in (0.25, "0.25", "1:4", "1/4", "20:80"))
    assert all(other == one for other in others)
    assert [row.word for row in (*one, *judge(folds, **asked))] == [Word.BETTER, None]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"margin": {"los": 1}}, "a margin is of accuracy, loss, and not of 'los'"),
        ({"metric": ["accuracy", "steps"], "direction": "max"}, "column 'steps': say with direction"),
        ({"folds": "much"}, "such as 1:9 or 0.25, not 'much'"),
        ({"folds": "1:0"}, "such as 1:9 or 0.25, not '1:0'"),
        ({"wide": True}, "a wide table has one metric"),
    ],
)
def test_what_does_not_fit_several_metrics_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(TableProblem, match=said):
        judge(SEVERAL, **{"metric": ["accuracy", "loss"], "direction": {"": "max", "loss": "min"}, **asked})


def test_a_number_of_examples_is_of_a_share() -> None:
    with pytest.raises(TableProblem, match="column 'loss': no share of examples"):
        judge(SEVERAL, metric="loss", direction="min", n_examples=100)
