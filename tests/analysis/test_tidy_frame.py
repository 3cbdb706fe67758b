import io

import numpy as np
import pandas as pd
import pytest

from ablate.analysis.tidy_frame import TableProblem, arms_from_frame, verdicts_from_frame
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
        (table().drop(columns="seed"), {}, r"no column 'seed'; there are arm, accuracy"),
        (table()[:0], {}, "no rows"),
        (table([*ROWS, ("sgd", 1, 0.9)]), {}, "row 7: a second row for arm 'sgd', seed 1"),
        (table([*ROWS, ("sgd", "x", 0.9)]), {}, "column 'seed', row 7: 'x' is no whole number"),
        (table([*ROWS, ("sgd", 1.5, 0.9)]), {}, "column 'seed', row 7: 1.5 is no whole number"),
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
