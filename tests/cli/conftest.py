"""The command line in this process, in an empty folder, with what it prints taken apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ablate.cli import main
from tests.config.conftest import remember_compositions

__all__ = ["remember_compositions"]


class Said(NamedTuple):
    code: int
    out: str
    err: str


Ablate = Callable[..., Said]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: empty."""
    monkeypatch.chdir(tmp_path)
    for name in ("ABLATE_DATA_DIR", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def ablate(folder: Path, capsys: pytest.CaptureFixture[str]) -> Ablate:
    """Runs a command line given as words, and says what came of it."""

    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main(words)
        return Said(code, *capsys.readouterr())

    return run
