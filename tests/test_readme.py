"""What the README and the pages that it sends its readers to print works as printed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from ablate.cli import main
from ablate.cli.command import VERBS
from tests import choices

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
PAGES = [
    *("README.md", "CONTRIBUTING.md", "conf/README.md", "reports/README.md", "ablate/tables/README.md"),
    "tests/benchmarks/kill_anywhere.md",
]
CODE = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
# As little training as gives the studies that the commands speak of.
SMALL = [
    *("+sweep=optimizers", "sweep.factors.optimizer=[adam,sgd]", "sweep.seeds=2", "training.epochs=1"),
    "keep=[weights]",
]

# What trains the model and the question of the reader's own.
OWN = "+sweep=widths --allow-target mine"


def blocks(language: str, page: str = README) -> list[str]:
    return [code for found, code in CODE.findall(page) if found == language]


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


def test_it_is_read_in_five_minutes():
    assert len(README.splitlines()) <= 180
    assert len(commands()) == 11


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_works(words, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    match words:
        case ["report", "--from", data]:
            assert (ROOT / data).is_dir()  # that it rebuilds its report is tested with every committed report
        case ["compare" | "list" | "analyse" | "predict" | "export", *_]:
            assert main(words) == 0
        case ["serve", *_]:
            # That it answers is tested elsewhere; here, that it would begin to.
            monkeypatch.setattr("ablate.serving.server.serve", lambda app, listening: listening.close())
            assert main([*words, "--port", "0"]) == 0
        case ["-m", *_]:
            assert main(["plan", *words]) == 0
        case ["plan", *rest] | rest:
            # Training is tested elsewhere; here, that the words mean something.
            real = [word for word in rest if not word.startswith(("dataset=mnist", "data_dir="))]
            # In a store of its own: under the name of the study that is kept here, another one would be refused.
            assert main(["plan", *real, "results_dir=elsewhere"]) == 0
    assert capsys.readouterr().out or words[0] == "report"


@pytest.mark.parametrize(
    "code", [code for page in (README, CONTRIBUTING) for code in blocks("python", page) if not is_file(code)]
)
def test_the_code_runs_and_prints_what_stands_beside_it(code, tmp_path):
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout
    said = re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert said in ([], done.stdout.splitlines())


def test_a_model_and_a_question_of_ones_own(tmp_path):
    assert f"`ablate {OWN}`" in README
    for code in [*blocks("python"), *blocks("yaml")]:
        if is_file(code):
            file = tmp_path / code.partition("\n")[0].removeprefix("# ")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(code)
    command = [sys.executable, "-m", "ablate", *OWN.split(), "sweep.seeds=1", "training.epochs=1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "width=256" in (tmp_path / "reports" / "widths" / "report.md").read_text()


@pytest.mark.parametrize("page", PAGES)
def test_every_file_it_links_to_is_there(page):
    links = re.findall(r"\]\((?!http|#)([^)#]+)", (ROOT / page).read_text())
    assert links or page == "CONTRIBUTING.md"
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_it_has_a_line_for_every_verb():
    first = [line.split("|")[1] for line in README.splitlines() if line.startswith("| `")]
    assert set(VERBS) <= {verb for cell in first for verb in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("group", choices.groups())
def test_every_choice_stands_in_the_page_that_it_links_to(group):
    assert "(conf/README.md)" in README
    page = (ROOT / "conf" / "README.md").read_text()
    [table] = re.findall(rf"^\| {group} \| \|\n\|---\|---\|\n((?:\|.*\n)*)", page, re.MULTILINE)
    assert table.splitlines() == [*choices.rows(group)]  # python tests/choices.py prints them


def test_a_wrong_choice_is_answered_with_the_right_ones(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "`ablate plan model=?`" in README
    assert main(["plan", "model=?"]) == 2
    said = capsys.readouterr().err
    assert [leaf.stem for leaf in (choices.CONF / "model").glob("*.yaml") if leaf.stem not in said] == []


def test_what_held_is_what_the_report_says():
    link = "reports/mnist_dynamics/conclusions.md"
    counts = re.search(
        rf"Of (\d+) conclusions .*\[(\d+) held, (\d+) did not\]\({link}\), (\d+) made no difference that matters and "
        r"(\d+) were not resolved",
        " ".join(README.split()),
    )
    assert counts
    tested, held, refuted, alike, unresolved = counts.groups()
    said = (
        f"Of {tested} conclusions tested, {held} held, {refuted} did not hold, {alike} made no difference that matters"
    )
    assert (ROOT / link).read_text().startswith(f"{said} and {unresolved} were not resolved.")
