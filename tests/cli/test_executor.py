"""The choice of an executor on the command line: planned without it, refused in plain words where it cannot be used."""

from __future__ import annotations

import sys

import pytest

from tests.cli.conftest import Ablate

WORDS = ("training.epochs=1", "model.hidden=[4]")


@pytest.mark.parametrize(
    ("executor", "workers"),
    [
        ("executor=inline", "1 worker"),
        ("executor=local", "1 worker"),
        ("executor=ray", "1 worker"),
        ("executor=ray executor.address=auto", "as many workers as the cluster has room for"),
    ],
)
def test_a_plan_says_how_many_workers_there_would_be(ablate: Ablate, executor: str, workers: str) -> None:
    said = ablate("plan", *WORDS, *executor.split())
    assert said.code == 0
    assert f"time unknown with {workers}: " in said.out


def test_without_ray_it_says_what_to_install(ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ablate.runner.actors", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    said = ablate(*WORDS, "executor=ray")
    assert (said.code, said.out) == (2, "")
    assert "executor=ray needs Ray, which is not installed here: pip install 'ablate[ray]'\n" in said.err


@pytest.mark.parametrize("gpus", ["0", "[]", "[0,0]", "all"])
def test_gpus_that_are_none_are_refused(ablate: Ablate, gpus: str) -> None:
    said = ablate(*WORDS, f"executor.gpus={gpus}")
    assert (said.code, said.out) == (2, "")
    assert "gpus" in said.err
    assert "a list of indexes from 0" in said.err
