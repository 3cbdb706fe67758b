"""What a record says of where its run was computed."""

from __future__ import annotations

import json
import socket
from importlib.metadata import version

from ablate.core.machine import Gpu
from ablate.core.specs import Numerics
from ablate.core.versions import VERSIONS
from ablate.runner import environment
from ablate.runner.environment import describe_environment, installed_versions

CPU, GPU = Numerics("cpu", "xla", 2), Numerics("gpu", "graph", 1)


def test_versions_processor_and_threads_are_there_and_the_host_is_not():
    told = describe_environment(CPU, {"TF_ENABLE_ONEDNN_OPTS": "1", "HOME": "/root"})
    assert told["keras"] == version("keras")
    assert told["cpu"]
    assert told["variables"] == {"TF_ENABLE_ONEDNN_OPTS": "1"}
    assert told["numerics"] == {"device": "cpu", "engine": "xla", "threads": 2}
    assert len(told["host"]) == 12
    assert socket.gethostname() not in json.dumps(told)
    assert not {"gpu", "driver"} & set(told)


def test_a_flag_that_names_a_place_on_this_machine_is_left_out():
    flags = "--xla_dump_to=/home/me/dump --xla_gpu_deterministic_ops=true"
    told = describe_environment(CPU, {"XLA_FLAGS": flags, "TF_XLA_FLAGS": "--tf_xla_persistent_cache_directory=/c"})
    assert told["variables"] == {"XLA_FLAGS": "--xla_gpu_deterministic_ops=true"}


def test_a_run_on_a_gpu_names_it_and_its_driver(monkeypatch):
    seen = []

    def gpus(visible):
        seen.append(visible)
        return (Gpu("NVIDIA H100", "570.1"),)

    monkeypatch.setattr(environment, "gpus", gpus)
    told = describe_environment(GPU, {"CUDA_VISIBLE_DEVICES": "3"})
    assert (told["gpu"], told["driver"], seen) == ("NVIDIA H100", "570.1", ["3"])
    monkeypatch.setattr(environment, "gpus", lambda visible: ())
    assert describe_environment(GPU, {})["gpu"] is None


def test_the_versions_are_those_that_records_are_compared_by():
    assert tuple(installed_versions()) == VERSIONS
    assert set(VERSIONS) - {"nvidia-cudnn-cu12"} <= set(describe_environment(CPU))
