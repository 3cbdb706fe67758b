"""The run store: whole records or none, and never another outcome for the same run."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from ablate.core.identity import sha256_of_bytes
from ablate.core.records import Status, StoredRun
from ablate.core.specs import Component
from ablate.sanitize.files import stands
from ablate.storage import runs as runs_module
from ablate.storage.atomic import ReadRefused, WriteFailed, discard, move_into_place, sealed_text
from ablate.storage.runs import AmbiguousPrefix, MissingRun, RunStore, UnreadableRecord, encode
from ablate.testing.stores import StoreContract, made_up_run
from tests.damage import ODDITIES, empty, flip, refuse, state, truncate
from tests.runner.scripted import scripted_spec

SPEC = scripted_spec(seed=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
FILES = ("spec.json", "arrays.npz", "record.json")


def run_of(spec=SPEC, status=Status.COMPLETED, **fields) -> StoredRun:
    run = made_up_run(spec, status)
    return replace(run, record=replace(run.record, **fields))


FAILED, DIVERGED = run_of(status=Status.FAILED), run_of(status=Status.DIVERGED)


class TestContract(StoreContract):
    def store(self, folder):
        return RunStore(folder)


@pytest.fixture
def store(tmp_path):
    yield RunStore(tmp_path)
    assert list(tmp_path.rglob(".tmp-*")) == []


def folder_of(store, run_id=SPEC.run_id) -> Path:
    return store.root / "runs" / run_id[:2] / run_id


def test_gives_arrays_by_the_record_that_was_read(store):
    store.put(run_of())
    record = store.record(SPEC.run_id)
    assert record == run_of().record
    for each in (record, run_of().record):  # that one has never seen a store
        arrays = store.arrays(each)
        assert list(arrays) == list(run_of().arrays)
        np.testing.assert_array_equal(arrays["history/val_loss"], run_of().arrays["history/val_loss"])


def test_gives_the_arrays_of_a_record_that_took_the_place_of_the_one_that_was_read(store):
    store.put(FAILED)
    record = store.record(SPEC.run_id)
    store.put(replace(run_of(), arrays={"history/val_loss": np.array([0.5])}))
    assert list(store.arrays(record)) == ["history/val_loss"]


def test_gives_no_arrays_that_are_damaged(store):
    store.put(run_of())
    record = store.record(SPEC.run_id)
    path = folder_of(store) / "arrays.npz"
    path.write_bytes(path.read_bytes().replace(np.float64(0.3).tobytes(), np.float64(0.4).tobytes()))
    with pytest.raises(MissingRun):
        store.arrays(record)
    assert not store.has(SPEC.run_id)


def test_lays_a_run_out_as_documented(store):
    store.put(run_of())
    assert sorted(path.name for path in folder_of(store).iterdir()) == sorted(FILES)
    record = json.loads((folder_of(store) / "record.json").read_text())
    assert list(record)[-1] == "checksum"
    assert json.loads((folder_of(store) / "spec.json").read_text()) == SPEC.to_json()


def test_keeps_no_time_and_no_machine_in_spec_and_arrays(tmp_path, monkeypatch):
    stores = [RunStore(tmp_path / name) for name in "ab"]
    stores[0].put(run_of())
    monkeypatch.setattr("time.time", lambda: 2e9)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    fortran = {name: np.asfortranarray(values) for name, values in run_of().arrays.items()}
    model = replace(SPEC.model, arguments=dict(reversed(SPEC.model.arguments.items())))
    stores[1].put(replace(run_of(environment={"host": "cd"}), spec=replace(SPEC, model=model), arrays=fortran))
    first, second = ([(folder_of(store) / name).read_bytes() for name in FILES] for store in stores)
    assert first[:2] == second[:2]
    assert first[2] != second[2]


def slowly(function):
    def slow(*arguments):
        time.sleep(0.01)
        return function(*arguments)

    return slow


def test_writers_of_one_run_agree_on_the_first(store, monkeypatch):
    # Slow between looking and renaming, where another writer would slip in.
    monkeypatch.setattr("ablate.storage.runs.discard", slowly(discard))
    monkeypatch.setattr("ablate.storage.runs.move_into_place", slowly(move_into_place))
    store.put(FAILED)
    answers = []
    runs = [run_of(epochs_run=number) for number in range(8)]
    threads = [threading.Thread(target=lambda run=run: answers.append((store.put(run), run))) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (kept,) = [run for was_kept, run in answers if was_kept]
    assert store.record(SPEC.run_id) == kept.record


@settings(deadline=None, derandomize=True, max_examples=50)
@given(value=VALUES)
@example(value="\ud800")
def test_a_spec_is_written_as_python_indents_it(value):
    run = run_of(replace(SPEC, model=Component("m", {"value": value})))
    text = json.dumps(run.spec.to_json(), indent=2, sort_keys=True)
    assert encode(run)["spec.json"].decode() == f"{text}\n"


def test_finds_by_prefix(store):
    ids = sorted(scripted_spec(seed).run_id for seed in range(20))
    for seed in range(20):
        store.put(run_of(scripted_spec(seed)))
    (folder_of(store).parent / "notes.txt").write_text("not a run")
    assert list(store.ids()) == ids
    assert all(store.find(run_id[:12]) == run_id for run_id in ids)
    with pytest.raises(AmbiguousPrefix) as caught:
        store.find("")
    assert caught.value.candidates == tuple(ids)
    assert str(caught.value).endswith(f"{ids[4]} …")
    with pytest.raises(MissingRun, match="no run xyz in the store"):
        store.find("xyz")


@pytest.mark.parametrize("damage", [truncate, flip, empty, Path.unlink])
@pytest.mark.parametrize("name", FILES)
def test_sets_damage_aside_and_calls_it_missing(store, caplog, name, damage):
    store.put(run_of())
    store.put(run_of(scripted_spec(4)))
    damage(folder_of(store) / name)
    with pytest.raises(MissingRun):
        store.get(SPEC.run_id)
    assert not store.has(SPEC.run_id)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert f"{SPEC.run_id}.corrupt" in caplog.text
    assert list(store.ids()) == [scripted_spec(4).run_id]
    assert store.put(run_of())
    store.get(SPEC.run_id)


@pytest.mark.parametrize("damage", [truncate, empty, Path.unlink])
@pytest.mark.parametrize("name", FILES)
def test_a_plan_notices_missing_bytes_without_opening_the_arrays(store, name, damage):
    store.put(run_of())
    damage(folder_of(store) / name)
    assert not store.has(SPEC.run_id)


def test_never_overwrites_what_was_set_aside(store):
    for _ in range(3):
        store.put(run_of())
        flip(folder_of(store) / "record.json")
        assert not store.has(SPEC.run_id)
    names = sorted(path.name.removeprefix(SPEC.run_id) for path in folder_of(store).parent.iterdir())
    assert names == [".corrupt", ".corrupt-2", ".corrupt-3"]


def test_a_folder_under_another_name_is_no_record(store):
    store.put(run_of())
    other = scripted_spec(4).run_id
    folder_of(store, other).parent.mkdir(exist_ok=True)
    folder_of(store).rename(folder_of(store, other))
    assert not store.has(other)


def test_leaves_the_record_of_another_version_where_it_is(store, monkeypatch):
    with monkeypatch.context() as later:
        later.setattr("ablate.core.records.SCHEMA_VERSION", 1000)
        store.put(run_of())
    for ask in (store.has, store.get, store.record, store.put):
        with pytest.raises(UnreadableRecord, match=r"written by another version of ablate: ValueError: .*schema 1000"):
            ask(run_of() if ask == store.put else SPEC.run_id)
    assert folder_of(store).is_dir()


def test_a_run_replaced_while_it_is_read_is_not_set_aside(store, monkeypatch):
    store.put(replace(FAILED, arrays={}))
    original = runs_module.read_stored
    replacements = [run_of()]

    def replaced_after_the_record(path, most_bytes):
        content = original(path, most_bytes)
        if path.name == "record.json" and replacements:
            store.put(replacements.pop())
        return content

    monkeypatch.setattr(runs_module, "read_stored", replaced_after_the_record)
    assert store.get(SPEC.run_id).record == run_of().record


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_full_disk_leaves_the_store_as_it_was(store, monkeypatch, number, call):
    store.put(FAILED if call == "fsync" else run_of(scripted_spec(4)))

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as full:
        full.setattr(*{"fsync": (os, "fsync"), "rename": (Path, "rename")}[call], refuse)
        with pytest.raises(WriteFailed) as caught:
            store.put(run_of())
    assert os.strerror(number) in str(caught.value)
    assert str(store.root) in str(caught.value)
    assert call == "rename" or caught.value.bytes_needed > 1000
    assert call == "rename" or store.record(SPEC.run_id) == FAILED.record
    assert store.put(run_of())


def test_a_store_that_sets_nothing_aside_changes_nothing(store, caplog):
    store.put(run_of())
    store.put(run_of(scripted_spec(4)))
    flip(folder_of(store) / "arrays.npz")
    before = state(store.root)
    looking = RunStore(store.root, sets_aside=False)
    with pytest.raises(MissingRun):
        looking.get(SPEC.run_id)
    assert list(looking.present([SPEC.run_id, scripted_spec(4).run_id])) == [scripted_spec(4).run_id]
    assert (state(store.root), caplog.text) == (before, "")


def test_a_run_bears_the_name_of_its_spec(store):
    """Sealed anew by whoever changed the spec: every checksum is right."""
    store.put(run_of())
    record = json.loads((folder_of(store) / "record.json").read_text())
    spec = (folder_of(store) / "spec.json").read_bytes().replace(b'"seed": 3', b'"seed": 4')
    (folder_of(store) / "spec.json").write_bytes(spec)
    record["files"]["spec.json"]["sha256"] = sha256_of_bytes(spec)
    del record["checksum"]
    (folder_of(store) / "record.json").write_text(sealed_text(record))
    assert store.record(SPEC.run_id).epochs_run == 2
    with pytest.raises(MissingRun):
        store.get(SPEC.run_id)


def test_a_spec_that_is_laid_out_in_another_way_is_the_same_spec(store):
    store.put(run_of())
    before = store.get(SPEC.run_id).spec
    record = json.loads((folder_of(store) / "record.json").read_text())
    spec = json.dumps(dict(reversed(SPEC.to_json().items())), indent=4).encode()
    (folder_of(store) / "spec.json").write_bytes(spec)
    record["files"]["spec.json"] = {"bytes": len(spec), "sha256": sha256_of_bytes(spec)}
    del record["checksum"]
    (folder_of(store) / "record.json").write_text(sealed_text(record))
    assert store.get(SPEC.run_id).spec == before


def test_runs_that_are_read_together_have_specs_of_their_own(store):
    """Those of one arm share what they have in common, which is not their seed, nor what another arm has."""
    specs = [SPEC, scripted_spec(seed=4), replace(SPEC, salt=1), replace(SPEC, seed_parts={"order": 9})]
    for spec in specs:
        store.put(run_of(spec))
    present = store.present(spec.run_id for spec in specs)
    assert [run.spec for run in present.values()] == [store.get(spec.run_id).spec for spec in specs]
    assert [replace(run.spec).run_id for run in present.values()] == list(present)
    assert present[SPEC.run_id].spec.model is present[specs[1].run_id].spec.model


@pytest.mark.parametrize("sealed", [{}, {"run_id": SPEC.run_id}, {"run_id": SPEC.run_id, "files": []}])
def test_a_sound_record_of_another_layout_is_unreadable(store, sealed):
    store.put(run_of())
    (folder_of(store) / "record.json").write_text(sealed_text(sealed))
    with pytest.raises(UnreadableRecord):
        store.record(SPEC.run_id)


def test_removes_what_is_in_it_and_nothing_else(store):
    store.put(run_of())
    store.remove(folder_of(store))
    store.remove(folder_of(store))
    assert list(store.ids()) == []
    for path in (store.root / "studies" / "a", store.root / "runs"):
        with pytest.raises(ValueError, match="is not under"):
            store.remove(path)


@pytest.mark.parametrize("name", FILES)
def test_what_may_not_be_read_is_no_damage(store, monkeypatch, name):
    store.put(run_of())
    path = store.folder(SPEC.run_id) / name
    with monkeypatch.context() as patched:
        refuse(patched, path, PermissionError(errno.EACCES, "Permission denied"))
        with pytest.raises(ReadRefused, match=rf"{name}: Permission denied") as caught:
            store.get(SPEC.run_id)
        assert caught.value.exit_code == 4
    assert store.get(SPEC.run_id).record == run_of().record


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("oddity", ODDITIES)
def test_a_run_with_something_that_is_no_file_is_missing_and_can_be_kept_again(store, name, oddity):
    store.put(run_of())
    path = store.folder(SPEC.run_id) / name
    path.unlink()
    ODDITIES[oddity](path)
    assert not RunStore(store.root, sets_aside=False).has(SPEC.run_id)
    assert store.put(run_of())
    assert store.get(SPEC.run_id).record == run_of().record


@pytest.mark.parametrize("oddity", sorted(ODDITIES.keys() - {"folder", "empty folder"}))
def test_what_is_no_folder_in_the_place_of_a_run_is_set_aside(store, oddity):
    folder = store.folder(SPEC.run_id)
    folder.parent.mkdir(parents=True)
    ODDITIES[oddity](folder)
    with pytest.raises(MissingRun):
        RunStore(store.root, sets_aside=False).get(SPEC.run_id)
    assert stands(folder)
    assert store.put(run_of())
    assert store.has(SPEC.run_id)
    assert stands(folder.with_name(f"{SPEC.run_id}.corrupt"))
