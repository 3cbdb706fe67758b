"""What the README prints works as printed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from ablate.cli import main

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
CODE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
# As little training as gives the studies that the commands speak of.
SMALL = [
    *("+sweep=optimizers", "sweep.factors.optimizer=[adam,sgd]", "sweep.seeds=2", "training.epochs=1"),
    "keep=[weights]",
]


def blocks(language: str) -> list[str]:
    return [code for found, code in CODE.findall(README) if found == language]


def is_file(code: str) -> bool:
    """Whether a block begins with the path of the file that it is."""
    return bool(re.match(r"# [\w/]+\.(py|yaml)\n", code))


def commands() -> list[list[str]]:
    """The words after `ablate` of every command line in the README."""
    lines = [line.split("  #")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("ablate ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "reports").symlink_to(ROOT / "reports")
    rows = [f"{arm},{seed},{0.9 + gain + seed / 100}" for arm, gain in (("a", 0), ("b", 0.02)) for seed in range(5)]
    (folder / "table.csv").write_text("\n".join(["arm,seed,accuracy", *rows]))
    ablate = [sys.executable, "-m", "ablate", *SMALL, "reports_dir=own"]
    subprocess.run(ablate, cwd=folder, check=True, capture_output=True)
    photograph = Image.new("L", (200, 260), 230)
    ImageDraw.Draw(photograph).line([(60, 40), (150, 40), (60, 220)], fill=30, width=20)
    photograph.save(folder / "five.jpg")
    return folder


def test_there_are_ten_things_to_do_next():
    assert len(commands()) == 10


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_works(words, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    match words:
        case ["report", "--from", data]:
            assert (ROOT / data).is_dir()  # that it rebuilds its report is tested with every committed report
        case ["compare" | "list" | "analyse" | "predict" | "export", *_]:
            assert main(words) == 0
        case ["-m", *_]:
            assert main(["plan", *words]) == 0
        case ["plan", *rest] | rest:
            # Training is tested elsewhere; here, that the words mean something.
            real = [word for word in rest if not word.startswith(("dataset=mnist", "data_dir="))]
            assert main(["plan", *real]) == 0
    assert capsys.readouterr().out or words[0] == "report"


@pytest.mark.parametrize("code", [code for code in blocks("python") if not is_file(code)])
def test_the_code_runs(code, tmp_path):
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # Ten epochs; and word, qualifier and both ends of an interval.
    assert len(done.stdout.split(",")) == {"fit(": 10, "judge": 4}[next(w for w in ("fit(", "judge") if w in code)]


def test_a_model_and_a_question_of_ones_own(tmp_path):
    for code in [*blocks("python"), *blocks("yaml")]:
        if is_file(code):
            file = tmp_path / code.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code)
    command = [sys.executable, "-m", "ablate", "+sweep=widths", "sweep.seeds=1", "training.epochs=1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "width=256" in (tmp_path / "reports" / "widths" / "report.md").read_text()


def test_every_file_it_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert all((ROOT / link).exists() for link in links)


def test_it_names_every_sweep_data_set_and_model():
    for group in ("sweep", "dataset", "model"):
        for leaf in (ROOT / "conf" / group).glob("*.yaml"):
            assert leaf.stem in README, f"{group}={leaf.stem}"


def test_what_held_is_what_the_report_says():
    """The table of the README is that of the committed report, without the numbers."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (ROOT / "reports" / "mnist_dynamics" / "conclusions.md").read_text().splitlines()
        if line.startswith("| `")
    ]
    assert rows
    for _, said, stated, _, verdict in rows:
        word = "not tested" if verdict.startswith("not tested") else verdict.partition(" (")[0]
        assert f"| {said} | {stated} | {word} |" in README
