"""The page about anybody's tables: its commands work, and print what stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ablate.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ablate" / "tables" / "README.md").read_text()
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LEFT_OUT = re.compile(r"^…$\n?", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    language: str
    file: str
    text: str


@dataclass(frozen=True)
class Shown:
    """Command lines, and what stands below them; empty where nothing does."""

    lines: tuple[str, ...]
    output: str


BLOCKS = [Block(*found) for found in BLOCK.findall(PAGE)]
SHOWN = [
    Shown(tuple(block.text.splitlines()), after.text if after.language == "text" else "")
    for block, after in zip(BLOCKS, [*BLOCKS[1:], Block("", "", "")], strict=True)
    if block.language == "sh"
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page reads of a checkout, and the tables that it makes."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("reports", "tests"):
        (folder / name).symlink_to(ROOT / name)
    for block in BLOCKS:
        if block.file:
            (folder / block.file).write_text(block.text)
        if block.language == "python":
            subprocess.run([sys.executable, "-c", block.text], cwd=folder, check=True, capture_output=True)
    return folder


def test_the_page_shows_the_verbs_that_read_tables() -> None:
    first = [shlex.split(line)[1] for shown in SHOWN for line in shown.lines]
    assert {verb: first.count(verb) for verb in first} == {"analyse": 8, "gate": 3, "plan": 1}
    assert len([shown for shown in SHOWN if shown.output]) == 8
    assert [block.file for block in BLOCKS if block.file] == ["classifiers.csv"]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.lines[0])
def test_a_command_prints_what_stands_below_it(
    shown: Shown, checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(checkout)
    printed = ""
    for line in shown.lines:
        command, _, code = line.partition("  # exit code ")
        assert main(shlex.split(command)[1:]) == int(code or 0)
        said = capsys.readouterr()
        printed += said.err + said.out
    # Blanks at the ends of lines are none that a page keeps.
    printed = "\n".join(map(str.rstrip, printed.splitlines())).rstrip() + "\n"
    if shown.output:
        pieces = map(re.escape, LEFT_OUT.split(shown.output))
        assert re.fullmatch(r"(?:.*\n)*?".join(pieces), printed), printed


ALIKE, WORSE, OPEN = [0.001, 0.0, -0.001, 0.0], [-0.1, -0.11, -0.1, -0.1], [0.1, -0.1, 0.0, 0.1]
[BEARING] = re.findall(r"end the line in `(.*?)`", PAGE)


@pytest.mark.parametrize(
    ("gained", "ending", "code"),
    [(ALIKE, "", 0), (WORSE, "", 7), (OPEN, "", 6), (WORSE, BEARING, 1), (OPEN, BEARING, 0)],
)
def test_the_step_of_a_workflow_fails_where_it_should(
    gained: list[float], ending: str, code: int, tmp_path: Path
) -> None:
    """By the shell that GitHub runs a step with."""
    [[step]] = [yaml.safe_load(block.text) for block in BLOCKS if block.language == "yaml"]
    for name, values in (("base", [0.0] * 4), ("new", gained)):
        rows = [f"{seed},{0.8 + seed / 100 + value:.3f}" for seed, value in enumerate(values)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["seed,accuracy", *rows]))
    summary = tmp_path / "summary.md"
    done = subprocess.run(
        ["bash", "-e", "-c", f'ablate() {{ {shlex.quote(sys.executable)} -m ablate "$@"; }}\n{step["run"]} {ending}'],
        cwd=tmp_path,
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(summary)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == code, done.stderr
    assert "accuracy" in summary.read_text()
