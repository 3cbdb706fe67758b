"""`ablate analyse --per-example` through the real command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar

import ablate.operations.per_example as operation
from ablate.verdicts.verdict import Word
from tests.cli.conftest import Ablate
from tests.json_schema import validated
from tests.reporting.wording import forbidden

EVAL = Path(__file__).parents[1] / "data" / "tables" / "reading_eval.csv"
ASKED = ["--per-example", "--arm", "model", "--key", "question", "--metric", "correct", "--margin", "0.05"]
FRAME = pd.read_csv(EVAL)
WIDE = FRAME.pivot(index=["question", "passage"], columns="model", values="correct").reset_index()
WITHOUT_MARGIN = ASKED[: ASKED.index("--margin")] + ASKED[ASKED.index("--margin") + 2 :]


def test_right_and_wrong_of_an_evaluation(ablate: Ablate) -> None:
    said = ablate("analyse", str(EVAL), *ASKED)
    both = WIDE.dropna(subset=["tuned-7b"])
    counts = pd.crosstab(both["tuned-7b"], both["base-7b"])
    only_it, only_base = counts.loc[True, False], counts.loc[False, True]
    assert said.code == 0
    assert f"only it is right on {only_it}, only the baseline on {only_base}" in said.out
    assert "`tuned-7b` is **BETTER** than the baseline: +12.0 pp correct (95% CI " in said.out
    assert "Holm McNemar's exact p=.004" in said.out
    assert "over new examples like these, for these trained models; it does not cover models that are" in said.out
    assert "1 of 100 examples has no value in both tuned-7b-4bit and base-7b" in said.out
    assert "is left out there: q017." in said.out
    assert said.err.startswith("Read as CSV, example by example: 3 arms by model (base-7b, tuned-7b, tuned-7b-4bit), ")
    assert forbidden(said.out) == []


def test_groups_are_clustered_and_that_is_said(ablate: Ablate) -> None:
    said = ablate("analyse", str(EVAL), *ASKED, "--group", "passage")
    assert "Examples of one passage count together: standard errors are clustered, and McNemar's test, " in said.out
    assert "24 groups" in said.out
    assert forbidden(said.out) == []
    rows = validated(ablate("analyse", str(EVAL), *ASKED, "--group", "passage", "--json").out)["rows"]
    for row in rows:
        both = WIDE.dropna(subset=[row["verdict"]["arm"]])
        differences = both[row["verdict"]["arm"]].astype(int) - both["base-7b"].astype(int)
        fit = OLS(differences.to_numpy(float), np.ones(len(both))).fit(
            cov_type="cluster", cov_kwds={"groups": both["passage"].astype("category").cat.codes}, use_t=True
        )
        assert (row["se"], row["verdict"]["p_diff"]) == pytest.approx((fit.bse[0], fit.pvalues[0]))
        assert (row["p_mcnemar"], row["n_groups"]) == (None, 24)


def test_few_groups_are_a_warning(ablate: Ablate, folder: Path) -> None:
    FRAME[FRAME["passage"] < "e"].to_csv(folder / "few.csv", index=False)
    said = ablate("analyse", "few.csv", *ASKED, "--group", "passage")
    assert "With fewer than about 20 groups a clustered standard error is too small still, and there are 4" in said.out


def test_one_column_an_arm_says_the_same(ablate: Ablate, folder: Path) -> None:
    WIDE.to_csv(folder / "wide.csv", index=False)
    wide = ["--per-example", "--key", "question", "--metric", "correct", "--margin", "0.05", "--group", "passage"]
    long = validated(ablate("analyse", str(EVAL), *ASKED, "--group", "passage", "--json").out)
    found = validated(ablate("analyse", "wide.csv", *wide, "--json").out)
    assert [row["verdict"]["diff"] for row in found["rows"]] == [row["verdict"]["diff"] for row in long["rows"]]
    assert [row["se"] for row in found["rows"]] == pytest.approx([row["se"] for row in long["rows"]])
    assert found["table"]["arm"] == "column"


def test_several_trained_models_an_arm_are_judged_over_both(ablate: Ablate, folder: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        (arm, seed, example, int(rng.random() < share))
        for arm, share, seeds in (("base", 0.4, range(4)), ("new", 0.8, range(1, 5)))
        for seed in seeds
        for example in range(150)
    ]
    pd.DataFrame(rows, columns=["arm", "run", "example", "right"]).to_csv(folder / "t.csv", index=False)
    said = ablate("analyse", "t.csv", "--per-example", "--seed", "run", "--metric", "right", "--margin", "0.1")
    assert "is **BETTER** than the baseline by more than the margin of 10 pp" in said.out
    assert "150 examples; 3 seeds" in said.out
    assert "over new seeds and over new examples like these." in said.out
    assert "new is compared on the seeds that it shares with base, without 0, 4." in said.out
    one = [row for row in rows if (row[0], row[1]) in (("base", 0), ("new", 4))]
    pd.DataFrame(one, columns=["arm", "run", "example", "right"]).to_csv(folder / "one.csv", index=False)
    said = ablate("analyse", "one.csv", "--per-example", "--seed", "run", "--metric", "right")
    assert "McNemar's exact p<.001" in said.out
    assert "for these trained models" in said.out


def test_scores_are_judged_by_a_paired_t_or_by_signs(ablate: Ablate, folder: Path) -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(20, 5, 60)
    frame = pd.DataFrame({"id": range(60), "base": base, "new": base + 0.4 + rng.normal(0, 3, 60)})
    frame.to_csv(folder / "bleu.csv", index=False)
    asked = ["analyse", "bleu.csv", "--per-example", "--key", "id", "--metric", "BLEU", "--direction", "max"]
    said = ablate(*asked, "--margin", "0.5")
    assert "`new` is **INCONCLUSIVE**" in said.out
    assert "more examples like these give 80% power for 0.5 (normal approximation)" in said.out
    ahead = int((frame["new"] > frame["base"]).sum())
    assert f"ahead on {ahead}" in said.out
    assert "no margin is stated, so `equivalent` cannot be said, nor how many more" in ablate(*asked).out
    signs = ablate(*asked, "--test", "sign")
    assert "sign test p" in signs.out
    assert "normal approximation" not in signs.out
    assert forbidden(said.out + signs.out) == []


def test_a_folder_of_text_tables_and_a_figure(ablate: Ablate, folder: Path) -> None:
    said = ablate("analyse", str(EVAL), *ASKED, "--out", "verdicts")
    assert said.out.strip() == str(Path("verdicts") / "verdicts.md")
    assert {path.name for path in (folder / "verdicts").iterdir()} == {
        "forest.png", "verdicts.csv", "verdicts.md", "verdicts.tex",
    }  # fmt: skip
    table = pd.read_csv(folder / "verdicts" / "verdicts.csv")
    assert [*table["n"]] == [100, 99]
    assert "p_mcnemar" in table
    assert ablate("analyse", str(EVAL), *ASKED, "--format", "latex").out.startswith(r"\begin{tabular}")


def test_from_python_it_is_two_calls(tmp_path: Path) -> None:
    table = operation.read_examples(FRAME, metric="correct", arm="model", key="question")
    judged = operation.judge_examples(table, baseline="tuned-7b", margin=0.1)
    assert [row.verdict.arm for row in judged.rows] == ["base-7b", "tuned-7b-4bit"]
    assert judged.rows[0].verdict.word is Word.WORSE
    both = FRAME.pivot(index="question", columns="model", values="correct")
    oracle = mcnemar(pd.crosstab(both["base-7b"], both["tuned-7b"]), exact=True)
    assert judged.rows[0].p_mcnemar == pytest.approx(oracle.pvalue)
    assert operation.write_examples(judged, tmp_path).read_text().count("Read as a frame of pandas") == 1


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([*ASKED[:-2], "--margin", "10%"], "the margin 10% is relative; on the raw scale it must be in"),
        ([*ASKED[:-2], "--margin", "-1"], "a margin must be positive and finite"),
        ([*ASKED, "--baseline", "tuned"], "no arm is named 'tuned'; there are base-7b, tuned-7b, tuned-7b-4bit"),
        ([*ASKED, "--alpha", "1e-17"], "alpha is from 1e-9 to below 0.5"),
        ([*ASKED, "--alpha", "2"], "alpha is from 1e-9 to below 0.5"),
        ([*ASKED, "--group", "topic"], "there is no column 'topic'"),
        ([*ASKED, "--test", "sign"], "a margin has no part in it"),
        ([*WITHOUT_MARGIN, "--test", "sign", "--group", "passage"], "it knows no groups and no seeds"),
        ([*ASKED, "--scale", "raw", "--worst", "0"], "--scale and --worst goes without --per-example"),
        ([*ASKED, "--missing", "diverged"], "--missing goes without --per-example"),
        (["--metric", "correct", "--group", "passage"], "--group goes with --per-example"),
        (["--per-example", "--arm", "model", "--metric", "correct"], "which column names the examples? --key is one"),
        (["--per-example", "--arm", "passage", "--key", "question", "--metric", "correct"], "a second time in arm"),
    ],
)
def test_what_does_not_fit_is_refused(words: list[str], problem: str, ablate: Ablate) -> None:
    said = ablate("analyse", str(EVAL), *words)
    assert (said.code, said.out) == (2, "")
    assert problem in said.err


def test_arms_without_anything_in_common_are_named(ablate: Ablate, folder: Path) -> None:
    (folder / "t.csv").write_text("arm,example,m\na,x,1\na,y,0\nb,z,1\nc,y,1\n")
    said = ablate("analyse", "t.csv", "--per-example", "--metric", "m")
    assert "column 'example': arm 'b' has no example in common with 'a'" in said.err
    (folder / "s.csv").write_text("arm,example,run,m\na,x,0,1\na,x,1,1\nb,x,2,1\nb,x,3,1\n")
    said = ablate("analyse", "s.csv", "--per-example", "--seed", "run", "--metric", "m")
    assert "column 'run': arm 'b' has no seed in common with 'a'" in said.err
    (folder / "o.csv").write_text("arm,example,m\na,x,0.5\na,y,0.1\nb,x,1\nb,y,0\n")
    assert "say with direction" in ablate("analyse", "o.csv", "--per-example", "--metric", "m").err
    (folder / "l.csv").write_text("arm,example,m\na,x,0.5\n")
    assert "there is one arm only" in ablate("analyse", "l.csv", "--per-example", "--metric", "m").err
