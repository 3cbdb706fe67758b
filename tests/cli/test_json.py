"""`--json` of every verb: what `to_json` gives, as the schema says, and nothing else on stdout."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from ablate.cli import output
from ablate.cli.verbs import VERBS, module_of, verb_parser
from ablate.operations.as_json import to_json
from ablate.operations.compare import compare
from ablate.operations.plan import plan
from ablate.plots import figures
from ablate.storage.runs import RunStore
from ablate.training import devices
from tests.cli import pretended
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.json_schema import validated
from tests.synthetic import completed_runs, eventful_runs, failed_run, optimizer_sweep

SWEEP = optimizer_sweep(seeds=4, optimizers={"sgd": 0.01, "adam": 0.001})
RUNS = eventful_runs(SWEEP)
ADAM, SGD = SWEEP.baseline.spec, SWEEP.arms[0].spec
STUDY = ("+sweep=dropout", "sweep.seeds=2")


@pytest.fixture
def kept(folder: Path) -> Path:
    """A study with a run that diverged, one that failed and one that is missing."""
    keep(folder / "results", SWEEP, RUNS)
    return folder


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))


@pytest.fixture
def at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The words with which runs are made up in this process, in no time."""
    pretended.stand_in(monkeypatch)
    return ("executor=inline", f"data_dir={folder}")


def test_every_verb_that_shows_something_has_it() -> None:
    without = {verb for verb in VERBS if "--json" not in verb_parser(verb, module_of(verb)).format_usage()}
    assert without == {"completion", "serve"}


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("plan +sweep=dropout", "plan"),
        ("plan optimizer=sgd seed=3", "plan"),
        ("compare optimizers", "compare"),
        (f"compare {ADAM.run_id[:12]} {SGD.with_seed(3).run_id[:12]}", "compare"),
        ("list", "list"),
        ("list runs", "list"),
        ("list status=failed", "list"),
        (f"show {ADAM.run_id[:12]} {SGD.with_seed(2).run_id[:12]} {SGD.with_seed(1).run_id[:12]}", "show"),
        ("watch --once", "watch"),
        ("fsck", "fsck"),
        ("gc", "gc"),
        ("report optimizers", "report"),
        ("report optimizers --format latex", "report"),
    ],
)
@pytest.mark.usefixtures("no_figures")
def test_it_is_what_the_schema_says(words: str, kind: str, ablate: Ablate, kept: Path) -> None:
    said = ablate(*words.split(), "--json")
    assert said.code in (0, 4), said.err
    told = validated(said.out)
    assert {each["kind"] for each in (told if isinstance(told, list) else [told])} == {kind}


def test_it_is_what_python_gives(ablate: Ablate, kept: Path) -> None:
    assert json.loads(ablate("compare", "optimizers", "--json").out) == to_json(compare("optimizers"))
    assert json.loads(ablate("plan", *STUDY, "--json").out) == to_json(plan(STUDY))


def test_a_plan_says_of_each_run_what_is_to_be_done(ablate: Ablate, kept: Path) -> None:
    words = (
        "plan",
        "+sweep=optimizers",
        "sweep.factors.optimizer=[adam]",
        "sweep.seeds=2",
        "executor.workers=1",
        "study=new",
    )
    told = validated(ablate(*words, "--json").out)
    assert len(told["runs"]) == 2
    assert told["work"]["todo"] == told["runs"]
    assert (told["work"]["done"], told["estimated_seconds"], told["workers"]) == ([], None, 1)
    (sweep,) = told["sweeps"]
    assert [(arm["name"], arm["missing"], arm["is_baseline"]) for arm in sweep["arms"]] == [("optimizer=adam", 2, True)]
    assert (sweep["seeds"], sweep["forecast"]) == ([0, 1], None)


def test_a_comparison_has_its_verdicts_and_no_curves(ablate: Ablate, kept: Path) -> None:
    told = validated(ablate("compare", "optimizers", "--json").out)
    assert told["labels"] == ["optimizers:optimizer=adam", "optimizers:optimizer=sgd"]
    (verdict,) = told["verdicts"]
    assert (told["scope"], told["questions"]) == ("study", 1)
    assert (verdict["reference"], verdict["n_diverged"], verdict["metric"]) == (told["labels"][0], 1, "val_loss")
    assert "diverged" in verdict["flags"]
    assert told["are_comparable"] is True
    assert "curves" not in told
    beside = ablate("compare", "optimizers", "--out", "beside", "--json")
    assert validated(beside.out) == told
    assert Path("beside/comparison.md").is_file()


def test_a_table_is_analysed(ablate: Ablate, folder: Path) -> None:
    rows = [
        (arm, seed, 0.9 + gain * (1 + seed / 10)) for arm, gain in (("sgd", 0.0), ("adam", 0.05)) for seed in range(4)
    ]
    pd.DataFrame(rows, columns=["arm", "seed", "accuracy"]).to_csv("t.csv", index=False)
    words = ("analyse", "t.csv", "--metric", "accuracy", "--direction", "max", "--margin", "0.01")
    told = validated(ablate(*words, "--json").out)
    (verdict,) = told["verdicts"]
    assert (told["kind"], told["table"]["arms"], told["table"]["key"]) == ("analysis", ["sgd", "adam"], "seed")
    assert (verdict["verdict"], verdict["n"], verdict["wins"]) == ("better", 4, 4)
    assert ablate(*words, "--format", "json").out == ablate(*words, "--json").out
    assert ablate(*words, "--out", "said", "--json").out == ablate(*words, "--json").out
    assert Path("said/verdicts.md").is_file()


@pytest.mark.usefixtures("no_figures")
def test_what_was_trained_is_told_by_run(ablate: Ablate, at_once: tuple[str, ...]) -> None:
    said = ablate(*STUDY, "--json", *at_once)
    assert said.code == 0, said.err
    told = validated(said.out)
    assert (told["kind"], told["study"], told["is_complete"]) == ("run_study", "dropout", True)
    assert Path(told["report"]).is_file()
    (trained,) = told["trained"]
    assert set(trained["runs"]) == set(validated(ablate("plan", *STUDY, "--json").out)["work"]["done"])
    assert set(trained["runs"].values()) == {"completed"}
    alone = validated(ablate("seed=7", "--json", "--quiet", *at_once).out)
    assert (alone["kind"], alone["record"]["status"]) == ("run", "completed")


def test_a_repetition_says_what_came_out(ablate: Ablate, kept: Path, at_once: tuple[str, ...]) -> None:
    said = ablate("reproduce", ADAM.run_id, "--json", *at_once)
    told = validated(said.out)
    assert (said.code, told["is_reproduced"], told["failed"]) == (0, True, 0)
    assert (told["runs"][0]["outcome"], told["runs"][0]["failure"]) == ("bit-equal", None)


def test_what_was_written_is_told_by_export(ablate: Ablate, kept: Path) -> None:
    # Once TensorFlow runs, which it does to write for TensorBoard, no later test could say how many threads it has.
    devices.configure("cpu", threads=1)
    words = ("export", ADAM.run_id[:12], "--format", "tensorboard", "--out", "logs", "--json")
    (path,) = validated(ablate(*words).out)["paths"]
    assert list(Path(path).glob("*/events.*"))


def test_a_watched_study_is_a_line_for_every_change(
    ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = completed_runs(SWEEP)
    *done, last = runs
    plan = keep(folder / "results", SWEEP, {run_id: runs[run_id] for run_id in done})
    store, looks = RunStore(folder / "results"), []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            store.put(failed_run(runs[last].spec, "out of luck"))

    monkeypatch.setattr("ablate.operations.watch.time.sleep", sleep)
    first, second = map(validated, ablate("watch", "--json").out.splitlines())
    assert (first["study"], first["planned"], first["done"], first["is_over"]) == (plan.name, 8, 7, False)
    assert (second["done"], second["is_over"]) == (7, True)
    assert second["failed"][last]["message"] == "out of luck"


def test_a_terminal_changes_nothing(ablate: Ablate, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped = ablate("list", "runs", "--json").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    assert output.Output().results.is_terminal
    assert ablate("list", "runs", "--json").out == piped
