"""Writes the stores of this folder that are missing: one small study, trained and kept by the code of each version.

    python tests/data/stores/make.py

A store is made by the code of a commit, which is taken from git's history. Whoever raises `SCHEMA_VERSION`,
`RUN_FORMAT`, `PLAN_FORMAT` or changes the layout of anything else in a store adds a row here, runs this, and commits
what it wrote; nothing that is there is written again. It trains with TensorFlow, for half a minute a store.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

STORES = Path(__file__).parent
CHECKOUT = STORES.parents[2]
# Name → the commit, None for the code of this checkout; and what is asked for beyond the sweep.
VERSIONS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    # The first command line. Its tables have no verdicts.
    "first": ("6c065ef", ()),
    # Sweeps with designs, claims, scales, seeds for confirmation.
    "designs": (
        "2c41c6f",
        (
            *("sweep.confirm=1", "sweep.scale=raw", "sweep.alpha=0.1", "sweep.margin=0.05"),
            'sweep.claims=["learning_rate=0.1 < learning_rate=0.01 on val_loss"]',
        ),
    ),
    # Artefacts beside the record; the last of the records of schema 1, and of the plans that do not say their format.
    "artefacts": ("c4e4a71", ("keep=[weights,step_losses,jitter,dead_units]",)),
    # Records of schema 2 say their run format; plans say their format.
    "run_format": (None, ("keep=[weights,jitter]",)),
}


def main() -> None:
    for name, (commit, words) in VERSIONS.items():
        if not (STORES / name).exists():
            with tempfile.TemporaryDirectory() as folder:
                make(name, CHECKOUT if commit is None else checked_out(commit, Path(folder, "code")), words, folder)


def checked_out(commit: str, folder: Path) -> Path:
    """The code of a commit, in a folder of its own."""
    archive = subprocess.run(["git", "archive", commit], cwd=CHECKOUT, check=True, capture_output=True).stdout
    folder.mkdir()
    subprocess.run(["tar", "-x"], cwd=folder, input=archive, check=True)
    return folder


def make(name: str, code: Path, words: tuple[str, ...], folder: str) -> None:
    """Trains the study with this code, and keeps its store under this name, without its locks."""
    command = ["+sweep=rates", f"--config-dir={STORES / 'conf'}", "executor.workers=1", *words]
    environment = {**os.environ, "PYTHONPATH": str(code), "CUDA_VISIBLE_DEVICES": "-1"}
    subprocess.run([sys.executable, "-m", "ablate", *command], cwd=folder, env=environment, check=True)
    shutil.copytree(Path(folder, "results"), STORES / name, ignore=shutil.ignore_patterns(".*", "claims"))


if __name__ == "__main__":
    main()
