"""`ablate analyse`: verdicts on a table that was made elsewhere, through the real command line."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import Ablate
from tests.json_schema import validated
from tests.reporting.wording import forbidden

ROWS = [
    ("sgd", 0, 0.900), ("sgd", 1, 0.910), ("sgd", 2, 0.890), ("sgd", 3, 0.905),
    ("adam", 2, 0.940), ("adam", 0, 0.950), ("adam", 1, 0.955), ("adam", 3, 0.951),
]  # fmt: skip
ASKED = ["--metric", "accuracy", "--direction", "max", "--margin", "0.01"]


def write(folder: Path, name: str = "table.csv", rows: list[tuple] = ROWS, **renamed: str) -> str:
    frame = pd.DataFrame(rows, columns=["arm", "seed", "accuracy"]).rename(columns=renamed)
    match Path(name).suffix:
        case ".parquet":
            frame.to_parquet(folder / name)
        case ".tsv":
            frame.to_csv(folder / name, sep="\t", index=False)
        case _:
            frame.to_csv(folder / name, index=False)
    return name


@pytest.mark.parametrize("name", ["table.csv", "table.tsv", "table.parquet"])
def test_any_kind_of_table_gives_the_same_text(name: str, ablate: Ablate, folder: Path) -> None:
    said = ablate("analyse", write(folder, name), *ASKED)
    assert said.code == 0
    assert said.out == ablate("analyse", write(folder, "other.csv"), *ASKED).out
    assert "The baseline is `sgd`" in said.out
    assert "`adam` is **BETTER** than the baseline by more than the margin of 1 pp: +4.7" in said.out
    assert "4 seeds, 4/4 wins; 48% fewer errors)." in said.out
    assert forbidden(said.out) == []


def test_columns_baseline_and_direction_are_ones_own(ablate: Ablate, folder: Path) -> None:
    table = write(folder, arm="method", seed="trial", accuracy="regret")
    columns = ["--arm", "method", "--seed", "trial", "--metric", "regret"]
    said = ablate("analyse", table, *columns, "--direction", "min", "--baseline", "adam", "--margin", "2%")
    assert "The baseline is `adam`" in said.out
    assert "`sgd` is **BETTER** than the baseline by more than the margin of 2%: regret × 0.949" in said.out


def test_an_empty_cell_is_missing_and_nan_has_diverged(ablate: Ablate, folder: Path) -> None:
    (folder / "t.csv").write_text(
        "arm,seed,accuracy\nsgd,0,.9\nsgd,1,.91\nsgd,2,.89\nsgd,3,.9\nadam,0,.95\nadam,1,\nadam,2,NaN\nadam,3,.95\n"
    )
    said = ablate("analyse", "t.csv", *ASKED, "--format", "json")
    analysis = validated(said.out)
    (row,) = analysis["verdicts"]
    assert (analysis["table"]["n_missing"], analysis["table"]["n_diverged"]) == (1, 1)
    assert "1 missing, 1 diverged." in said.err
    assert (row["n"], row["n_diverged"], row["verdict"]) == (2, 1, "inconclusive")
    assert {"incomplete", "diverged"} <= set(row["flags"])


def test_a_worst_value_stands_for_runs_that_diverged(ablate: Ablate, folder: Path) -> None:
    rows = ["sgd,0,1.50", "sgd,1,1.60", "sgd,2,1.40", "sgd,3,1.55", "sgd,4,1.45"]
    rows += ["adam,0,2.50", "adam,1,2.61", "adam,2,2.42", "adam,3,2.54", "adam,4,nan"]
    (folder / "t.csv").write_text("\n".join(["arm,seed,score", *rows]))
    asked = ["--metric", "score", "--direction", "max"]
    unknown = ablate("analyse", "t.csv", *asked)
    assert "`adam` is **INCONCLUSIVE** (not judged: say the worst value (`--worst`), or `sweep.worst` of" in unknown.out
    stated = ablate("analyse", "t.csv", *asked, "--worst", "-99")
    assert "(better when it trains; diverged 1/5)" in stated.out
    assert "4 seeds, 4/5 wins with diverged runs counted" in stated.out
    assert forbidden(unknown.out + stated.out) == []
    refused = ablate("analyse", "t.csv", *asked, "--worst", "3")
    assert refused.code == 2
    assert "the worst value is no better than any in column 'score': 1.4 is in it" in refused.err


def test_a_status_column_says_why_there_is_no_value(ablate: Ablate, folder: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=["arm", "seed", "accuracy"])
    frame["status"] = ["completed"] * 4 + ["failed", "completed", "completed", "diverged"]
    frame.to_csv(folder / "t.csv", index=False)
    (row,) = validated(ablate("analyse", "t.csv", *ASKED, "--status", "status", "--format", "json").out)["verdicts"]
    assert (row["n"], row["n_diverged"]) == (2, 1)
    assert "crashed_dropped" in row["flags"]


def test_a_null_and_an_empty_cell_are_one_and_a_nan_is_another(ablate: Ablate, folder: Path) -> None:
    """The same table as text and as Parquet, by hand: pandas would write NaN as a null."""
    values = [0.9, 0.91, 0.89, 0.9, 0.95, None, float("nan"), 0.95, float("inf")]
    arms, seeds = ["sgd"] * 4 + ["adam"] * 5, [0, 1, 2, 3, 0, 1, 2, 3, 4]
    pq.write_table(pa.table({"arm": arms, "seed": seeds, "accuracy": values}), folder / "t.parquet")
    written = ["" if value is None else repr(value) for value in values]
    lines = [f"{arm},{seed},{value}" for arm, seed, value in zip(arms, seeds, written, strict=True)]
    (folder / "t.csv").write_text("\n".join(["arm,seed,accuracy", *lines]))
    said = {}
    for missing in ("missing", "diverged"):
        for name in ("t.csv", "t.parquet"):
            ran = ablate("analyse", name, *ASKED, "--missing", missing, "--json")
            said[missing, name] = validated(ran.out)["verdicts"]
            assert "1 missing" in ran.err
        assert said[missing, "t.csv"] == said[missing, "t.parquet"]
    assert [said[missing, "t.csv"][0]["n_diverged"] for missing in ("missing", "diverged")] == [2, 3]


def test_latex_is_a_table(ablate: Ablate, folder: Path) -> None:
    out = ablate("analyse", write(folder), *ASKED, "--format", "latex").out
    assert out.startswith(r"\begin{tabular}")
    assert "adam" in out


def test_level_and_adjustment_are_ones_own(ablate: Ablate, folder: Path) -> None:
    table = write(folder, rows=[*ROWS, *(("lion", seed, 0.9 + 0.01 * seed) for seed in range(4))])
    said = ablate("analyse", table, *ASKED, "--alpha", "0.001", "--multiplicity", "joint")
    assert "99.9% CI" in said.out
    assert "Bonferroni p" in said.out
    assert "at most 0.1%" in said.out


def test_a_folder_of_text_tables_and_a_figure(ablate: Ablate, folder: Path) -> None:
    said = ablate("analyse", write(folder), *ASKED, "--out", "verdicts")
    assert said.out.strip() == str(Path("verdicts") / "verdicts.md")
    assert sorted(path.name for path in (folder / "verdicts").iterdir()) == [
        "forest.png", "verdicts.csv", "verdicts.md", "verdicts.tex",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("out", "problem"),
    [
        ("", "argument --out: the folder is empty, as a variable that is not set; the current folder is ."),
        ("table.csv", "argument --out: the folder is table.csv, which is no folder"),
        ("table.csv/verdicts", "and table.csv is no folder"),
    ],
)
def test_where_no_folder_can_be_is_said_before_anything_is_read(
    out: str, problem: str, ablate: Ablate, folder: Path
) -> None:
    write(folder)
    before = sorted(folder.iterdir())
    for words in (
        ("analyse", "table.csv", *ASKED),
        ("export", "3fa9", "--format", "keras"),
        ("predict", "3fa9", "a.png"),
    ):
        said = ablate(*words, "--out", out)
        assert said.code == 2
        assert problem in said.err
    assert sorted(folder.iterdir()) == before


def test_several_metrics_the_first_of_which_decides(ablate: Ablate, folder: Path) -> None:
    frame = pd.DataFrame(ROWS, columns=["arm", "task", "accuracy"])
    frame["loss"] = [1.0, 1.1, 0.9, 1.0, 0.79, 0.9, 1.0, 0.91]
    frame.to_csv(folder / "t.csv", index=False)
    asked = ["--metric", "accuracy", "--metric", "loss", "--direction", "max", "--direction", "loss=min"]
    asked += ["--margin", "0.01", "--margin", "loss=5%"]
    said = ablate("analyse", "t.csv", *asked)
    assert said.code == 0
    assert "`adam` is **BETTER** than the baseline by more than the margin of 1 pp" in said.out
    assert "`adam` is **BETTER** than the baseline by more than the margin of 5%: loss ×" in said.out
    assert "4 tasks, 4/4 wins" in said.out
    assert "values of accuracy, values of loss." in said.err
    assert forbidden(said.out) == []
    analysis = validated(ablate("analyse", "t.csv", *asked, "--json").out)
    assert [row["metric"] for row in analysis["verdicts"]] == ["accuracy"]
    assert [(each["table"]["metric"], each["verdicts"][0]["verdict"]) for each in analysis["others"]] == [
        ("loss", "better")
    ]
    with_commas = ["--metric", "accuracy,loss", *asked[4:]]
    assert ablate("analyse", "t.csv", *with_commas).out == said.out


def test_folds_have_words_with_their_ratio_alone(ablate: Ablate, folder: Path) -> None:
    table = write(folder, seed="fold")
    unsaid = ablate("analyse", table, *ASKED)
    assert "`adam` (exploratory, no verdict)" in unsaid.out
    assert "say with --folds the ratio of test to training examples" in unsaid.out
    said = ablate("analyse", table, *ASKED, "--folds", "1:3")
    assert "`adam` is **BETTER**" in said.out
    assert "corrected for overlapping splits (Nadeau and Bengio 2003)" in said.out
    assert "more splits do not take away, for they add no data" in said.out
    assert "at most 5%, about, over other splits of the same data;" in said.out
    assert forbidden(unsaid.out + said.out) == []


@pytest.mark.parametrize(
    ("table", "words", "problem"),
    [
        ("", [], "Which table?"),
        ("gone.csv", ASKED, "gone.csv: it cannot be read: no such file or directory"),
        ("table.doc", ASKED, "table.doc: no table that is read here; .csv, .tsv, "),
        ("table.csv", ["--direction", "max"], "Which metric? --metric is one of arm, seed, accuracy"),
        ("table.csv", [*ASKED, "--arm", "method"], "there is no column 'method'; there are arm, seed, accuracy"),
        ("table.csv", [*ASKED, "--metric", "accurcy"], "there is no column 'accurcy'"),
        ("table.csv", [*ASKED, "--status", "state"], "there is no column 'state'"),
        ("table.csv", [*ASKED, "--baseline", "lion"], "no arm is named 'lion'; there are sgd, adam"),
        ("score.csv", ["--metric", "score"], "say with direction whether it should be min or max"),
        ("table.csv", [*ASKED, "--margin", "much"], "a margin is a number or a percentage such as 10%, not 'much'"),
        ("table.csv", [*ASKED, "--margin", "-1"], "a margin must be positive and finite, not '-1'"),
        ("table.csv", [*ASKED, "--scale", "log_error"], "on the log scale a margin is relative"),
        ("table.csv", [*ASKED, "--alpha", "2"], "alpha is from 1e-9 to below 0.5, not 2"),
        ("table.csv", [*ASKED, "--alpha", "1e-320"], "alpha is from 1e-9 to below 0.5, not 9.99989e-321"),
        ("alone.csv", ASKED, "there is one arm only"),
        ("empty.csv", ASKED, "empty.csv: the file is empty"),
        ("words.csv", ASKED, "words.csv: column 'accuracy', line 2: 'good' is no number"),
        (
            "percent.csv",
            ASKED,
            "line 2: 95.1 and 1 more out of the range of the metric, 0 to 1: rescale them (divide by",
        ),
        ("table.csv", [*ASKED, "--examples", "0"], "one example or more, not on 0"),
        ("table.csv", [*ASKED, "--folds", "x"], "such as 1:9 or 0.25, not 'x'"),
        ("table.csv", [*ASKED, "--worst", "x"], "the worst value is a number, not 'x'"),
        ("table.csv", [*ASKED, "--margin", "loss=1"], "a margin is of accuracy, and not of 'loss'"),
        ("score.csv", ["--metric", "score", "--direction", "min", "--examples", "9"], "no share of examples"),
        ("twice.csv", ASKED, "a second row for arm 'sgd', seed 0"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_in_one_line(
    table: str, words: list[str], problem: str, ablate: Ablate, folder: Path
) -> None:
    write(folder)
    write(folder, "score.csv", accuracy="score")
    write(folder, "alone.csv", ROWS[:4])
    write(folder, "words.csv", [("sgd", 0, "good")])
    write(folder, "percent.csv", [("sgd", 0, 95.1), ("adam", 0, 96.0)])
    write(folder, "twice.csv", [ROWS[0], ROWS[0]])
    (folder / "empty.csv").touch()
    said = ablate("analyse", *([table] if table else []), *words)
    assert said.code == 2
    assert problem in said.err
    assert len(said.err.splitlines()) == 1
    assert "Traceback" not in said.err
    assert said.out == ""
