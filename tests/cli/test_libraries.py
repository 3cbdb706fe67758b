"""What other libraries log and warn of stays off the terminal: the verbs that import TensorFlow in their own process,
each as a process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ABLATE = [sys.executable, "-m", "ablate"]
RUN = ["dataset=digits", "model.hidden=[8]", "training.epochs=1", "numerics.engine=graph", "keep=[weights]"]
LINES_OF_A_RUN = (
    r"run: 1 run, 1 to train .*",
    "starting",
    "compiling",
    r"\[1/1\] .* completed .*",
    r"1 completed in .*",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was trained in the command's own process, and what that said."""
    folder = tmp_path_factory.mktemp("quiet")
    done = told(folder, *RUN, "executor=inline")
    (folder / "said").write_text(done.stderr)
    return folder


def told(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_CPP")}
    done = subprocess.run([*ABLATE, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done


def the_run(folder: Path) -> str:
    return next(folder.glob("results/runs/??/*")).name


def test_a_run_in_this_process(place: Path) -> None:
    lines = (place / "said").read_text().splitlines()
    assert len(lines) == len(LINES_OF_A_RUN)
    for line, expected in zip(lines, LINES_OF_A_RUN, strict=True):
        assert re.fullmatch(expected, line)


@pytest.mark.parametrize("form", ["h5", "tensorboard"])
def test_an_export(form: str, place: Path) -> None:
    done = told(place, "export", the_run(place), "--format", form, "--out", form)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_an_interpolation(place: Path) -> None:
    told(place, *RUN, "executor=inline", "seed=1")
    runs = (folder.name for folder in place.glob("results/runs/??/*"))
    assert told(place, "interpolate", *runs).stderr == ""


def test_what_libraries_log_is_shown_to_whoever_asks(place: Path) -> None:
    done = told(place, "export", the_run(place), "--format", "h5", "--out", "again", "--debug")
    assert "HDF5 file" in done.stderr
