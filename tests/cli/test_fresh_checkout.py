"""What stands in results/ and reports/ of a fresh checkout: two texts, which no verb takes for a part of a store."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ablate.operations.fsck import fsck
from ablate.storage.garbage import stored_items
from ablate.storage.studies import study_names
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.synthetic import completed_runs, optimizer_sweep

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "results" / "README.md"
SWEEP = optimizer_sweep(seeds=1)
VERBS = ("list", "list runs", "fsck", "gc", "gc --remove --lone-runs")


@pytest.fixture
def results(folder: Path) -> Path:
    """The results folder of a checkout, in which a study has been kept."""
    results = folder / "results"
    keep(results, SWEEP, completed_runs(SWEEP))
    shutil.copy(README, results)
    return results


@pytest.mark.parametrize("words", [*VERBS, "watch --once"])
def test_a_verb_says_the_same_with_the_text_and_without(words: str, ablate: Ablate, results: Path) -> None:
    said = ablate(*words.split())
    text = results / README.name
    assert text.read_bytes() == README.read_bytes()
    assert README.name not in said.out + said.err
    text.unlink()
    assert ablate(*words.split()) == said


@pytest.mark.parametrize("words", [*VERBS, "fsck --repair", "doctor --skip-training"])
def test_a_folder_that_holds_the_text_alone_is_sound(
    words: str, ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))
    (folder / "results").mkdir()
    shutil.copy(README, folder / "results")
    said = ablate(*words.split())
    assert said.code == 0, said.err
    assert README.name not in said.out + said.err
    assert (folder / "results" / README.name).read_bytes() == README.read_bytes()


def test_it_is_neither_a_part_of_a_store_nor_a_stray(results: Path) -> None:
    assert results / README.name not in [each.path for each in stored_items(results)]
    assert list(study_names(results)) == ["optimizers"]
    # Elsewhere the name means nothing.
    shutil.copy(README, results / "studies")
    strays = [finding.path for finding in fsck(results).findings if finding.path.name == README.name]
    assert strays == [Path("studies") / README.name]


def test_every_command_that_the_texts_name_is_one(ablate: Ablate) -> None:
    for text in (README, ROOT / "reports" / "README.md"):
        commands = re.findall(r"^ablate ([a-z]+)|`ablate ([a-z]+)", text.read_text(), flags=re.MULTILINE)
        assert len(commands) >= 2
        for first, second in commands:
            assert ablate(first or second, "--help").code == 0


def test_git_keeps_the_text_and_nothing_else_that_is_computed(tmp_path: Path) -> None:
    kept = {"results/README.md", "reports/README.md", "reports/mnist_dynamics/report.md"}
    computed = {"results/runs/aa/b/record.json", "results/studies/x/README.md", "results/notes", "reports/x/report.md"}
    shutil.copy(ROOT / ".gitignore", tmp_path)
    for name in kept | computed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    listed = ["git", "ls-files", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert set(done.stdout.split()) == kept | {".gitignore"}
