"""Targets that have moved: a copy of the package in which code really stands elsewhere, and the table beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ablate.config import moved_targets
from ablate.config.building import build, is_target, locate, spec_problems, with_stored_paths
from ablate.config.problems import ConfigError
from ablate.core.specs import Component, RunSpec
from tests import requests
from tests.config.support import CHECKOUT, load_run, write

# What the copy moves: a file to a package that no config may name, and a whole module to another name.
FILES = {
    "ablate/models/mlp.py": "ablate/networks/dense.py",
    "ablate/training/schedules.py": "ablate/training/rates.py",
}
MLP, MOVED_MLP = "ablate.models.mlp.mlp", "ablate.networks.dense.mlp"
SCHEDULES = ("constant", "geometric", "per_epoch")
ROWS = {MLP: MOVED_MLP, **{f"ablate.training.schedules.{name}": f"ablate.training.rates.{name}" for name in SCHEDULES}}
GOLDEN = "286713e7407a14a8bad7638eb24490fe055d1afff173ad19cb358d34485183b7"
# Leaves of a user, updated to where the code is now; the second names a moved target inside another.
UPDATED = {"model/mlp": "conf/model/dense.yaml", "schedule/per_epoch": "conf/schedule/by_epoch.yaml"}

# Prints the ids, in this order, and what is wrong with an argument under either name.
PLAN = """
import json, pathlib, sys
from tests.config.support import load_run, problems, tree
here = tree(pathlib.Path.cwd())
ids = [load_run(words, here).run_id for words in json.loads(sys.argv[1])]
wrong = [problems(words, here) for words in json.loads(sys.argv[2])]
assert not {"tensorflow", "keras"} & set(sys.modules)
print(json.dumps([ids, wrong]))
"""

# Prints where the model's code is, and the bits of a run of each spec.
TRAIN = """
import hashlib, json, sys
from ablate.config.building import locate, spec_problems
from ablate.storage.npz import pack
from ablate.runner.trainer import Trainer
from ablate.core.specs import RunSpec
specs = [RunSpec.from_json(spec) for spec in json.load(sys.stdin)]
assert not [problem for spec in specs for problem in spec_problems(spec, ())]
trainer = Trainer(None, specs[0].numerics)
runs = [trainer.train(spec, lambda epoch, epochs, metrics: None) for spec in specs]
bits = [hashlib.sha256(pack(run.arrays)).hexdigest() for run in runs]
print(json.dumps([locate(specs[0].model.target).__module__, [str(run.record.status) for run in runs], bits]))
"""

# Prints which of the targets can be located.
LOCATE = """
import json, sys
from ablate.config.building import locate
from ablate.config.problems import ConfigError
def is_there(target):
    try:
        return bool(locate(target))
    except ConfigError:
        return False
print(json.dumps([is_there(target) for target in json.loads(sys.argv[1])]))
"""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the code has moved and the table says so, with the leaves that a user updated."""
    folder = tmp_path_factory.mktemp("moved")
    for name in ("ablate", "conf"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for old, new in FILES.items():
        (folder / new).parent.mkdir(exist_ok=True)
        (folder / old).rename(folder / new)
    fit = folder / "ablate/training/fit.py"
    fit.write_text(fit.read_text().replace("import schedules\n", "import rates as schedules\n"))
    with (folder / "ablate/config/moved_targets.py").open("a") as table:
        table.write(f"\nMOVED = {ROWS!r}\n")
    for leaf, updated in UPDATED.items():
        text = (CHECKOUT / "conf" / f"{leaf}.yaml").read_text()
        for old, new in ROWS.items():
            text = text.replace(f"{old}\n", f"{new}\n")
        assert not any(old in text for old in ROWS)
        write(folder / "user", {updated: text})
    return folder


def said(script: str, package: Path, words: tuple[str, ...] = (), fed: str = "", current: Path = CHECKOUT) -> Any:
    """What a script prints whose `ablate` is that in the folder `package`."""
    path = f"import sys; sys.path[:0] = {[str(package), str(CHECKOUT)]!r}\n"
    command = [sys.executable, "-c", path + script, *words]
    done = subprocess.run(command, cwd=current, input=fed, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_either_path_gives_the_ids_from_before_the_move(moved: Path) -> None:
    stored = ["", "model=mlp", "schedule=per_epoch", "schedule=per_epoch schedule.rule.decay=0.5"]
    updated = [
        *(f"model._target_={MOVED_MLP}", "model=dense", "model=dense schedule=by_epoch"),
        "schedule=by_epoch schedule.rule.decay=0.5",
    ]
    before = [load_run(words).run_id for words in stored]
    assert before[:2] == [GOLDEN, GOLDEN]
    assert len(set(before)) == 3
    after, _ = said(PLAN, moved, (json.dumps([*stored, *updated]), "[]"), current=moved / "user")
    assert after == [*before, *before]


def test_arguments_are_checked_under_either_path(moved: Path) -> None:
    asked = ["+model.hiden=[3]", "model=dense +model.hiden=[3]", "schedule=by_epoch +schedule.rule.decai=1"]
    _, wrong = said(PLAN, moved, ("[]", json.dumps(asked)), current=moved / "user")
    assert wrong == [
        [["model.hiden", [3], "model.hidden"]],
        [["model.hiden", [3], "model.hidden"]],
        [["schedule.rule.decai", 1, "schedule.rule.decay"]],
    ]


def test_a_stored_spec_trains_to_the_same_bits_under_either_path(moved: Path) -> None:
    spec = requests.spec("training.epochs=1", "model.hidden=[4]", "schedule=per_epoch")
    assert (spec.model.target, spec.schedule.target) == (MLP, "ablate.training.schedules.per_epoch")
    stored = json.dumps(spec.to_json())
    elsewhere = stored
    for old, new in ROWS.items():
        elsewhere = elsewhere.replace(f'"{old}"', f'"{new}"')
    assert spec_problems_of(stored) == 0 < spec_problems_of(elsewhere)
    module, statuses, (bits,) = said(TRAIN, CHECKOUT, fed=f"[{stored}]")
    assert (module, statuses) == ("ablate.models.mlp", ["completed"])
    assert said(TRAIN, moved, fed=f"[{stored}, {elsewhere}]") == [
        *("ablate.networks.dense", ["completed", "completed"]),
        [bits, bits],
    ]


def spec_problems_of(text: str) -> int:
    return len(list(spec_problems(RunSpec.from_json(json.loads(text)), ())))


def test_a_move_opens_no_door_to_what_else_stands_there(moved: Path) -> None:
    refused = [
        *("ablate.networks.dense.L2", "ablate.networks.dense.keras", "ablate.networks.dense.Dropout"),
        *("ablate.networks.dense.mlp.__globals__", "ablate.networks.dense", "ablate.networks.mlp"),
        *(f"{MOVED_MLP}\n", f"{MLP}.__call__", "ablate.models.mlp.L2", "ablate.training.rates.np"),
        *("os.system", "ablate.storage.atomic.discard", "ablate.config.moved_targets.current_path"),
    ]
    there = said(LOCATE, moved, (json.dumps([MLP, MOVED_MLP, *ROWS, *refused]),))
    assert there == [True] * (2 + len(ROWS)) + [False] * len(refused)


def test_both_paths_build_the_same_from_the_new_place(monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = "ablate.training.options.Limit", "ablate.training.settings.Clip"
    monkeypatch.setattr(moved_targets, "MOVED", {old: new})
    assert build(Component(old, {"norm": 2})) == build(Component(new, {"norm": 2.0}))
    assert locate(old) is locate(new)
    nested = {"a": [{"_target_": new, "b": {"_target_": new}}], "c": {"_target_": None}, "d": new, "e": {"_target_": 3}}
    assert with_stored_paths(nested) == {**nested, "a": [{"_target_": old, "b": {"_target_": old}}]}
    assert list(with_stored_paths({"b": 1, "_target_": new, "a": 2})) == ["b", "_target_", "a"]  # type: ignore[arg-type]


class TestTheTable:
    def test_each_of_its_rows_leads_somewhere(self) -> None:
        assert list(wrong_rows(moved_targets.MOVED)) == []

    @pytest.mark.parametrize(
        "rows",
        [
            {MLP: "ablate.networks.dense.mlp"},  # is not there
            {MLP: "ablate.models.mlp.perceptron"},
            {"ablate.storage.atomic.discard": "ablate.models.mlp.mlp"},  # could not be named before
            {"ablate.models.old.mlp": "os.system"},
            {"ablate.models.old": "ablate.models.mlp"},  # a module
            {"ablate.models.old.mlp": MLP, "ablate.models.older.mlp": MLP},  # which one is hashed?
            {"ablate.models.older.mlp": "ablate.models.old.mlp", "ablate.models.old.mlp": MLP},
            {MLP: MLP},
            {"ablate.models.cnn.cnn": MLP},  # something else is at the old place
        ],
    )
    def test_a_row_that_does_not_is_found(self, rows: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(moved_targets, "MOVED", rows)
        assert len(list(wrong_rows(rows))) >= 1

    def test_a_right_one_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rows = {"ablate.models.old.mlp": MLP, "ablate.training.old.Clip": "ablate.training.settings.Clip"}
        monkeypatch.setattr(moved_targets, "MOVED", rows)
        assert list(wrong_rows(rows)) == []


def wrong_rows(rows: Mapping[str, str]) -> Iterator[str]:
    """The stored paths of the rows that the table must not have."""
    for stored, current in rows.items():
        is_one_move = current not in rows and list(rows.values()).count(current) == 1
        if not is_one_move or not is_target(stored, ()) or not _is_moved(stored, current):
            yield stored


def _is_moved(stored: str, current: str) -> bool:
    """Whether the target is where the row says, and nothing else is where it was."""
    try:
        found = locate(current)
    except ConfigError:
        return False
    module, _, name = stored.rpartition(".")
    try:
        return getattr(import_module(module), name, found) is found
    except ModuleNotFoundError:
        return True
