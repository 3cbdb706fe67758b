"""Tables of an evaluation: what is understood of them, and all that is wrong with one at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ablate.tables.examples import ONE_MODEL, ExampleTable, understand_examples
from ablate.tables.formats import grid_of_file
from ablate.tables.frames import grid_of_frame
from ablate.tables.problems import TableProblem


def written(folder: Path, text: str) -> Path:
    path = folder / "eval.csv"
    path.write_text(text)
    return path


def understood(folder: Path, text: str, **asked: object) -> ExampleTable:
    return understand_examples(grid_of_file(written(folder, text)), **asked)  # type: ignore[arg-type]


def problems(folder: Path, text: str, **asked: object) -> tuple[str, ...]:
    with pytest.raises(TableProblem) as raised:
        understood(folder, text, **asked)
    return raised.value.problems


LONG = "model,q,passage,correct\nbase,q1,a,yes\nbase,q2,a,no\nbase,q3,b,yes\nnew,q3,b,no\nnew,q1,a,Yes\nnew,q2,a,\n"


def test_one_row_for_each_example_and_arm(tmp_path: Path) -> None:
    table = understood(tmp_path, LONG, metric="correct", arm="model", key="q", group="passage")
    assert table.arms == {
        "base": {ONE_MODEL: {"q1": 1.0, "q2": 0.0, "q3": 1.0}},
        "new": {ONE_MODEL: {"q3": 0.0, "q1": 1.0}},
    }
    assert table.groups == {"q1": "a", "q2": "a", "q3": "b"}
    assert table.is_right_or_wrong
    assert table.understood == (
        "Read as CSV, example by example: 2 arms by model (base, new), 3 examples by q, 2 groups by passage, "
        "correct as right (1) or wrong (0), 1 missing."
    )
    assert (table.summary.n_examples, table.summary.n_groups, table.summary.n_missing) == (3, 2, 1)


def test_one_column_an_arm(tmp_path: Path) -> None:
    text = "id,question,base,new\n7,Who?,TRUE,FALSE\n8,Why?,FALSE,TRUE\n"
    table = understood(tmp_path, text, metric="right", key="id")
    assert table.arms == {"base": {ONE_MODEL: {"7": 1, "8": 0}}, "new": {ONE_MODEL: {"7": 0, "8": 1}}}
    assert table.left_out == ("question",)
    assert "2 arms by column (base, new), 2 examples by id" in table.understood
    rows = understood(tmp_path, "base,new\n1,0\n0,1\n", metric="right")
    assert rows.arms == {"base": {ONE_MODEL: {"1": 1, "2": 0}}, "new": {ONE_MODEL: {"1": 0, "2": 1}}}
    assert "2 examples by row" in rows.understood


def test_the_same_table_long_and_wide(tmp_path: Path) -> None:
    frame = pd.DataFrame({"example": ["a", "b", "c"], "seed": [0, 0, 0], "base": [0.1, 0.5, 0.2], "new": [0.3, 0.1, 1]})
    long = frame.melt(["example", "seed"], var_name="arm", value_name="score")
    asked = {"metric": "score", "seed": "seed"}
    assert (
        understand_examples(grid_of_frame(frame), **asked).arms
        == understand_examples(grid_of_frame(long), **asked).arms
        == {"base": {"0": {"a": 0.1, "b": 0.5, "c": 0.2}}, "new": {"0": {"a": 0.3, "b": 0.1, "c": 1.0}}}
    )


@pytest.mark.parametrize(
    ("cells", "values", "is_right_or_wrong"),
    [
        (["true", "False"], [1, 0], True),
        (["correct", "incorrect"], [1, 0], True),
        (["right", "1"], [1, 1], True),
        ([True, False], [1, 0], True),
        ([1, 0], [1, 0], True),
        ([1.0, 0.5], [1, 0.5], False),
        (["95%", "20%"], [0.95, 0.2], False),
    ],
)
def test_what_says_right_and_wrong(cells: list[object], values: list[float], is_right_or_wrong: bool) -> None:
    frame = pd.DataFrame({"arm": ["a", "a"], "example": ["x", "y"], "m": cells})
    table = understand_examples(grid_of_frame(frame), metric="m")
    assert [*table.arms["a"][ONE_MODEL].values()] == values
    assert table.is_right_or_wrong == is_right_or_wrong


@pytest.mark.parametrize("values", [[1.0, np.nan], [True, np.nan], ["yes", None], [1, None]])
def test_what_could_not_be_scored_is_missing(values: list[object]) -> None:
    frame = pd.DataFrame({"arm": ["a", "a"], "example": [3.0, np.nan], "m": pd.Series(values, dtype=object)})
    frame["example"] = [3.0, 4.0]
    table = understand_examples(grid_of_frame(frame), metric="m")
    assert table.arms["a"][ONE_MODEL] == {"3": 1.0}
    assert table.n_missing == 1


def test_percent_is_a_fraction(tmp_path: Path) -> None:
    table = understood(tmp_path, "arm,example,f1\na,x,95.1\na,y,20\n", metric="f1", unit="percent")
    assert table.arms["a"][ONE_MODEL] == {"x": 0.951, "y": 0.2}
    assert table.in_unit(0.5) == 0.005


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    text = (
        "model,q,passage,correct\n"
        "base,q1,a,1\n"
        "base,q1,a,0\n"
        ",q2,a,1\n"
        "base,,a,1\n"
        "base,q3,,1\n"
        "base,q4,b,perhaps\n"
        "new,q1,b,1\n"
        "new,q4,b,inf\n"
    )
    assert problems(tmp_path, text, metric="correct", arm="model", key="q", group="passage") == (
        "column 'q', line 3: example 'q1' a second time in arm 'base' (the first: line 2)",
        "column 'model', line 4: an arm without a name",
        "column 'q', line 5: a row without an example",
        "column 'passage', line 6: a row without a group",
        "column 'correct', line 7: 'perhaps' is no number",
        "column 'passage', line 8: example 'q1' of group 'b', and of 'a' in line 2",
        "column 'correct', line 9: inf is no value of an example",
    )


def test_a_row_of_a_wide_table_is_wrong_once(tmp_path: Path) -> None:
    text = "example,text,base,new\nq1,a,1,0\nq1,a,1,1\nq2,,0,0\n"
    assert problems(tmp_path, text, metric="correct", group="text") == (
        "column 'example', line 3: example 'q1' a second time in all arms (the first: line 2)",
        "column 'text', line 4: a row without a group",
    )


def test_an_example_stands_once_for_each_seed(tmp_path: Path) -> None:
    text = "arm,example,run,m\na,x,0,1\na,x,1,0\na,x,1,1\na,x,,1\n"
    assert problems(tmp_path, text, metric="m", seed="run") == (
        "column 'example', line 4: example 'x' a second time in arm 'a', run 1 (the first: line 3)",
        "column 'run', line 5: a row without a seed",
    )
    table = understood(tmp_path, text.removesuffix("a,x,1,1\na,x,,1\n"), metric="m", seed="run")
    assert table.arms["a"] == {"0": {"x": 1.0}, "1": {"x": 0.0}}


def test_values_that_the_metric_cannot_have_are_one_sentence(tmp_path: Path) -> None:
    text = "arm,example,accuracy\na,x,95\na,y,80\na,z,0.5\n"
    assert problems(tmp_path, text, metric="accuracy", bounds=(0.0, 1.0)) == (
        "column 'accuracy', line 2: 95 and 1 more out of the range of the metric, 0 to 1: rescale them, or say "
        "--unit percent",
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"metric": "m", "arm": "model"}, ("there is no column 'model'; there are arm, example, m",)),
        ({"metric": "m", "seed": "run", "group": "text"}, ("no column 'text'", "no column 'run'")),
        ({"metric": "m", "group": "example"}, ("column 'example' is named for two things",)),
        ({"metric": "m", "arm": "arm", "wide": True}, ("every arm is a column",)),
        ({"metric": "m", "key": "arm", "wide": True}, ("there are 2 columns 'm'",)),
    ],
)
def test_columns_that_do_not_fit_are_named(asked: dict[str, object], said: tuple[str, ...], tmp_path: Path) -> None:
    twice = asked.get("key") == "arm"
    text = "arm,m,m\na,1,0\n" if twice else "arm,example,m\na,x,1\n"
    found = problems(tmp_path, text, **asked)
    assert len(found) == len(said)
    assert all(part in whole for part, whole in zip(said, found, strict=True))


def test_which_column_names_the_examples_is_asked(tmp_path: Path) -> None:
    assert problems(tmp_path, "arm,q,m\na,x,1\n", metric="m") == (
        "which column names the examples? --key is one of arm, q, m",
    )
