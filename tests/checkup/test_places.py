"""What the doctor finds of libraries, devices, data sets, the machine and the results folder, without training."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ablate.checkup import libraries, machine, results
from ablate.checkup.data import look_at_data
from ablate.checkup.devices import look_at_devices
from ablate.checkup.findings import Level, Trouble
from ablate.checkup.libraries import look_at_libraries
from ablate.checkup.machine import look_at_machine
from ablate.checkup.results import look_at_results
from ablate.config.tree import find_tree
from ablate.core.machine import Gpu, Processor
from ablate.core.specs import Numerics
from ablate.runner.devices import DeviceAbsent
from ablate.storage.index import with_index
from ablate.storage.runs import RunStore

CPU = Numerics("cpu", "xla", 1)


def by_subject(findings):
    return {each.subject: each for each in findings}


def level_of(findings):
    return {each.subject: each.level for each in findings if each.level is not Level.FINE}


# libraries -------------------------------------------------------------------------------------------


@pytest.fixture
def requirements(monkeypatch):
    needed = ["keras>=3.12,<4", "numpy>=1.26", "pytest>=8; extra == 'dev'", "winonly; sys_platform == 'win32'"]
    monkeypatch.setattr(libraries, "requires", lambda package: needed)
    about = SimpleNamespace(json={"requires_python": ">=3.11,<3.14"})
    monkeypatch.setattr(libraries, "metadata", lambda package: about)


@pytest.mark.usefixtures("requirements")
def test_libraries_in_their_ranges_are_fine_and_extras_are_not_asked_for():
    found = by_subject(look_at_libraries(installed=lambda name: "3.13.0.dev1", python="3.12.1"))
    assert list(found) == ["Python", "keras", "numpy"]
    assert level_of(found.values()) == {}


@pytest.mark.usefixtures("requirements")
def test_libraries_out_of_range_or_absent_come_with_the_command_that_mends_them():
    def installed(name):
        if name == "numpy":
            raise PackageNotFoundError(name)
        return "4.0.0"

    found = by_subject(look_at_libraries(installed=installed, python="3.14.0"))
    assert level_of(found.values()) == dict.fromkeys(("Python", "keras", "numpy"), Level.WRONG)
    assert found["keras"].mend.startswith("python -m pip install 'keras")
    assert found["numpy"].says == "it is not installed"


def test_a_package_that_is_not_installed_is_a_note():
    (only,) = look_at_libraries("no-such-package-as-this")
    assert only.level is Level.NOTE


def test_what_is_installed_here_is_what_this_package_asks_for():
    found = by_subject(look_at_libraries())
    if "keras" in found:  # else it is not installed
        assert found["keras"].says.startswith(version("keras"))


# devices ---------------------------------------------------------------------------------------------


def test_a_machine_without_a_gpu_is_well_until_one_is_asked_for(tmp_path):
    def absent(setting):
        if setting == "gpu":
            raise DeviceAbsent("this machine has no NVIDIA device node")
        return "cpu"

    nodes = [tmp_path / "absent"]
    assert level_of(look_at_devices("auto", nodes, absent)) == {}
    found = by_subject(look_at_devices("gpu", nodes, absent))["numerics.device"]
    assert (found.level, found.trouble) == (Level.WRONG, Trouble.DEVICE)
    assert "no NVIDIA device node" in found.says


def test_a_gpu_that_tensorflow_cannot_use_is_wrong(tmp_path):
    (node := tmp_path / "nvidia0").touch()
    known = (Gpu("NVIDIA H100", "570.1"),)
    found = by_subject(look_at_devices("auto", [node], lambda setting: "cpu", lambda: known))
    assert found["GPUs"].says == "NVIDIA H100, driver 570.1"
    assert found["numerics.device"].level is Level.WRONG
    assert level_of(look_at_devices("auto", [node], lambda setting: "gpu", lambda: known)) == {}
    assert level_of(look_at_devices("cpu", [node], lambda setting: "cpu", lambda: known)) == {}


# machine ---------------------------------------------------------------------------------------------


def test_bfloat16_that_is_emulated_and_kernels_that_are_off_are_notes(monkeypatch):
    monkeypatch.setattr(machine, "processor", lambda: Processor("Old", frozenset({"avx2"})))
    monkeypatch.setenv(machine.ONEDNN, "0")
    assert level_of(look_at_machine(CPU)) == {"oneDNN": Level.NOTE, "mixed_bfloat16": Level.NOTE}
    monkeypatch.delenv(machine.ONEDNN)
    monkeypatch.setattr(machine, "processor", lambda: Processor("New", frozenset({"amx_bf16"})))
    assert level_of(look_at_machine(CPU)) == {}
    monkeypatch.setattr(machine, "processor", lambda: Processor("Unknown"))
    assert level_of(look_at_machine(CPU)) == {}


def test_too_little_memory_for_the_workers_is_a_note(monkeypatch):
    monkeypatch.setattr(machine, "default_workers", lambda numerics, gpus: 4)
    memory = SimpleNamespace(available=2.5 * machine.GIB, total=8 * machine.GIB)
    monkeypatch.setattr(machine.psutil, "virtual_memory", lambda: memory)
    found = by_subject(look_at_machine(CPU))["memory"]
    assert (found.level, found.mend) == (Level.NOTE, "ablate … executor.workers=2")


# data sets -------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path):
    return find_tree(tmp_path)


@pytest.fixture(autouse=True)
def no_cache_of_keras(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def test_data_sets_are_those_that_need_no_path_and_nothing_is_fetched(tree, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)  # which alone fetches anything, and takes seconds to import
    found = by_subject(look_at_data(tree, None, tmp_path / "facts"))
    assert level_of(found.values()) == {}
    assert found["digits"].says == "1438 + 359 examples of 8 × 8 × 1, 10 classes"
    assert found["mnist, mnist_last_5000"].says == "not here; it is fetched when first asked for"
    assert found["cifar10_subset"].says == "not here"
    assert not {"csv", "npz", "image_folder", "tfds"} & set(found)


def test_a_broken_archive_and_a_folder_that_is_none_are_problems_of_data(tree, tmp_path):
    (tmp_path / "mnist.npz").write_bytes(b"no archive")
    found = by_subject(look_at_data(tree, tmp_path, tmp_path / "facts"))["mnist, mnist_last_5000"]
    assert (found.level, found.trouble) == (Level.WRONG, Trouble.DATA)
    assert "mnist.npz is not a readable archive" in found.says
    np.savez(tmp_path / "mnist.npz", x_train=np.zeros(3))
    (only,) = look_at_data(tree, tmp_path / "nowhere")
    assert (only.level, only.trouble) == (Level.WRONG, Trouble.DATA)


# results ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path, is_there):
    folder = tmp_path / "far" / "results"
    if is_there:
        folder.mkdir(parents=True)
    before = set(tmp_path.rglob("*"))
    assert level_of(look_at_results(folder)) == {}
    assert set(tmp_path.rglob("*")) == before


def test_a_file_in_its_place_and_a_full_disk_are_wrong(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    assert level_of(look_at_results(tmp_path / "file" / "results")) == {"folder": Level.WRONG}
    monkeypatch.setattr(results.shutil, "disk_usage", lambda path: SimpleNamespace(free=2**20))
    assert level_of(look_at_results(tmp_path)) == {"space": Level.WRONG}


def test_a_folder_that_cannot_be_written_is_wrong(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(results.tempfile, "TemporaryDirectory", refuse)
    (found,) = look_at_results(tmp_path)
    assert (found.level, found.says) == (Level.WRONG, f"{tmp_path} cannot be written: Permission denied")


def test_a_file_system_without_locks_or_whole_renames_is_wrong(tmp_path, monkeypatch):
    class NoLock:
        def __init__(self, path, timeout) -> None:
            pass

        def __enter__(self):
            pass

        def __exit__(self, *raised):
            pass

    monkeypatch.setattr(results, "FileLock", NoLock)
    monkeypatch.setattr(results, "move_into_place", lambda staged, final: None)
    found = by_subject(look_at_results(tmp_path))
    assert found["locks"].level is found["renaming"].level is Level.WRONG


def test_every_mend_of_what_is_wrong_says_something(tmp_path):
    (tmp_path / "file").touch()
    findings = [*look_at_results(Path(tmp_path / "file")), *look_at_devices("gpu", [tmp_path / "absent"])]
    assert all(each.mend for each in findings if each.level is Level.WRONG)


def test_names_the_index_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    results = tmp_path / "results"
    results.mkdir()
    assert "index" not in by_subject(look_at_results(results))
    with_index(RunStore(results), lambda index: None)
    (file,) = (tmp_path / "cache").rglob("*.sqlite")
    assert str(file) in by_subject(look_at_results(results))["index"].says
