"""Tables of shapes that nobody wrote for this package, through the command line: what is understood, or refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ablate.cli import main
from tests.json_schema import validated

TABLES = Path(__file__).parents[1] / "data" / "tables"


@dataclass(frozen=True)
class Shape:
    """A table, the words that it takes, the sentence about it, and mean differences by hand; or what is refused."""

    file: str
    words: str
    said: str
    differences: dict[str, float] = field(default_factory=dict)


UNDERSTOOD = [
    Shape(
        "german_excel.csv",
        "--arm Verfahren --key Wiederholung --metric Genauigkeit --direction max",
        "Read as CSV with ;, Latin-1, decimal commas: 2 arms by Verfahren (Grundmodell, größeres Netz), "
        "pairs by Wiederholung (4), values of Genauigkeit.",
        {"größeres Netz": 0.93 - 0.91125},
    ),
    Shape(
        "excel_unicode.txt",
        "--metric val_loss",
        "Read as TSV, UTF-16: 2 arms by arm (Adam, SGD), pairs by seed (3), values of val_loss.",
        {"SGD": (0.043 + 0.033 + 0.042) / 3},
    ),
    Shape(
        "wide.csv",
        "--metric accuracy",
        "Read as CSV: 3 arms by column (SGD, Adam, Lion), pairs by seed (4), values of accuracy, 1 missing.",
        {"Adam": 0.012, "Lion": (0.008 + 0.008 + 0.010) / 3},
    ),
    Shape(
        "leaderboard.csv",
        "--metric accuracy --wide --arm Model",
        "Read as CSV: 3 arms by Model (base-7b, tuned-7b, merged-7b), pairs by column (5), accuracy in percent "
        "(and a margin, where it is a number), without Organisation, which has no numbers.",
        {"tuned-7b": (0.6 + 8.3 + 0.8 + 1.8 + 0.6) / 500, "merged-7b": (-0.6 + 6.2 + 1.2 + 0.5 - 0.1) / 500},
    ),
    Shape(
        "tracker_export.csv",
        "--metric val_accuracy --arm optimizer --status State",
        "Read as CSV: 2 arms by optimizer (sgd, adam), pairs by Name (4), values of val_accuracy, 1 failed.",
        {"adam": (0.022 + 0.033 + 0.018) / 3},
    ),
    Shape(
        "harness.jsonl",
        "--arm model --metric score --direction max",
        "Read as JSON lines: 2 arms by model (small, large), pairs by task (4), values of score, "
        "1 missing, 1 diverged.",
        {"large": (0.06 + 0.02) / 2},
    ),
    Shape(
        "data_sets.csv",
        "--arm classifier --metric AUC --direction max",
        "Read as CSV: 2 arms by classifier (C4.5, C4.5+m), pairs by data set (5), values of AUC.",
        {"C4.5+m": (0.005 - 0.008 + 0.017 + 0.033 + 0.006) / 5},
    ),
    Shape(
        "blanks.csv",
        "--metric accuracy",
        "Read as CSV: 2 arms by arm (adam, sgd), pairs by seed (3), values of accuracy.",
        {"sgd": -(0.010 + 0.013 + 0.008) / 3},
    ),
    Shape(
        "frame_index.csv",
        "--metric val_loss",
        "Read as CSV: 2 arms by arm (a, b), pairs by seed (3), values of val_loss.",
        {"b": -0.11},
    ),
    Shape(
        "percent.csv",
        "--metric accuracy --unit percent",
        "Read as CSV: 2 arms by arm (base, wider), pairs by seed (3), accuracy in percent "
        "(and a margin, where it is a number).",
        {"wider": 0.004},
    ),
    Shape(
        "sep_line.csv",
        "--metric Runtime --direction min --unit seconds",
        "Read as CSV with ;: 2 arms by Arm (lazy, eager), pairs by Seed (3), values of Runtime in seconds.",
        {"eager": (2.0 + 1.9 + 1.7) / 3},
    ),
    Shape(
        "results.json",
        "--metric val_loss",
        "Read as JSON: 2 arms by arm (a, b), pairs by seed (2), values of val_loss.",
        {"b": -0.025},
    ),
    Shape(
        "r.csv",
        "--metric rmse --direction min",
        "Read as CSV with |: 2 arms by arm (lm, gam), pairs by seed (3), values of rmse, 1 missing.",
        {"gam": -(0.26 + 0.17) / 2},
    ),
    Shape(
        "workbook.xlsx",
        "--metric accuracy",
        "Read as Excel, sheet 'results' of 2: 2 arms by arm (base, deep), pairs by seed (3), values of accuracy, "
        "1 missing, 1 diverged.",
        {"deep": 0.005},
    ),
    Shape(
        "single_precision.parquet",
        "--metric val_loss",
        "Read as Parquet: 2 arms by arm (a, b), pairs by seed (3), values of val_loss, 1 missing, 1 diverged.",
        {"b": -0.1},
    ),
]
UNPAIRED = [
    Shape(
        "no_key.csv",
        "--arm method --metric auc --direction max",
        "Read as CSV: 2 arms by method (ours, theirs), no key, so no pairs: the arms are independent samples, "
        "values of auc.",
        {"theirs": -0.02},
    ),
]
REFUSED = [
    Shape(
        "percent.csv", "--metric accuracy", "line 2: 95.1 and 5 more out of the range of the metric, 0 to 1: rescale"
    ),
    Shape(
        "duplicates.csv",
        "--metric loss",
        "2 problems:\n"
        "  column 'seed', line 6: a second row for arm 'a', seed 0 (the first: line 2)\n"
        "  column 'seed', line 7: a second row for arm 'b', seed 1 (the first: line 5)\n",
    ),
    Shape(
        "thousands.csv",
        "--metric steps --direction min",
        "4 problems:\n  column 'steps', line 2: '1,234' has a comma between thousands, or as a decimal one",
    ),
    Shape(
        "wrong.csv",
        "--metric accuracy",
        "6 problems:\n"
        "  column 'arm', line 3: an arm without a name\n"
        "  column 'accuracy', line 4: 'good' is no number\n"
        "  column 'seed', line 5: a second row for arm 'a', seed 2 (the first: line 4)\n"
        "  column 'seed', line 6: a row without a key\n"
        "  column 'accuracy', line 7: '0.9.1' is no number\n"
        "  column 'accuracy', line 8: 91 out of the range of the metric, 0 to 1: rescale them (divide by 100), or say "
        "--unit percent\n",
    ),
]


def asked(shape: Shape) -> list[str]:
    return ["analyse", str(TABLES / shape.file), *shape.words.split(), "--json"]


@pytest.mark.parametrize("shape", [*UNDERSTOOD, *UNPAIRED], ids=lambda shape: shape.file)
def test_what_is_understood(shape: Shape, capsys: pytest.CaptureFixture[str]) -> None:
    if shape.file.endswith(".xlsx"):
        pytest.importorskip("openpyxl")
    assert main(asked(shape)) == 0
    said = capsys.readouterr()
    told: dict[str, Any] = validated(said.out)
    assert said.err.strip() == told["table"]["understood"] == shape.said
    assert {row["arm"]: row["raw_diff"] for row in told["verdicts"]} == pytest.approx(shape.differences)


@pytest.mark.parametrize("shape", REFUSED, ids=lambda shape: shape.file)
def test_what_is_refused(shape: Shape, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(asked(shape)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(str(TABLES / shape.file))
    assert shape.said in said.err


def test_every_table_is_asked_about() -> None:
    asked_elsewhere = {"reading_eval.csv"}  # example by example, in tests/cli/test_per_example.py
    assert {path.name for path in TABLES.iterdir()} - asked_elsewhere == {
        shape.file for shape in [*UNDERSTOOD, *UNPAIRED, *REFUSED]
    }
