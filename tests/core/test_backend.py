"""What stands in records and ids of the library that computes is what it always was."""

from __future__ import annotations

import pytest

from ablate.config.ranges import ENGINES
from ablate.core.backend import TENSORFLOW
from ablate.core.specs import Numerics
from ablate.core.versions import VERSIONS
from ablate.runner.devices import thread_environment


def test_records_tell_the_same_versions_in_the_same_order() -> None:
    assert VERSIONS == ("ablate", "python", "tensorflow", "keras", "numpy", "ml_dtypes", "nvidia-cudnn-cu12")


def test_settings_may_name_the_same_engines() -> None:
    assert ENGINES == ("auto", "xla", "graph", "eager")


@pytest.mark.parametrize(
    ("device", "convolves", "engine"),
    [("cpu", True, "graph"), ("cpu", False, "xla"), ("gpu", True, "xla"), ("gpu", False, "xla")],
)
def test_auto_is_xla_but_for_convolutions_on_a_cpu(device: str, convolves: bool, engine: str) -> None:
    assert TENSORFLOW.engine(device, convolves) == engine


def test_workers_are_told_their_threads_by_the_same_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert thread_environment(Numerics("cpu", "xla", 3)) == {
        "TF_NUM_INTRAOP_THREADS": "3",
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "3",
    }
