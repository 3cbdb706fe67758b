"""Completion: what Tab offers, and that bash inserts it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ablate.cli.completion import SCRIPTS
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=1)
CHECKOUT = Path(__file__).parents[2]


def offered(ablate: Ablate, line: str) -> list[str]:
    """What is offered for the end of a line that begins behind `ablate `."""
    said = ablate("__complete", *line.split(" "))
    assert (said.code, said.err) == (0, "")
    return said.out.splitlines()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("re", ["report", "reports_dir=", "reproduce", "results_dir="]),
        ("optimizer=adam", ["optimizer=adam", "optimizer=adamax", "optimizer=adamw"]),
        ("plan optimizer=adam", ["optimizer=adam", "optimizer=adamax", "optimizer=adamw"]),
        ("-m optimizer=sgd,adam", ["optimizer=sgd,adam", "optimizer=sgd,adamax", "optimizer=sgd,adamw"]),
        ("+s", ["+sweep="]),
        ("+sweep=[dropout,l2", ["+sweep=[dropout,l2"]),
        ("+experiment=digits", ["+experiment=digits_regularisation"]),
        ("model", ["model.", "model="]),
        ("model.d", ["model.dropout="]),
        ("model=small_cnn model.d", ["model.dense=", "model.dropout="]),
        ("model.activation=rel", ["model.activation=relu", "model.activation=relu6"]),
        ("model.batch_norm=", ["model.batch_norm=false", "model.batch_norm=true"]),
        ("training.early_stopping.p", ["training.early_stopping.patience="]),
        ("sweep.design=l", ["sweep.design=leave_one_out", "sweep.design=list"]),
        ("sweep.scale=", ["sweep.scale=log_error", "sweep.scale=raw"]),
        ("sweep.de", ["sweep.design=", "sweep.design_seed="]),
        ("sweep.metric=val_mac", ["sweep.metric=val_macro_f1"]),
        ("plan --mul", ["--multirun"]),
        ("completion ", ["bash", "fish", "zsh"]),
        ("list st", ["status=", "studies", "study="]),
        ("report opt", ["optimizers"]),
        ("watch opt", ["optimizers"]),
        ("compare optimizers:optimizer=adam", ["optimizers:optimizer=adam", "optimizers:optimizer=adamw"]),
        (f"show {SWEEP.baseline.spec.run_id[:6]}", [SWEEP.baseline.spec.run_id[:12]]),
        ("report results_dir=elsewhere opt", []),
        ("fsck ", []),
        ("fsck --rep", ["--repair"]),
        ("nonsense=", []),
        ("compare nonsense:", []),
    ],
)
def test_tab_offers(line: str, expected: list[str], ablate: Ablate, folder: Path) -> None:
    keep(folder / "results", SWEEP, completed_runs(SWEEP))
    assert offered(ablate, line) == expected


def test_ones_own_leaves_are_offered(ablate: Ablate, folder: Path) -> None:
    (folder / "conf" / "optimizer").mkdir(parents=True)
    (folder / "conf" / "optimizer" / "adamine.yaml").write_text("_target_: keras.optimizers.Adam\nbeta_9: 1\n")
    assert offered(ablate, "optimizer=adami") == ["optimizer=adamine"]
    assert offered(ablate, "optimizer=adamine optimizer.beta_9") == ["optimizer.beta_9="]


def test_what_is_broken_stays_silent(ablate: Ablate, folder: Path) -> None:
    (folder / "conf").mkdir()
    (folder / "conf" / "config.yaml").write_text("a: [")
    assert offered(ablate, "optimizer=") == []


def test_tab_is_quick_because_it_imports_little(folder: Path) -> None:
    script = (
        "import sys; from ablate.cli import main; main(['__complete', 'optimizer=']); "
        "sys.exit(bool({'hydra', 'numpy', 'pandas', 'tensorflow'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONPATH": str(CHECKOUT)})


@pytest.mark.parametrize(
    ("line", "inserted"),
    [("optimizer=adam", "adam adamax adamw"), ("+sweep=[dropout,learn", "[dropout,learning_rates"), ("zzz", "")],
)
def test_bash_inserts_what_follows_the_last_break_of_the_word(line: str, inserted: str, folder: Path) -> None:
    script = (
        f'{SCRIPTS["bash"]}\nablate() {{ "{sys.executable}" -m ablate "$@"; }}\n'
        f'COMP_LINE="ablate {line}"; COMP_POINT=${{#COMP_LINE}}; _ablate; echo "${{COMPREPLY[*]}}"'
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env={"PYTHONPATH": str(CHECKOUT)})
    assert (done.stdout, done.stderr) == (f"{inserted}\n", "")


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_are_printed_as_they_are(shell: str, ablate: Ablate) -> None:
    assert ablate("completion", shell).out.rstrip() == SCRIPTS[shell].rstrip()
