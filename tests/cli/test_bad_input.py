"""Bad input, through the real command line: refused with code 2 before anything is written, all of it at once,
each problem with its key, its value, what is allowed and the nearest name."""

from __future__ import annotations

import shlex
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from tests.cli.conftest import Ablate

# Words, then the beginning of every line that must be said; `…` stands for what is allowed.
REFUSED = [
    ("+swep=optimizers", ["swep=optimizers: did you mean sweep? Allowed is a key under seed, …"]),
    ("+sweep=optimizer", ["sweep=optimizer: did you mean optimizers? Allowed is one of …"]),
    ("+experiment=digits", ["experiment=digits: allowed is one of …"]),
    ("optimizer=adm", ["optimizer=adm: allowed is one of adafactor, …; did you mean adam?"]),
    ("optimzer=adam", ["optimzer=adam: did you mean optimizer? Allowed is a key under seed, …"]),
    ("model.dropot=0.1", ["model.dropot=0.1: allowed is one of …; did you mean model.dropout?"]),
    ("model.dropout=high", ["model.dropout=high: allowed is a finite number"]),
    ("model.dropout=1.0", ["model.dropout=1.0: allowed is a number from 0 and below 1"]),
    ("model.dropout=-0.1", ["model.dropout=-0.1: allowed is a number from 0 and below 1"]),
    ("model.l2=-1", ["model.l2=-1.0: allowed is a number from 0"]),
    ("model.hidden=[64,0]", ["model.hidden[1]=0: allowed is a number from 1"]),
    ("model=small_cnn model.filters=[0]", ["model.filters[0]=0: allowed is a number from 1"]),
    ("model.activation=rleu", ["model.activation=rleu: did you mean relu? Allowed is one of …"]),
    ("training.batch_size=0", ["training.batch_size=0: allowed is a whole number from 1"]),
    ("training.batch_size=-4", ["training.batch_size=-4: allowed is a whole number from 1"]),
    ("training.batch_size=5000", ["training.batch_size=5000: allowed is a whole number from 1 to 1294, …"]),
    ("training.batch_size=1.5", ["training.batch_size=1.5: allowed is a whole number"]),
    ("training.epochs=0", ["training.epochs=0: allowed is a whole number from 1"]),
    ("optimizer.learning_rate=0", ["optimizer.learning_rate=0.0: allowed is a number above 0"]),
    ("optimizer.learning_rate=-1", ["optimizer.learning_rate=-1.0: allowed is a number above 0"]),
    ("+optimizer.amsgrd=true", ["optimizer.amsgrd=true: did you mean optimizer.amsgrad? Allowed is …"]),
    ("+model.widths=[3]", ["model.widths=[3]: allowed is one of the arguments of ablate.models.mlp.mlp: …"]),
    (
        "training.early_stopping.patience=3 dataset.validation_fraction=0.0",
        ["dataset.validation_fraction=0.0: allowed is a number above 0 and below 1"],
    ),
    ("dataset.validation_fraction=1.5", ["dataset.validation_fraction=1.5: allowed is a number above 0 and below 1"]),
    ("dataset.validation_fraction=0.0001", ["dataset.validation_fraction=0.0001: allowed is a part of the 1438 …"]),
    ("dataset.validation_last=5000", ["dataset.validation_last=5000: allowed is a part of the 1438 …"]),
    ("training.early_stopping.monitor=val_los", ["training.early_stopping.monitor=val_los: …; did you mean val_loss?"]),
    ("training.early_stopping.monitor=test_loss", ["training.early_stopping.monitor=test_loss: …"]),
    ("training.plateau.monitor=val_r2", ["training.plateau.monitor=val_r2: allowed is one of loss, …"]),
    ("loss=mse", ["loss=ablate.training.losses.mean_squared_error: allowed is a loss for classification, …"]),
    ("seed=-1", ["seed=-1: allowed is a whole number from 0 to 4294967295"]),
    ("seed=8589934592", ["seed=8589934592: allowed is a whole number from 0 to 4294967295"]),
    ("seed=true", ["seed=true: allowed is a whole number"]),
    ("+sweep=dropout sweep.metric=val_los", ["sweep.metric=val_los: did you mean val_loss? Allowed is one of …"]),
    ("+sweep=dropout sweep.metric=val_r2", ["sweep.metric=val_r2: …llowed is one of …"]),
    ("+sweep=dropout sweep.seeds=0", ["sweep.seeds=0: allowed is a count from 1, …"]),
    ("+sweep=dropout sweep.design=gird", ["sweep.design=gird: allowed is one of …; did you mean grid?"]),
    ("+sweep=dropout sweep.seeds=auto", ["sweep.seeds=auto: allowed is a number of seeds, …later version"]),
    ("+sweep=dropout sweep.seeds=anytime", ["sweep.seeds=anytime: allowed is a number of seeds, …later version"]),
    ("+sweep=dropout sweep.design=random", ["…sweep.size=null: allowed is the number of arms, … from 1 to 4"]),
    ("+sweep=dropout sweep.design=sobol sweep.size=5", ["sweep.size=5: allowed is the number of arms, … 1 to 4"]),
    ("+sweep=dropout sweep.design=random sweep.size=2.5", ["sweep.size=2.5: allowed is a whole number from 1"]),
    (
        "+sweep=dropout sweep.design=random sweep.size=0 sweep.design_seed=-1",
        ["sweep.size=0: allowed is a whole number from 1", "sweep.design_seed=-1: allowed is a whole number from 0 …"],
    ),
    (
        "+sweep=dropout sweep.size=3 sweep.design_seed=1 sweep.arms=[{model.dropout:0.1}]",
        [
            "sweep.size=3: allowed is nothing, for the design one_factor …; random and sobol do",
            "sweep.design_seed=1: allowed is nothing, …",
            "sweep.arms=[{…: allowed is nothing, …; list do",
        ],
    ),
    ("+sweep=dropout sweep.design=list", ["…sweep.arms=null: allowed is a list of arms, …"]),
    ("+sweep=dropout sweep.design=list sweep.arms={x:1}", ["sweep.arms={…: allowed is a list of arms, …"]),
    (
        "+sweep=dropout sweep.design=list "
        "'sweep.arms=[{model.dropuot:0.1},{model.dropout:0.2},{name:\"a < b\"},{name:3}]'",
        [
            "sweep.arms[0].model.dropuot=0.1: …; did you mean model.dropout?",
            "sweep.arms[1].model.dropout=0.2: allowed is one of 0.0, 0.1, 0.3, 0.5",
            "sweep.arms[2].name=a < b: allowed is a name that a claim can use…",
            "sweep.arms[3].name=3: allowed is a name that a claim can use…",
        ],
    ),
    (
        "+sweep=dropout sweep.design=list sweep.arms=[{model.dropout:0.1},{name:x,model.dropout:0.1}]",
        ["sweep.arms[1]={…: allowed is each assignment of levels once"],
    ),
    ("+sweep=dropout sweep.design=leave_one_out", ["…sweep.factors.model.dropout=[…: allowed is two levels, …"]),
    (
        "+sweep=ingredients sweep.baseline.model.l2=0",
        ["…sweep.baseline={…: allowed is the first level of every factor, or the last of every factor"],
    ),
    ("+sweep=dropout sweep.where=dropout", ["sweep.where=dropout: allowed is a list of texts"]),
    (
        """+sweep=dropout 'sweep.where=["model.dropuot < 1","dropout <","dropout == high","dropout < 1"]'""",
        [
            "sweep.where[0]=model.dropuot < 1: … in place of 'model.dropuot'; did you mean model.dropout?",
            "               ^^^^^^^^^^^^^",
            "sweep.where[1]=dropout <: allowed is a condition as in …",
            "               …^",
            "sweep.where[2]=dropout == high: allowed is a factor (model.dropout) or a quoted text in place of 'high'",
            "                          ^^^^",
        ],
    ),
    (
        """+sweep=dropout 'sweep.where=["dropout < 0.5","dropout > 0"]'""",
        ["sweep.where[1]=dropout > 0: allowed is a condition that the baseline satisfies"],
    ),
    (
        """+sweep=dropout 'sweep.where=["dropout < \\"a\\""]'""",
        ["sweep.where[0]=dropout < …: allowed is levels that can be compared, …", "               ^^^^^^^^^^^^^"],
    ),
    (
        """+sweep=optimizers 'sweep.claims=["adamx ~ adam on val_loss"]'""",
        [
            "sweep.claims[0]=adamx ~ adam on val_loss: allowed is an arm of the sweep (…'adamx'; did you mean adam?",
            "                ^^^^^",
        ],
    ),
    (
        """+sweep=optimizers 'sweep.claims=["sgd beter than adam on val_loss","sgd < adam on val_los","sgd < adam"]'""",
        [
            "sweep.claims[0]=sgd beter than adam on val_loss: allowed is <, >, ~, not worse than, … 'beter than'",
            "                    ^^^^^^^^^^",
            "sweep.claims[1]=sgd < adam on val_los: did you mean val_loss? Allowed is a metric, …",
            "                              ^^^^^^^",
            "sweep.claims[2]=sgd < adam: allowed is on and a quantity, as in on val_loss",
            "                          ^",
        ],
    ),
    (
        """+sweep=optimizers 'sweep.claims=["sgd ~ adam on gap","sgd not worse than adam on gap within 5%"]'""",
        [
            "sweep.claims[0]=sgd ~ adam on gap: allowed is a statement that ends in a margin, …'~'",
            "                    ^",
            "sweep.claims[1]=sgd not worse than adam on gap within 5%: allowed is a number in the unit of gap, …",
            "                                                      ^^",
        ],
    ),
    (
        """+sweep=optimizers sweep.margin=null 'sweep.claims=["sgd ~ adam on val_loss"]'""",
        ["sweep.claims[0]=sgd ~ adam on val_loss: … for the sweep states none, …", "                    ^"],
    ),
    (
        """+sweep=optimizers 'sweep.claims=["sgd < adam on seconds","sgd < sgd on gap","sgd < 1 on gap"]'""",
        [
            "sweep.claims[0]=sgd < adam on seconds: allowed is a quantity that the spec of a run determines, …",
            "                              ^^^^^^^",
            "sweep.claims[1]=sgd < sgd on gap: allowed is an arm other than optimizer=sgd in place of 'sgd'",
            "                      ^^^",
            "sweep.claims[2]=sgd < 1 on gap: allowed is an arm of the sweep (…",
            "                      ^",
        ],
    ),
    (
        """+sweep=optimizers 'sweep.claims=["sgd < adam on val_r2"]'""",
        [
            "sweep.claims[0]=sgd < adam on val_r2: allowed is a quantity of classification, not of regression, …",
            "                              ^^^^^^",
        ],
    ),
    ("+sweep=dropout sweep.metric=gap", ["…sweep.margin=10%: allowed is a number in the unit of gap, …"]),
    (
        "+sweep=dropout sweep.metric=gap sweep.margin=0.1 sweep.scale=log_error",
        ["sweep.scale=log_error: allowed is raw, for gap may be 0 or less …"],
    ),
    (
        "+sweep=dropout sweep.scale=raw",
        ["sweep.scale=raw: allowed is log_error, or a margin in the unit of val_loss, …"],
    ),
    (
        "+sweep=dropout sweep.scale=log_error sweep.margin=0.1",
        ["sweep.scale=log_error: allowed is raw, or a margin that is a part of the error, …"],
    ),
    (
        "+sweep=dropout sweep.scale=log sweep.alpha=0.5 sweep.multiplicity=hollm sweep.confirm=-1",
        [
            "sweep.scale=log: allowed is one of raw, log_error",
            "sweep.alpha=0.5: allowed is a number from 1e-9 to below 0.5",
            "sweep.multiplicity=hollm: allowed is one of holm, joint, study; did you mean holm?",
            "sweep.confirm=-1: allowed is a whole number from 0",
        ],
    ),
    ("+sweep=dropout sweep.alpha=1e-17", ["sweep.alpha=1e-17: allowed is a number from 1e-9 to below 0.5"]),
    ("+sweep=dropout sweep.worst=-1", ["sweep.worst=-1: allowed is a value that val_loss can have, from 0"]),
    ("+sweep=dropout sweep.worst=nan", ["sweep.worst=NaN: allowed is a number in the metric's unit, or null"]),
    (
        "+sweep=dropout sweep.seeds=[4294967290] sweep.confirm=6",
        ["sweep.confirm=6: allowed is a whole number from 0 to 5, …"],
    ),
    (
        """+sweep=dropout 'sweep.claims=["0.3 < 0 on gpa"]' sweep.size=2 training.epochs=0 optimizer=adm""",
        [
            "sweep.claims[0]=0.3 < 0 on gpa: did you mean gap? Allowed is …",
            "                           ^^^",
            "sweep.size=2: …",
            "training.epochs=0: …",
            "optimizer=adm: …",
        ],
    ),
    ("+sweep=dropout +sweep=l2", ["sweep=l2: allowed is each key once; for several sweeps +sweep=[dropout,l2]"]),
    (
        "+sweep=dropout sweep.seeds=3 sweep.seeds=2 seed=1 seed=1",
        [
            "sweep.seeds=2: allowed is each key once, and sweep.seeds=3 is given, too",
            "seed=1: allowed is each key once, and seed=1 is given, too",
        ],
    ),
    ("-m optimizer=sgd,adam optimizer=adamw", ["optimizer=adamw: …, and optimizer=sgd is given, too"]),
    ("-m optimizer=sgd,adam seed=0,1 seed=2", ["seed=2: …, and seed=0 is given, too"]),
    ("report nothing results_dir=a results_dir=b", ["results_dir=b: …, and results_dir=a is given, too"]),
    ("dataset=npz dataset.classes=1000000000", ["dataset.classes=1000000000: allowed is at most 100,000 classes"]),
    (
        "dataset=image_folder dataset.size=[100000,100000]",
        [f"dataset.size[{index}]=100000: allowed is at most 4,096 pixels a side" for index in (0, 1)],
    ),
    ("model.hidden=[64,1000000000000000000000]", ["model.hidden[1]=1…: allowed is at most 65,536 units a layer"]),
    ("model=vit model.blocks=1000000000", ["model.blocks=1000000000: allowed is at most 1,000 blocks"]),
    ("training.epochs=1000000000", ["training.epochs=1000000000: allowed is at most 1,000,000 epochs"]),
    ("numerics.threads=1000000000", ["numerics.threads=1000000000: allowed is at most 4,096 threads"]),
    ("+sweep=dropout sweep.seeds=1000000000", ["sweep.seeds=1000000000: allowed is at most 100,000 seeds"]),
    ("+sweep=dropout sweep.confirm=1000000000", ["sweep.confirm=1000000000: allowed is at most 100,000 fresh seeds"]),
    ("+sweep=epochs sweep.factors.training.epochs=[30,1000000000]", ["training.epochs=1000000000: …"]),
    ("-m optimizer=sgd,adam seed=range(1000000000)", ["seed=range(1000000000): allowed is at most 100,000 values"]),
    (
        "-m training.epochs=range(1,400) training.batch_size=range(1,400) seed=range(0,30)",
        ["sweep.factors={…: allowed is levels of which there are at most 100000 combinations"],
    ),
    (
        "-m training.epochs=range(1,300) training.batch_size=range(1,300) seed=range(0,30)",
        ["sweep.seeds=30: allowed is so many that 89,401 arms have at most 1,000,000 runs, …"],
    ),
    (
        "optimizer.learning_rate=1e-50",
        ["optimizer.learning_rate=1e-50: …1.2e-38 to 3.4e+38 …, for in float32 it becomes 0"],
    ),
    (
        "dataset=csv dataset.path=a.csv dataset.target=y dataset.target_scale=0",
        ["dataset.target_scale=0.0: allowed is a number above 0"],
    ),
    (
        "dataset=csv dataset.path=a.csv dataset.target=y dataset.target_scale=1e39",
        ["dataset.target_scale=1e+39: allowed is a number up to 3.4e+38 in size, for in float32 it becomes inf"],
    ),
    ("dataset=npz dataset.path=a.npz dataset.scale=0", ["dataset.scale=0.0: allowed is a number above 0"]),
    ("optimizer.learning_rate=1e39", ["optimizer.learning_rate=1e+39: …, for in float32 it becomes inf"]),
    (f"optimizer.learning_rate=1{'0' * 400}", ["optimizer.learning_rate=1…: allowed is a finite number"]),
    ("training.clip.norm=1e-60", ["training.clip.norm=1e-60: …, for in float32 it becomes 0"]),
    ("loss=weighted loss.weights.brier=1e-44", ["loss.weights.brier=1e-44: …, for in float32 it becomes 0"]),
    ("+sweep=l2 sweep.factors.model.l2=[0.0,1e-50] sweep.baseline.model.l2=0.0", ["model.l2=1e-50: …becomes 0"]),
    ("model.dropout=0.99999999999", ["model.dropout=0.99999999999: … below 1, and in float32 this is 1"]),
    ("""model.dropout="'0.3'" """, ["model.dropout='0.3': allowed is a finite number"]),
    ("""training.epochs="'3'" """, ["training.epochs='3': allowed is a whole number"]),
    ("""model.batch_norm="'true'" """, ["model.batch_norm='true': allowed is true or false"]),
    ("training.epochs=016", ["training.epochs=016: allowed is a whole number"]),
    ("+sweep=1e5", ["sweep='1e5': allowed is one of …"]),
    ("optimizer.lr=0.1", ["optimizer.lr=0.1: allowed is …; did you mean optimizer.learning_rate?"]),
    ("+optimizer.lr=0.1", ["optimizer.lr=0.1: did you mean optimizer.learning_rate? Allowed is …"]),
    ("optimizer.epochs=3", ["optimizer.epochs=3: …; did you mean training.epochs?"]),
    ("learning_rate=0.1", ["learning_rate=0.1: did you mean optimizer.learning_rate? Allowed is …"]),
    ("lr=0.1", ["lr=0.1: did you mean optimizer.learning_rate? Allowed is …"]),
    ("seeds=3", ["seeds=3: did you mean sweep.seeds? Allowed is …"]),
    ("+sweep=dropout seeds=3", ["seeds=3: did you mean sweep.seeds? Allowed is …"]),
    ("modle.dropout=0.1", ["modle.dropout=0.1: did you mean model.dropout? Allowed is …"]),
    (
        "patience=3",
        ["patience=3: did you mean training.early_stopping.patience or training.plateau.patience? Allowed is …"],
    ),
    ("+sweep=dropout metric=val_loss", ["metric=val_loss: allowed is sweep.metric=val_loss, …"]),
    (
        "results_dir=~/runs",
        ["""results_dir=~/runs: …quotes: 'results_dir="~/runs"', or results_dir=$HOME/runs"""],
    ),
    ("+sweep=[]", ["sweep=[]: allowed is at least one of …"]),
    ("+sweep=dropout sweep.factors={}", ["sweep.factors={}: …"]),
    ("+sweep=dropout sweep.factors.model.dropout=[]", ["sweep.factors.model.dropout=[]: …"]),
    ("+sweep=dropout sweep.factors.model.dropout=[0.0,0.5,0.0]", ["sweep.factors.model.dropout=0.0: …"]),
    ("+sweep=dropout sweep.factors.model.dropout=[0.0,1.0]", ["model.dropout=1.0: allowed is a number from 0 …"]),
    ("+sweep=batch_sizes sweep.factors.training.batch_size=[32,5000]", ["training.batch_size=5000: …"]),
    ("+sweep=optimizers sweep.factors.optimizer=[adam,sdg]", ["optimizer=sdg: …; did you mean sgd?"]),
    ("+sweep=dropout sweep.baseline.model.dropout=0.7", ["sweep.baseline.model.dropout=0.7: …"]),
    (
        "+sweep=l2 sweep.factors={model.l3:[0.0,0.1]} sweep.baseline={model.l3:0.0}",
        ["model.l3=0.0: …; did you mean model.l2?", "model.l3=0.1: …; did you mean model.l2?"],
    ),
    ("+sweep=dropout model.dropout=0.1", ["model.dropout=0.1: allowed is sweep.factors.model.dropout=[…], …"]),
    ("+sweep=dropout seed=3", ["seed=3: allowed is sweep.seeds, …"]),
    ("optimizer=sgd,adam", ["optimizer=sgd,adam: allowed is one value, or with -m several, …"]),
    ("-m optimizer=sgd", ["-m: allowed is at least one key with several values, …"]),
    ("-m optimizer=sgd,adm", ["optimizer=adm: …; did you mean adam?"]),
    ("-m +sweep=dropout optimizer=sgd,adam", ["sweep=dropout: allowed is either this or -m, not both"]),
    ("-m optimizer=sgd,adam seed=-1,0", ["sweep.seeds=[-1, 0]: …"]),
    (
        "optimizer=adm model.dropout=1.0 training.epochs=0 training.batch_size=5000 loss=mse seed=-1 +model.foo=1",
        [
            "optimizer=adm: …",
            "model.dropout=1.0: …",
            "training.epochs=0: …",
            "training.batch_size=5000: …",
            "loss=ablate.training.losses.mean_squared_error: …",
            "seed=-1: …",
            "model.foo=1: …",
        ],
    ),
    (
        "+sweep=dropout sweep.factors.model.dropout=[0.0,1.0] training.epochs=0 training.batch_size=5000",
        ["model.dropout=1.0: …", "training.epochs=0: …", "training.batch_size=5000: …"],
    ),
]


def says(line: str, expected: str) -> bool:
    begin, *rest = expected.split("…")
    return (
        line.startswith(begin) and all(part in line for part in rest[:-1]) and line.endswith(rest[-1] if rest else "")
    )


@pytest.mark.parametrize(("words", "expected"), REFUSED, ids=[words for words, _ in REFUSED])
def test_bad_input_is_refused(words: str, expected: list[str], ablate: Ablate, folder: Path) -> None:
    said = ablate(*shlex.split(words))
    lines = said.err.splitlines()
    assert said.code == 2
    assert said.out == ""
    assert len(lines) == len(expected)
    assert [each for each in expected if not any(says(line, each) for line in lines)] == []
    assert list(folder.iterdir()) == []


def test_a_plan_refuses_the_same(ablate: Ablate) -> None:
    assert ablate("plan", "optimizer=adm") == ablate("optimizer=adm")


MINE = """\
question: Which?
factors:
  model.dropout: [0.0, 1.5]
desing: grid
design: grid
baseline: {model.dropout: 0.3}
seeds: 2
metric: val_loss
"""


def test_problems_of_a_sweep_name_the_file_and_the_line(ablate: Ablate, folder: Path) -> None:
    file = folder / "conf" / "sweep" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(MINE)
    places = [line.split(" ")[0] for line in ablate("+sweep=mine").err.splitlines()]
    assert places == ["conf/sweep/mine.yaml:4:", "conf/sweep/mine.yaml:6:"]
    file.write_text(MINE.replace("desing: grid\n", "").replace("0.3", "0.0"))
    assert ablate("+sweep=mine").err.startswith("conf/sweep/mine.yaml:3: model.dropout=1.5: ")
    file.write_text("a: [")
    assert "mine.yaml:1: " in ablate("+sweep=mine").err


def test_problems_of_an_experiment_name_the_file_and_the_line(ablate: Ablate, folder: Path) -> None:
    file = folder / "experiments" / "own" / "study.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("question: Why?\nsweeps:\n  - sweep: dropout\n    clams: []\n")
    said = ablate("+experiment=own")
    assert said.code == 2
    assert said.err.startswith("experiments/own/study.yaml:4: sweeps[0].clams=[]: ")
    assert said.err.endswith("did you mean claims?\n")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("reprot dropout", "did you mean ablate report?"),
        ("optimizers", "nor a setting (key=value)"),
        ("report dropuot", "no study dropuot"),
        ("report", "There are none under results yet."),
        ("compare a b", "no run a in the store"),
        ("show", "Which run?"),
        ("show abc", "no run abc"),
        ("watch nothing", "No study nothing."),
        ("watch", "There are none under results yet."),
        ("list rnus", "did you mean runs?"),
        ("list modle=mlp", "modle=mlp: allowed is one of status, study, sweep, arm, seed"),
        ("completion tcsh", "bash, zsh, fish"),
        ("optimizer=sgd --config-dir nowhere", "allowed is a folder that exists"),
    ],
)
def test_misspelt_names_are_answered(words: str, expected: str, ablate: Ablate, folder: Path) -> None:
    said = ablate(*words.split())
    assert said.code == 2
    assert said.out == ""
    assert expected in said.err
    assert "Traceback" not in said.err
    assert list(folder.iterdir()) == []


class TestData:
    def test_that_is_missing_is_a_problem_of_its_own_with_the_folder(self, ablate: Ablate, folder: Path) -> None:
        said = ablate("dataset=mnist", "data_dir=nowhere")
        assert (said.code, said.err) == (4, "data_dir is nowhere, which is not a folder\n")
        assert list(folder.iterdir()) == []

    def test_that_is_corrupt_is_named_by_its_file(self, ablate: Ablate, folder: Path) -> None:
        (folder / "mnist.npz").write_bytes(b"not an archive")
        said = ablate("plan", "dataset=mnist", "data_dir=.")
        assert said.code == 4
        assert said.err.startswith("mnist.npz is not a readable archive")

    def test_that_is_missing_hides_no_other_problem(self, ablate: Ablate) -> None:
        said = ablate("dataset=mnist", "data_dir=nowhere", "optimizer=adm")
        assert said.code == 2
        assert said.err.startswith("optimizer=adm: ")


def test_a_library_that_is_missing_is_named_with_who_helps(ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr("ablate.runner.compiled.version", absent)
    said = ablate("training.epochs=1")
    assert said.code == 2
    assert said.err.splitlines()[-2:] == [
        f"tensorflow is not installed for {sys.executable}",
        "ablate doctor says what is missing, and what mends it.",
    ]


def test_a_traceback_is_shown_only_to_whoever_asks(ablate: Ablate) -> None:
    assert "Traceback" not in ablate("optimizer=adm").err
    assert "Traceback" in ablate("optimizer=adm", "--debug").err


@pytest.mark.parametrize(
    ("words", "neighbour", "unlike"),
    [
        ("+sweep=dropout sweep.metric=val_acuracy", "val_accuracy", "val_r2"),
        ("+sweep=dropout sweep.metric=val_r3 dataset=diabetes loss=mse", "val_r2", "accuracy,"),
        ("+sweep=dropout sweep.metric=val_acuracy dataset=mnist", "val_accuracy", "val_r2"),
    ],
)
def test_a_metric_that_is_none_names_its_neighbour_before_those_of_the_task(
    words: str, neighbour: str, unlike: str, ablate: Ablate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.datasets.files.keras_cache", lambda: Path("nowhere"))
    said = ablate("plan", *words.split())
    assert said.code == 2
    (line,) = said.err.splitlines()
    assert f": did you mean {neighbour}? Allowed is one of loss, " in line
    assert unlike not in line


def test_nothing_is_fetched_to_explain_a_problem(ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(*_: object, **__: object) -> str:
        raise AssertionError("nothing was to be fetched")

    monkeypatch.setattr("keras.utils.get_file", fetch)
    monkeypatch.setattr("ablate.datasets.facts._recall", lambda file: None)
    for words in (
        ("dataset.train_limit=?",),
        ("+sweep=dropout", "sweep.metric=?"),
        ("+sweep=dropout", "model.depth=?"),
    ):
        said = ablate("plan", "dataset=mnist", *words)
        assert said.code == 2
        assert f"{words[-1]}: " in said.err
