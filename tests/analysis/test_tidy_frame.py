import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ablate.analysis.tidy_frame import TableProblem, arms_from_frame, table_of, verdicts_from_frame, verdicts_from_table
from ablate.verdicts.verdict import Flag, Scale, Word

ROWS = [("sgd", 0, 0.90), ("sgd", 1, 0.91), ("sgd", 2, 0.89), ("adam", 2, 0.94), ("adam", 0, 0.95), ("adam", 1, 0.955)]


def table(rows: list[tuple] = ROWS, **columns: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["arm", "seed", "accuracy"]).assign(**columns)


def judged(frame: pd.DataFrame, **more: object):
    return verdicts_from_frame(frame, **{"metric": "accuracy", "baseline": "sgd", "direction": "max", **more})


def test_anybodys_table() -> None:
    (verdict,) = judged(table(), margin=0.01)
    assert (verdict.subject, verdict.word, verdict.n) == ("adam", Word.BETTER, 3)
    assert verdict.differences == pytest.approx({0: 0.05, 1: 0.045, 2: 0.05})


def test_other_columns_and_a_metric_of_ones_own() -> None:
    frame = table().rename(columns={"arm": "method", "seed": "trial", "accuracy": "regret"})
    (verdict,) = verdicts_from_frame(
        frame, metric="regret", baseline="sgd", arm="method", seed="trial", direction="min", margin="5%"
    )
    assert (verdict.metric.name, verdict.word, verdict.scale) == ("regret", Word.WORSE, Scale.LOG_ERROR)


def test_a_score_between_nought_and_one_leaves_an_error() -> None:
    (verdict,) = judged(table().rename(columns={"accuracy": "auc"}), metric="auc", margin="10%")
    assert verdict.diff == pytest.approx(np.mean(np.log([0.05 / 0.1, 0.045 / 0.09, 0.06 / 0.11])))


def test_a_known_metric_knows_its_direction() -> None:
    frame = table().rename(columns={"accuracy": "val_loss"})
    assert verdicts_from_frame(frame, metric="val_loss", baseline="sgd")[0].word is Word.WORSE


def test_text_as_a_csv_file_has_it() -> None:
    text = "arm,seed,accuracy\nsgd,0,.9\nsgd,1,.91\nsgd,2,.89\nadam,0,\nadam,1,nan\nadam,2,inf\nadam,3,0.95\n"
    frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    arm = arms_from_frame(frame, metric="accuracy")["adam"]
    assert arm.finite == {3: 0.95}
    assert arm.diverged_seeds == {1, 2}
    assert arm.planned_seeds == {0, 1, 2, 3}
    (verdict,) = judged(frame)
    assert {Flag.INCOMPLETE, Flag.DIVERGED, Flag.UNEQUAL_SEEDS} <= set(verdict.flags)


def test_a_status_says_why_there_is_no_value() -> None:
    status = ["completed"] * 3 + ["failed", "diverged", "missing"]
    arm = arms_from_frame(table(status=status), metric="accuracy", status="status")["adam"]
    assert (arm.finite, arm.diverged_seeds, set(arm.failed)) == ({}, {0}, {2})


@pytest.mark.parametrize(
    ("frame", "more", "message"),
    [
        (table()[:0], {}, "no rows"),
        (table([*ROWS, ("sgd", 1, 0.9)]), {}, "row 7: a second row for arm 'sgd', seed 1"),
        (table([*ROWS, ("sgd", None, 0.9)]), {}, "column 'seed', row 7: a row without a key"),
        (table([*ROWS, ("sgd", 3, "good")]), {}, "column 'accuracy', row 7: 'good' is no number"),
        (table([*ROWS, (None, 3, 0.9)]), {}, "row 7: an arm without a name"),
        (table(), {"baseline": "lion"}, "'lion'; there are sgd, adam"),
        (table(), {"direction": "up"}, "min or max, not 'up'"),
        (table().rename(columns={"accuracy": "score"}), {"metric": "score", "direction": None}, "say with direction"),
        (table(), {"margin": "ten"}, "a number or a percentage"),
        (table([("sgd", 0, 12.0), ("adam", 0, 13.0)]).rename(columns={"accuracy": "score"}),
         {"metric": "score", "margin": "10%"}, "no error"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_and_where(frame: pd.DataFrame, more: dict, message: str) -> None:
    with pytest.raises(TableProblem, match=message):
        judged(frame, **more)


def test_a_table_cannot_tell_that_runs_are_the_same() -> None:
    equal = table([(arm, seed, 0.97) for arm in ("adam", "sgd") for seed in range(5)])
    (verdict,) = judged(equal)
    assert verdict.word is Word.NO_DIFFERENCE_SEEN


def test_one_arm_is_no_question() -> None:
    assert judged(table(ROWS[:3])) == ()


PERCENT = table([(arm, seed, round(100 * value, 1)) for arm, seed, value in ROWS])


def test_percent_is_not_a_fraction() -> None:
    """95 in a column called accuracy would be +9400 points of a share."""
    with pytest.raises(
        TableProblem, match=r"row 1: 90.0 and 5 more out of the range .* 0 to 1: .*divide by 100.*--unit"
    ):
        judged(PERCENT)


def test_a_table_in_percent_gives_the_verdict_of_its_fractions() -> None:
    """A margin is in the unit of the table, so that 1 is a point."""
    as_fractions = verdicts_from_table(table_of(table(), metric="accuracy"), baseline="sgd", margin=0.01)
    signed = PERCENT.assign(accuracy=[f"{value} %" for value in PERCENT["accuracy"]])
    for frame, unit in ((PERCENT, "percent"), (signed, None)):
        read = table_of(frame, metric="accuracy", unit=unit)
        assert read.unit == "percent"
        assert verdicts_from_table(read, baseline="sgd", margin="1") == as_fractions
        relative = verdicts_from_table(read, baseline="sgd", margin="10%")
        assert relative == verdicts_from_table(table_of(table(), metric="accuracy"), baseline="sgd", margin="10%")


def test_values_that_a_metric_cannot_have_are_refused() -> None:
    frame = table().rename(columns={"accuracy": "val_loss"}).assign(val_loss=[1, 2, -0.1, 3, 4, 5])
    with pytest.raises(
        TableProblem, match=r"row 3: -0.1 out of the range of the metric, 0 to inf: rescale.*name of its own"
    ):
        table_of(frame, metric="val_loss")
    assert table_of(table([("a", 0, 1 + 1e-15)]), metric="accuracy").arms["a"].finite == {0: 1 + 1e-15}


NEARLY_CONSTANT = [
    (arm, seed, mean + 1e-7 * seed**2 * (arm == "sgd"))
    for arm, mean in (("sgd", 0.5), ("adam", 0.75))
    for seed in range(4)
]


@pytest.mark.parametrize("name", ["accuracy", "solved"])
def test_examples_give_every_share_its_resolution(name: str) -> None:
    """Of differences that are nearly equal the spread is that of rounding to 1/N, 1/N/√12."""
    frame = table(NEARLY_CONSTANT)
    frame = frame.rename(columns={"accuracy": name})
    asked = {"metric": name, "margin": 0.1}
    (exact,), (coarse,) = judged(frame, **asked), judged(frame, **asked, n_examples=8)
    assert coarse.metric.step(8) == 1 / 8
    half = stats.t.ppf(0.975, 3) * (1 / 8 / 12**0.5) / 4**0.5
    assert (coarse.ci_low, coarse.ci_high) == pytest.approx((0.25 - half, 0.25 + half), abs=1e-5)
    assert exact.ci_high - exact.ci_low < 1e-4


def test_a_share_that_counts_nothing_has_a_resolution_too() -> None:
    frame = table(NEARLY_CONSTANT)
    frame = frame.rename(columns={"accuracy": "test_macro_f1"})
    (exact,), (coarse,) = (judged(frame, metric="test_macro_f1", n_examples=n) for n in (None, 8))
    assert not coarse.metric.counts_examples
    assert coarse.ci_high - coarse.ci_low > exact.ci_high - exact.ci_low


@pytest.mark.parametrize("n_examples", [0, -5])
def test_no_examples_are_refused(n_examples: int) -> None:
    with pytest.raises(TableProblem, match=f"one example or more, not on {n_examples}"):
        judged(table(), n_examples=n_examples)


def test_missing_may_count_as_diverged() -> None:
    frame = table([*ROWS, ("adam", 3, None)]).astype({"accuracy": object})
    frame.loc[6, "accuracy"] = None
    read = {missing: table_of(frame, metric="accuracy", missing=missing) for missing in ("missing", "diverged")}
    assert [(each.n_missing, each.arms["adam"].diverged_seeds) for each in read.values()] == [(1, set()), (1, {3})]
    assert read["missing"].understood.endswith("1 missing.")
    assert read["diverged"].understood.endswith("1 missing (counted as diverged).")


LOST = [("sgd", 0, 1.90), ("sgd", 1, 1.91), ("sgd", 2, 1.89), ("sgd", 3, 1.90),
        ("adam", 0, 2.95), ("adam", 1, 2.94), ("adam", 2, 2.96), ("adam", 3, float("nan"))]  # fmt: skip


def scores(rows: list[tuple] = LOST) -> pd.DataFrame:
    return table(rows).rename(columns={"accuracy": "score"})


def test_a_column_with_diverged_runs_needs_a_worst_value() -> None:
    (verdict,) = judged(scores(), metric="score")
    assert verdict.word is Word.INCONCLUSIVE
    assert verdict.qualifier.startswith("not judged: say the worst value (`--worst`)")
    (counted,) = judged(scores(), metric="score", worst=0)
    assert counted.qualifier == "better when it trains; diverged 1/4"
    assert (counted.wins, counted.losses) == (3, 1)
    # The bound of a metric that is known stands without being stated; a column that only looks like a share has none.
    shares = [(arm, seed, value - 1.89 if arm == "sgd" else value - 2.0) for arm, seed, value in LOST]
    assert judged(table(shares))[0].qualifier == counted.qualifier
    assert judged(scores(shares), metric="score")[0].qualifier == verdict.qualifier


def test_a_table_without_diverged_runs_is_judged_as_before() -> None:
    assert judged(table(), worst=0.0) == judged(table())


@pytest.mark.parametrize(
    ("worst", "direction", "message"),
    [
        (1.95, "max", "no better than any in column 'score': 1.89 is in it"),
        (2.0, "min", "no better than any in column 'score': 2.96 is in it"),
        (float("nan"), "max", "a number that 'score' can have, not nan"),
        (float("inf"), "min", "a number that 'score' can have, not inf"),
    ],
)
def test_a_worst_value_that_is_none_is_refused(worst: float, direction: str, message: str) -> None:
    with pytest.raises(TableProblem, match=message):
        judged(scores(), metric="score", direction=direction, worst=worst)


def test_a_worst_value_lies_in_the_range_of_the_metric() -> None:
    with pytest.raises(TableProblem, match="a number that 'accuracy' can have, not -1"):
        judged(table(), worst=-1.0)


# without pairs ---------------------------------------------------------------------------------------


def test_rows_without_a_key_are_independent_samples() -> None:
    (verdict,) = judged(table().drop(columns="seed"), margin=0.01)
    arms = {name: [value for arm, _, value in ROWS if arm == name] for name in ("sgd", "adam")}
    welch = stats.ttest_ind(arms["adam"], arms["sgd"], equal_var=False)
    assert (verdict.p_diff, verdict.sizes) == (pytest.approx(welch.pvalue), (3, 3))
    assert (verdict.ci_low, verdict.ci_high) == pytest.approx(tuple(welch.confidence_interval()))
    assert Flag.UNPAIRED in verdict.flags


def test_arms_with_other_seeds_are_independent_samples_and_equal_ones_where_it_is_said() -> None:
    other = table([(arm, seed + 10 * (arm == "adam"), value) for arm, seed, value in ROWS])
    (by_itself,) = judged(other)
    (said,) = verdicts_from_frame(table(), metric="accuracy", baseline="sgd", direction="max", unpaired=True)
    assert replace(by_itself, n_planned=0) == replace(said, n_planned=0)
    assert said.sizes is not None


def test_where_some_seeds_are_shared_these_are_the_pairs() -> None:
    frame = table([*ROWS, ("sgd", 7, 0.1), ("adam", 8, 0.99)])
    (verdict,) = judged(frame)
    assert (verdict.n, verdict.sizes) == (3, None)
    assert verdict.diff == judged(table())[0].diff
    assert table_of(frame, metric="accuracy").understood.count("3 of 5 in every arm, not 7, 8") == 1
