"""What the system says of the machine, and that nothing breaks where it says nothing."""

from __future__ import annotations

import subprocess

import pytest

from ablate.core import machine
from ablate.core.machine import Gpu, Processor, available_cores, gpus, processor


@pytest.fixture(autouse=True)
def asked_anew():
    processor.cache_clear()
    gpus.cache_clear()
    yield
    processor.cache_clear()
    gpus.cache_clear()


def test_the_first_processor_of_several_speaks_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "PROCESSOR", tmp_path / "cpuinfo")
    core = "processor\t: {}\nmodel name\t: Some CPU: fast\nflags\t\t: sse avx512_bf16\n\n"
    (tmp_path / "cpuinfo").write_text(core.format(0) + core.format(1).replace("Some", "Another"))
    assert processor() == Processor("Some CPU: fast", frozenset({"sse", "avx512_bf16"}))


def test_elsewhere_than_on_linux_no_abilities_are_known(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "PROCESSOR", tmp_path / "absent")
    assert processor().abilities == frozenset()


def test_the_gpus_are_those_that_the_driver_lists(monkeypatch):
    asked = []

    def answer(words, **_):
        asked.append(words)
        return subprocess.CompletedProcess(words, 0, "NVIDIA H100 80GB HBM3, 570.133.20\nTesla T4, 570.133.20\n")

    monkeypatch.setattr(machine.subprocess, "run", answer)
    assert gpus("0,3") == (Gpu("NVIDIA H100 80GB HBM3", "570.133.20"), Gpu("Tesla T4", "570.133.20"))
    assert asked[0][-2:] == ("-i", "0,3") or asked[0][-2:] == ["-i", "0,3"]


@pytest.mark.parametrize("error", [FileNotFoundError("nvidia-smi"), subprocess.TimeoutExpired("nvidia-smi", 10)])
def test_without_the_driver_s_tool_there_are_none(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(machine.subprocess, "run", fail)
    assert gpus() == ()


def test_there_is_at_least_one_core():
    assert available_cores() >= 1
