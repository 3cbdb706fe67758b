"""What the backend says by itself, in a process that was told to be quiet, and in a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ablate.core.backend import TENSORFLOW
from ablate.runner import process
from ablate.runner.quiet import quiet_backend

# A log line of the C++ side while it is imported, in place of TensorFlow's own, which depend on the machine.
CHATTY = "import os, sys; os.write(2, b'I0000 oneDNN is on'); print('loaded')"


@pytest.fixture
def chatty(tmp_path: Path) -> dict[str, str]:
    """An environment in which the backend is a module that talks while it is imported."""
    (tmp_path / f"{TENSORFLOW.distribution}.py").write_text(CHATTY)
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}


def told(code: str, environment: dict[str, str]) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_quiet_process_hears_nothing_of_an_import_and_everything_after_it(chatty: dict[str, str]) -> None:
    imported = f"import os, {TENSORFLOW.distribution}; os.write(2, b'F0000 check failed')"
    assert told(imported, chatty) == (0, "loaded\n", "I0000 oneDNN is onF0000 check failed")
    quiet = "from ablate.runner.quiet import quiet_backend; quiet_backend(); quiet_backend(); "
    assert told(quiet + imported, chatty) == (0, "loaded\n", "F0000 check failed")


def test_an_import_that_fails_says_why(chatty: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / f"{TENSORFLOW.distribution}.py").write_text("raise ImportError('libcuda is another')")
    code, _, err = told(
        f"from ablate.runner.quiet import quiet_backend; quiet_backend(); import {TENSORFLOW.distribution}", chatty
    )
    assert code == 1
    assert err.endswith("ImportError: libcuda is another\n")


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in TENSORFLOW.quiet_variables:
        monkeypatch.setenv(name, "1")
        quiet_backend()
        assert os.environ[name] == "1"


def test_a_worker_says_everything_for_its_output_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}

    def start(_: list[str], env: dict[str, str], **__: object) -> object:
        given.update(env)
        return object()

    for name, value in TENSORFLOW.quiet_variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(subprocess, "Popen", start)
    _, connection = process._start({"OMP_NUM_THREADS": "1"})
    connection.close()
    assert TENSORFLOW.talkative_variables.items() <= given.items()
