import os
import subprocess
import sys

import pytest

from ablate.core.specs import Numerics
from ablate.runner import compiled
from ablate.runner.compiled import FLAGS, compiled_programs
from ablate.storage.npz import unpack
from tests.damage import ODDITIES

XLA = Numerics("cpu", "xla", 1)
# Trains one short run and writes its arrays.
TRAIN = """
import sys
from ablate.runner.trainer import Trainer
from ablate.core.specs import Numerics
from ablate.storage.npz import pack
from tests.requests import spec
run = Trainer(None, Numerics("cpu", "xla", 1)).train(
    spec("training.epochs=1", "model.hidden=[5]", "model.dropout=0.2"), lambda *told: None
)
open(sys.argv[1], "wb").write(pack(run.arrays))
"""


@pytest.fixture(autouse=True)
def no_flags(monkeypatch):
    monkeypatch.delenv(FLAGS, raising=False)


def folder_in(environment: dict[str, str]) -> str:
    return environment[FLAGS].partition("=")[2]


def test_the_folder_depends_on_what_an_executable_depends_on(tmp_path, monkeypatch):
    folders = {folder_in(compiled_programs(XLA, tmp_path)), folder_in(compiled_programs(XLA, tmp_path))}
    assert len(folders) == 1
    folders.add(folder_in(compiled_programs(Numerics("cpu", "xla", 2), tmp_path)))
    monkeypatch.setattr(compiled, "_processor", lambda: "another")
    folders.add(folder_in(compiled_programs(XLA, tmp_path)))
    monkeypatch.setattr(compiled, "version", lambda package: "another")
    folders.add(folder_in(compiled_programs(XLA, tmp_path)))
    assert len(folders) == 4


def test_folders_of_other_boots_and_too_large_ones_are_removed(tmp_path, monkeypatch):
    first = compiled.Path(folder_in(compiled_programs(XLA, tmp_path)))
    (first / "program.pb").write_bytes(b"x" * 10)
    assert folder_in(compiled_programs(XLA, tmp_path)) == str(first)
    assert (first / "program.pb").is_file()
    monkeypatch.setattr(compiled, "MOST_BYTES", 5)
    compiled_programs(XLA, tmp_path)
    assert not (first / "program.pb").exists()
    monkeypatch.setattr(compiled, "boot_id", lambda: "the next one")
    assert folder_in(compiled_programs(XLA, tmp_path)) != str(first)
    assert not first.exists()


def test_nothing_is_kept_where_it_cannot_be(tmp_path, monkeypatch):
    assert compiled_programs(Numerics("cpu", "graph", 1), tmp_path) == {}
    (tmp_path / "file").write_text("")
    assert compiled_programs(XLA, tmp_path / "file") == {}
    monkeypatch.setenv(FLAGS, "--tf_xla_auto_jit=2")
    assert compiled_programs(XLA, tmp_path) == {}


def test_a_program_that_was_found_gives_the_same_bits_as_one_that_was_compiled(tmp_path):
    environment = {**os.environ, **compiled_programs(XLA, tmp_path)}
    folder = compiled.Path(folder_in(environment))
    arrays = []
    for name in ("compiled", "found"):
        file = tmp_path / f"{name}.npz"
        subprocess.run([sys.executable, "-c", TRAIN, file], env=environment, check=True, capture_output=True)
        arrays.append(file.read_bytes())
        assert len(list(folder.glob("*.pb"))) == 1
    assert arrays[0] == arrays[1]
    assert "history/val_loss" in unpack(arrays[0])


@pytest.mark.parametrize("oddity", sorted(ODDITIES))
def test_a_mark_that_is_none_is_of_no_boot(tmp_path, oddity):
    mark = compiled.Path(folder_in(compiled_programs(XLA, tmp_path))) / compiled.BOOT_MARK
    mark.unlink()
    ODDITIES[oddity](mark)
    assert folder_in(compiled_programs(XLA, tmp_path)) == str(mark.parent)
    assert mark.read_text() == compiled.boot_id()
