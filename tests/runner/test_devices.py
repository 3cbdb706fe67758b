"""The device of a study, found without TensorFlow, and what a worker is shown of it."""

from __future__ import annotations

import pytest

from ablate.core.specs import Numerics
from ablate.runner import devices
from ablate.runner.devices import (
    DeviceAbsent,
    available_gpus,
    chosen_gpus,
    resolve_device,
    thread_environment,
    worker_environment,
)
from tests.damage import ODDITIES

CPU = Numerics("cpu", "xla", 1)


class Probe:
    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)

    def __call__(self) -> bool:
        return self.answers.pop(0)


@pytest.fixture
def node(tmp_path):
    path = tmp_path / "nvidia0"
    path.touch()
    return path


def test_no_device_node_means_cpu_without_a_probe(tmp_path):
    nodes = [tmp_path / "absent"]
    assert resolve_device("auto", nodes, Probe(), tmp_path) == "cpu"
    with pytest.raises(DeviceAbsent, match=r"numerics.device=gpu, but this machine has no NVIDIA device node"):
        resolve_device("gpu", nodes, Probe(), tmp_path)


def test_cpu_is_never_questioned(tmp_path, node):
    assert resolve_device("cpu", [node], Probe(), tmp_path) == "cpu"


@pytest.mark.parametrize("setting", ["auto", "gpu"])
def test_the_probe_decides_once(tmp_path, node, setting):
    probe = Probe(True)
    answers = [resolve_device(setting, [tmp_path / "absent", node], probe, tmp_path / "cache") for _ in range(3)]
    assert answers == ["gpu"] * 3


def test_a_device_that_cannot_compute_is_a_notice_or_an_error(tmp_path, node, caplog):
    probe = Probe(False)
    assert [resolve_device("auto", [node], probe, tmp_path) for _ in range(2)] == ["cpu", "cpu"]
    (said,) = caplog.messages  # once in a process
    assert said == (
        f"there is an NVIDIA device, but TensorFlow cannot compute on it (remembered in {tmp_path / 'gpu_probe.json'})"
    )
    with pytest.raises(DeviceAbsent, match="TensorFlow cannot compute on the one that is here"):
        resolve_device("gpu", [node], probe, tmp_path)


@pytest.mark.parametrize("change", ["tensorflow", "nvidia-cudnn-cu12", "driver", "visible"])
def test_the_probe_is_asked_again_when_something_changed(tmp_path, node, monkeypatch, change):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    probe = Probe(False, True)
    assert resolve_device("auto", [node], probe, tmp_path) == "cpu"
    if change == "driver":
        monkeypatch.setattr(devices, "NVIDIA_DRIVER", node)
        node.write_text("another driver")
    elif change == "visible":
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    else:
        monkeypatch.setattr(devices, "version", lambda package: "9.9" if package == change else "0")
    assert resolve_device("auto", [node], probe, tmp_path) == "gpu"


def test_a_broken_memory_is_asked_anew(tmp_path, node):
    (tmp_path / "gpu_probe.json").write_text("[3")
    assert resolve_device("auto", [node], Probe(True), tmp_path) == "gpu"


def test_refuses_other_settings():
    with pytest.raises(ValueError, match=r"numerics.device is 'tpu'; it is auto, cpu or gpu"):
        resolve_device("tpu")


def test_a_worker_sees_its_threads_and_no_gpu():
    environment = worker_environment(Numerics("cpu", "xla", 2), slot=1)
    assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
    assert environment["TF_NUM_INTRAOP_THREADS"] == environment["OMP_NUM_THREADS"] == "2"
    assert environment["TF_NUM_INTEROP_THREADS"] == "1"


def test_onednn_is_on_where_it_pays_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv(devices.ONEDNN, raising=False)
    monkeypatch.setattr(devices.platform, "machine", lambda: "x86_64")
    assert thread_environment(CPU)[devices.ONEDNN] == "1"
    monkeypatch.setenv(devices.ONEDNN, "0")
    assert thread_environment(CPU)[devices.ONEDNN] == "0"
    monkeypatch.setattr(devices.platform, "machine", lambda: "aarch64")
    assert devices.ONEDNN not in thread_environment(CPU)


def test_workers_share_the_gpus_in_turn(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    assert available_gpus() == ("3", "5")
    seen = [worker_environment(Numerics("gpu", "xla", 1), slot)["CUDA_VISIBLE_DEVICES"] for slot in range(3)]
    assert seen == ["3", "5", "3"]


def test_a_worker_sees_one_of_the_gpus_that_were_chosen():
    chosen = chosen_gpus((2, 0), visible=("3", "5", "GPU-8f"))
    assert chosen == ("GPU-8f", "3")
    seen = [worker_environment(Numerics("gpu", "xla", 1), slot, chosen)["CUDA_VISIBLE_DEVICES"] for slot in range(3)]
    assert seen == ["GPU-8f", "3", "GPU-8f"]
    assert worker_environment(Numerics("cpu", "xla", 1), 0, chosen)["CUDA_VISIBLE_DEVICES"] == "-1"
    assert worker_environment(Numerics("gpu", "xla", 1), 0, ())["CUDA_VISIBLE_DEVICES"] == "-1"


def test_gpus_are_chosen_by_number_by_index_or_all():
    assert [chosen_gpus(setting, ("3", "5")) for setting in (None, 1, 2, [1])] == [
        ("3", "5"),
        ("3",),
        ("3", "5"),
        ("5",),
    ]
    with pytest.raises(DeviceAbsent, match="index 0 of 0 visible GPUs"):
        chosen_gpus(1, ())


@pytest.mark.parametrize("oddity", sorted(ODDITIES))
def test_what_is_no_memory_is_asked_anew(tmp_path, node, oddity):
    ODDITIES[oddity](tmp_path / "gpu_probe.json")
    assert resolve_device("gpu", [node], Probe(True), tmp_path) == "gpu"
