"""The commit and the patch of the code that ran: what git applies gives it again, and nothing here can fail a run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ablate.core.identity import sha256_of_bytes
from ablate.runner import provenance
from ablate.runner.provenance import checkout_of, recorded_provenance


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@b.c")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path) -> Path:
    folder = tmp_path / "tree"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "model.py").write_text("rate = 1\n")
    (folder / "picture.bin").write_bytes(b"\x00\x01")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


@pytest.fixture(autouse=True)
def asked_anew():
    provenance._checkouts.cache_clear()
    yield
    provenance._checkouts.cache_clear()


def state(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_clean_tree_is_its_commit(tree):
    found = checkout_of(tree / "mine")
    assert (found.commit, found.patch, found.left_out) == (git(tree, "rev-parse", "HEAD"), None, None)


def test_the_patch_applied_to_the_commit_is_the_code_that_ran(tree, tmp_path):
    (tree / "mine" / "model.py").write_text("rate = 2\n")
    (tree / "picture.bin").write_bytes(b"\x00\x02")
    (tree / "mine" / "new.py").write_text("staged = True\n")
    git(tree, "add", "mine/new.py")
    (tree / "conf with spaces").mkdir()
    (tree / "conf with spaces" / "leaf.yaml").write_text("a: 1\n")
    before = git(tree, "status", "--porcelain"), git(tree, "count-objects")
    found = checkout_of(tree)
    # The user's index is as it was, and so is what git keeps.
    assert (git(tree, "status", "--porcelain"), git(tree, "count-objects")) == before
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(tree), str(clone))
    git(clone, "checkout", "--quiet", found.commit)
    subprocess.run(["git", "apply"], cwd=clone, input=found.patch, check=True)
    assert state(clone) == state(tree)


def test_data_and_large_files_that_git_does_not_know_are_nobody_s_business(tree):
    (tree / "patients.csv").write_text("name\n")
    (tree / "large.py").write_text("#" * (provenance.UNTRACKED_BYTES + 1))
    (tree / "gone.py").symlink_to(tree / "nowhere")
    patch = checkout_of(tree).patch
    assert b"gone.py" in patch
    assert b"patients" not in patch
    assert b"large.py" not in patch


def test_a_patch_that_is_too_large_is_left_out_and_said(tree, monkeypatch):
    monkeypatch.setattr(provenance, "PATCH_BYTES", 100)
    (tree / "mine" / "model.py").write_text("rate = 2\n" * 100)
    assert checkout_of(tree).to_json() == {
        "commit": git(tree, "rev-parse", "HEAD"),
        "patch": None,
        "left_out": "larger than 100 bytes",
    }


def test_no_tree_no_commit_no_git_and_no_time_are_no_errors(tree, tmp_path, monkeypatch):
    assert checkout_of(tmp_path) is None
    git(tmp_path, "init", "--quiet", "empty")
    assert checkout_of(tmp_path / "empty") is None
    monkeypatch.setattr(provenance, "GIT_SECONDS", 0.0)
    assert checkout_of(tree) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(provenance, "GIT_SECONDS", 10.0)
    assert checkout_of(tree) is None


def test_a_tree_s_own_programs_are_not_run_and_a_hook_s_variables_not_followed(tree, tmp_path, monkeypatch):
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    for setting in ("core.fsmonitor", "diff.external", "diff.evil.textconv"):
        git(tree, "config", setting, str(trap))
    (tree / ".gitattributes").write_text("*.py diff=evil\n")
    (tree / "mine" / "model.py").write_text("rate = 2\n")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert b"rate = 2" in checkout_of(tree).patch
    assert not (tmp_path / "sprung").exists()


def test_records_name_the_patch_which_is_kept_once(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tree)
    (tree / "mine" / "model.py").write_text("rate = 3\n")
    results = tmp_path / "results"
    told = recorded_provenance(["+sweep=a", "dataset.path=/home/me/c.csv", "data_dir=/d"], results)
    assert told["argv"] == ["+sweep=a", "dataset.path=c.csv"]
    assert told["git"]["here"]["commit"] == git(tree, "rev-parse", "HEAD")
    name = told["git"]["here"]["patch"]
    content = (results / "patches" / f"{name}.patch").read_bytes()
    assert sha256_of_bytes(content) == name
    assert b"+rate = 3" in content
    (tree / "mine" / "model.py").write_text("rate = 4\n")  # while the command runs
    assert recorded_provenance([], results) == {**told, "argv": []}


def test_the_tree_of_the_package_is_told_once(monkeypatch, tmp_path):
    package = Path(provenance.ablate.__file__).parent
    monkeypatch.chdir(package.parent)
    told = recorded_provenance([], tmp_path)["git"]
    if told is not None:  # an installation has none
        assert list(told) == ["ablate"]


def test_a_package_that_its_tree_does_not_know_is_not_that_tree(tree, tmp_path, monkeypatch):
    (tree / ".gitignore").write_text("venv\n")
    (tree / "venv").mkdir()
    (tree / "venv" / "__init__.py").write_text("")
    monkeypatch.setattr(provenance.ablate, "__file__", str(tree / "venv" / "__init__.py"))
    monkeypatch.chdir(tmp_path)
    assert recorded_provenance([], tmp_path)["git"] is None


def test_a_results_folder_that_cannot_be_written_is_not_noticed_here(tree, tmp_path, monkeypatch):
    monkeypatch.chdir(tree)
    (tree / "mine" / "model.py").write_text("rate = 5\n")
    (tmp_path / "file").write_text("")
    assert len(recorded_provenance([], tmp_path / "file")["git"]["here"]["patch"]) == 64
