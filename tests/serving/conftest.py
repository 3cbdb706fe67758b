"""A store with everything in it that a page may have to show, and browsers that look at it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.serving.application import application
from ablate.serving.security import Security, names_of
from ablate.serving.site import Site
from ablate.storage.runs import RunStore
from tests.cli.kept import keep
from tests.serving.stored import ALONE, DAMAGED, DIVERGED, FAILED, HOSTILE, LACKING, RUNS, SWEEP
from tests.synthetic import completed_run, diverged_run, failed_run

with warnings.catch_warnings():
    # Not ours: it would rather have another client, which is not to be had everywhere.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

__all__ = ["Browser"]

Browser = Callable[..., TestClient]


def make_store(folder: Path) -> Path:
    """A study of which one run failed, one diverged, one is damaged and one missing; and a run of no study."""
    kept = {run_id: run for run_id, run in RUNS.items() if run_id != LACKING}
    kept[FAILED] = failed_run(RUNS[FAILED].spec, HOSTILE)
    kept[DIVERGED] = diverged_run(RUNS[DIVERGED].spec)
    keep(folder, replace(SWEEP, spec=replace(SWEEP.spec, question=HOSTILE)), kept)
    store = RunStore(folder)
    store.put(completed_run(ALONE))
    arrays = store.folder(DAMAGED) / "arrays.npz"
    content = bytearray(arrays.read_bytes())
    content[len(content) // 2] ^= 1
    arrays.write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store; nobody writes it, which the tests of pages hold them to."""
    return make_store(tmp_path_factory.mktemp("store") / "results")


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index of a test's store is nobody else's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def browser(results: Path) -> Browser:
    """Makes one that looks at the store, or at another folder."""

    def open_one(folder: Path | None = None, token: str | None = None, most_body_bytes: int = 10_000) -> TestClient:
        app = application(Site(folder or results), Security(names_of("127.0.0.1", ["lab"]), token), most_body_bytes)
        return TestClient(app, base_url="http://127.0.0.1:8765", follow_redirects=False)

    return open_one
