"""Who trains, as a user names them: a leaf of their own, allowed by themselves, never imported by a plan."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ablate.config.building import package_digest
from ablate.config.problems import ConfigError
from ablate.core.specs import Component
from tests.config.support import load, load_run, load_sweep, problems, tree, write

# What imports it fails.
CODE = """
raise ImportError("imported")

class Trainer:
    def __init__(self, data_dir, numerics, rounds):
        pass
"""
LEAF = "# Mine.\n_target_: own_trainer.Trainer\nrounds: 3\n"
ALLOWED = ("own_trainer",)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a trainer in it, and a leaf for it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return write(tmp_path, {"own_trainer.py": CODE, "conf/trainer/own.yaml": LEAF})


def test_the_usual_one_is_no_part_of_a_spec() -> None:
    assert load_run("").trainer is None
    assert load_run("trainer=gradient_tape").run_id == load_run("").run_id


def test_ones_own_is_with_its_settings_and_its_sources(folder: Path) -> None:
    here = tree(folder, allow=ALLOWED)
    run = load_run("trainer=own", here)
    assert run.trainer == Component("own_trainer.Trainer", {"rounds": 3})
    assert run.code == {"own_trainer": package_digest("own_trainer")}
    again = load_run("trainer=own trainer.rounds=4", here)
    (folder / "own_trainer.py").write_text(CODE + "\n")
    changed = load_run("trainer=own", tree(folder, allow=ALLOWED))
    assert len({load_run("").run_id, run.run_id, again.run_id, changed.run_id}) == 4
    assert len({load_run("").program_id, run.program_id, again.program_id, changed.program_id}) == 4
    assert "own_trainer" not in sys.modules


def test_it_can_be_what_a_sweep_varies(folder: Path) -> None:
    question = "question: Whose?\nfactors: {trainer: [gradient_tape, own]}\nbaseline: {trainer: gradient_tape}\n"
    write(
        folder, {"conf/sweep/whose.yaml": f"{question}design: one_factor\nseeds: 2\nmetric: val_loss\nmargin: null\n"}
    )
    sweep = load_sweep("+sweep=whose", tree(folder, allow=ALLOWED))
    assert [arm.spec.trainer and arm.spec.trainer.target for arm in sweep.arms] == [None, "own_trainer.Trainer"]


def test_it_has_to_be_allowed_and_its_settings_have_to_be_there(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"trainer\._target_=own_trainer\.Trainer: allowed is"):
        load("trainer=own", tree(folder))
    assert problems("trainer=own +trainer.round=4", tree(folder, allow=ALLOWED)) == [
        ("trainer.round", 4, "trainer.rounds")
    ]
    assert problems("trainer._target_=os.system")
    assert "own_trainer" not in sys.modules
