"""What `pip install` gives: the wheel, installed alone into a fresh environment, used from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def run(*arguments: str | Path, folder: Path) -> str:
    # A PYTHONPATH to a checkout would be found before the wheel.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(list(map(str, arguments)), cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps"]
    run(*pip, "--wheel-dir", folder, ROOT, folder=folder)
    [built] = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The bin/ of a fresh environment with the wheel in it; everything else it finds in this one's site-packages."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=True)
    bin_folder = folder / "bin"
    run(bin_folder / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, folder=folder)
    # Read as a plain path, so that the .pth files in there, an editable ablate among them, are not followed.
    [site_packages] = folder.glob("lib/python*/site-packages")
    (site_packages / "others.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return bin_folder


def test_it_holds_the_package_the_configs_and_the_experiments(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"ablate/py.typed", "ablate/conf/config.yaml", "ablate/conf/sweep/optimizers.yaml"} <= names
    assert {f"ablate/web/assets/uPlot/{name}" for name in ("LICENSE", "uPlot.iife.min.js", "uPlot.min.css")} <= names
    assert any(name.startswith("ablate/experiments/") and name.endswith("study.yaml") for name in names)
    assert not any(name.startswith(("tests/", "conf/", "experiments/", "reports/")) for name in names)


def test_its_console_script_runs_a_sweep_from_an_empty_folder(installed, tmp_path):
    where = run(installed / "python", "-c", "import ablate; print(ablate.__file__)", folder=tmp_path)
    assert str(installed.parent) in where
    words = ["+sweep=dropout", "sweep.factors.model.dropout=[0.0,0.5]", "sweep.seeds=1", "training.epochs=1"]
    out = run(installed / "ablate", *words, folder=tmp_path)
    assert "report  reports/dropout/report.md" in out
    assert (tmp_path / "reports" / "dropout" / "report.md").is_file()
    assert run(installed / "ablate", "--version", folder=tmp_path).startswith("ablate ")
