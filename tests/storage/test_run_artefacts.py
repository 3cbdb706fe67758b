"""Artefacts: whole or not at all, verified when read, and never replaced by other numbers."""

from __future__ import annotations

import io
import logging
import shutil
from dataclasses import replace

import numpy as np
import pytest

from ablate.core import artefacts
from ablate.core.artefacts import ARTEFACTS
from ablate.core.records import Status
from ablate.storage.atomic import WriteFailed
from ablate.storage.runs import MissingArtefact, MissingRun, RunStore
from tests.runner.scripted import scripted_spec
from tests.storage.test_runs import DIVERGED, run_of

RUN = run_of()
RUN_ID = RUN.spec.run_id
WEIGHTS = {"hidden_1/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "bn/moving_mean": np.full(3, np.nan, "f4")}


@pytest.fixture
def store(tmp_path) -> RunStore:
    store = RunStore(tmp_path)
    store.put(RUN)
    return store


def file_of(store, name="weights"):
    return store.folder(RUN_ID) / "artefacts" / f"{name}.npz"


def same(found, expected) -> bool:
    return list(found) == list(expected) and all(
        values.tobytes() == expected[name].tobytes() and values.dtype == expected[name].dtype
        for name, values in found.items()
    )


def test_an_artefact_is_read_back_as_it_was_put(store):
    assert store.artefacts(RUN_ID) == ()
    assert store.put_artefact(RUN_ID, "weights", WEIGHTS)
    assert store.artefacts(RUN_ID) == ("weights",)
    assert same(store.artefact(RUN_ID, "weights"), WEIGHTS)
    assert store.get(RUN_ID).artefacts == {}


def test_anybody_can_read_the_file_without_pickle(store):
    store.put_artefact(RUN_ID, "weights", WEIGHTS)
    with np.load(io.BytesIO(file_of(store).read_bytes()), allow_pickle=False) as archive:
        assert same(dict(archive), WEIGHTS)


def test_equal_artefacts_are_equal_bytes(store):
    store.put_artefact(RUN_ID, "weights", WEIGHTS)
    once = file_of(store).read_bytes()
    file_of(store).unlink()
    store.put_artefact(RUN_ID, "weights", WEIGHTS)
    assert file_of(store).read_bytes() == once


def test_a_run_comes_with_its_artefacts_or_not_at_all(tmp_path, monkeypatch):
    store = RunStore(tmp_path)
    store.put(replace(RUN, artefacts={"weights": WEIGHTS}))
    assert same(store.artefact(RUN_ID, "weights"), WEIGHTS)
    shutil.rmtree(store.folder(RUN_ID))
    with pytest.raises(ValueError, match="no artefact is named 'wieghts'"):
        store.put(replace(RUN, artefacts={"wieghts": WEIGHTS}))
    assert not store.has(RUN_ID)
    assert not list(tmp_path.rglob(".tmp-*"))


def test_what_is_missing_names_the_way_to_keep_it(store):
    with pytest.raises(MissingArtefact, match=r"has no weights saved\. The command .* keep=\[weights\]"):
        store.artefact(RUN_ID, "weights")
    with pytest.raises(MissingRun):
        store.put_artefact("0" * 64, "weights", WEIGHTS)


@pytest.mark.parametrize("place", ["start", "middle", "checksum", "cut"])
def test_damage_is_set_aside_and_counts_as_missing(store, place, caplog):
    store.put_artefact(RUN_ID, "weights", WEIGHTS)
    content = bytearray(file_of(store).read_bytes())
    position = {"start": 60, "middle": len(content) // 3, "checksum": -20, "cut": 0}[place]
    if place == "cut":
        del content[-100:]
    else:
        content[position] ^= 1
    file_of(store).write_bytes(content)
    with caplog.at_level(logging.WARNING), pytest.raises(MissingArtefact):
        store.artefact(RUN_ID, "weights")
    assert "weights.npz.corrupt" in caplog.text
    assert store.artefacts(RUN_ID) == ()
    assert store.put_artefact(RUN_ID, "weights", WEIGHTS)
    assert store.get(RUN_ID).record == RUN.record


def test_an_artefact_of_another_run_is_no_artefact_of_this_one(store):
    other = run_of(scripted_spec(seed=8))
    store.put(replace(other, artefacts={"weights": WEIGHTS}))
    file_of(store).parent.mkdir()
    shutil.copy(store.folder(other.spec.run_id) / "artefacts" / "weights.npz", file_of(store))
    with pytest.raises(MissingArtefact):
        store.artefact(RUN_ID, "weights")


def test_another_version_counts_as_missing_and_gives_way(store, monkeypatch):
    found = {"value/sharpness": np.float64(3.0)}
    store.put_artefact(RUN_ID, "sharpness", {name: np.asarray(value) for name, value in found.items()})
    monkeypatch.setitem(artefacts.ARTEFACTS, "sharpness", replace(ARTEFACTS["sharpness"], version=2))
    assert store.artefacts(RUN_ID) == ()
    with pytest.raises(MissingArtefact):
        store.artefact(RUN_ID, "sharpness")
    assert store.put_artefact(RUN_ID, "sharpness", {"value/sharpness": np.asarray(4.0)})
    assert store.artefact(RUN_ID, "sharpness")["value/sharpness"] == 4.0


def test_a_disk_that_refuses_leaves_no_part_of_it(store, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ablate.storage.atomic.os.fsync", refuse)
    with pytest.raises(WriteFailed):
        store.put_artefact(RUN_ID, "weights", WEIGHTS)
    monkeypatch.undo()
    assert store.artefacts(RUN_ID) == ()
    assert not list(store.root.rglob(".tmp-*"))


def test_a_failed_run_that_gives_way_takes_nothing_with_it(tmp_path):
    store = RunStore(tmp_path)
    store.put(run_of(status=Status.FAILED))
    assert store.put(replace(RUN, artefacts={"weights": WEIGHTS}))
    assert not store.put(DIVERGED)
    assert store.artefacts(RUN_ID) == ("weights",)
