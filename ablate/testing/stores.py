"""What every store of runs promises: a run is there whole or not at all, and what is read is what was written.

    class TestMine(StoreContract):
        def store(self, folder):
            return MyStore(folder)

A store offers what `ablate.storage.runs.RunStore` does, with a folder for each run; runs of it are read by others.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import TestCase
from unittest.mock import patch

import numpy as np

from ablate.core.artefacts import WEIGHTS
from ablate.core.records import Array, Divergence, Failure, RunRecord, Status, StoredRun, Timings, same_bits
from ablate.core.specs import RunSpec
from ablate.storage.atomic import WriteFailed
from ablate.storage.runs import AmbiguousPrefix, AnotherArtefact, MissingArtefact, MissingRun, RunStore
from ablate.testing.scripted import scripted_spec

__all__ = ["StoreContract", "made_up_run"]

raises = TestCase().assertRaises
raises_with = TestCase().assertRaisesRegex


def _spec(seed: int) -> RunSpec:
    return scripted_spec("ablate.testing.scripted.Trainer", seed)  # which nobody builds


def made_up_run(spec: RunSpec, status: Status = Status.COMPLETED, epochs_run: int = 2) -> StoredRun:
    """A run that nobody trained, with times and a machine in its record, NaN and signs beyond ASCII in its arrays."""
    record = RunRecord(
        spec.run_id,
        status,
        epochs_run=epochs_run,
        best_epoch=1,
        metrics={"test_loss": 0.1},
        failure=Failure("error", "ValueError", "no", "Traceback …") if status is Status.FAILED else None,
        divergence=Divergence(1, 7) if status is Status.DIVERGED else None,
        timings=Timings(1.5, 0.5, (0.5, 0.5)),
        environment={"host": "ab", "python": "3.11"},
    )
    arrays = {"history/val_loss": np.array([0.3, np.nan]), "weights/path": np.array(["a/kernel", "ß"])}
    return StoredRun(spec, record, arrays)


SPEC = _spec(3)
RUN, FAILED, DIVERGED = (made_up_run(SPEC, status) for status in (Status.COMPLETED, Status.FAILED, Status.DIVERGED))
KERNELS = {"hidden_1/kernel": np.arange(6, dtype=np.float32).reshape(2, 3), "bn/moving_mean": np.full(3, np.nan, "f4")}


class StoreContract:
    """Give a `store`."""

    def store(self, folder: Path) -> RunStore:
        """One without runs in an empty folder; in another, one with the runs that were put there."""
        raise NotImplementedError

    @contextmanager
    def _tidy(self, folder: Path) -> Iterator[RunStore]:
        """A store that leaves no half-written files."""
        yield self.store(folder)
        assert list(folder.rglob(".tmp-*")) == []

    def test_an_empty_store_has_nothing(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)
        assert not store.has(SPEC.run_id)
        assert list(store.ids()) == []
        assert store.present([SPEC.run_id]) == {}
        assert store.artefacts(SPEC.run_id) == ()
        for read in (store.get, store.record, store.find):
            with raises(MissingRun):
                read(SPEC.run_id)

    def test_gives_back_what_was_put(self, tmp_path: Path) -> None:
        """However a run ended; from a store that was opened later, too."""
        for run in (RUN, FAILED, DIVERGED):
            folder = tmp_path / run.record.status.value
            with self._tidy(folder) as store:
                assert store.put(run)
            for each in (store, self.store(folder)):
                kept = each.get(SPEC.run_id)
                assert (kept.spec.run_id, kept.record) == (SPEC.run_id, run.record)
                assert each.record(SPEC.run_id) == run.record
                assert same(kept.arrays, run.arrays)
                assert same(each.arrays(kept.record), run.arrays)

    def test_gives_those_that_there_are_in_the_order_asked_for(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)
        for seed in (2, 0):
            store.put(made_up_run(_spec(seed)))
        wanted = [_spec(seed).run_id for seed in (2, 1, 0)]
        assert list(store.present(wanted)) == [wanted[0], wanted[2]]

    def test_a_failure_gives_way_and_an_outcome_stays(self, tmp_path: Path) -> None:
        with self._tidy(tmp_path) as store:
            for failure in (FAILED, made_up_run(SPEC, Status.FAILED, epochs_run=5)):
                assert store.put(failure)
                assert store.record(SPEC.run_id) == failure.record
            assert store.put(RUN)
            before = contents(store)
            for second in (made_up_run(SPEC, epochs_run=9), FAILED, DIVERGED):
                assert not store.put(second)
            assert contents(store) == before
            assert store.record(SPEC.run_id) == RUN.record

    def test_equal_runs_are_equal_bytes(self, tmp_path: Path) -> None:
        """But for the record, which has times and a machine."""
        elsewhere = replace(RUN.record, timings=Timings(9.5), environment={"host": "cd"})
        stores = [self.store(tmp_path / name) for name in "ab"]
        stores[0].put(RUN)
        stores[1].put(replace(RUN, record=elsewhere))
        first, second = map(contents, stores)
        assert first.keys() == second.keys()
        assert [name for name, content in first.items() if second[name] != content] == ["record.json"]

    def test_writers_of_one_run_agree_on_the_first(self, tmp_path: Path) -> None:
        runs = [made_up_run(SPEC, epochs_run=number) for number in range(1, 9)]
        kept = []
        with self._tidy(tmp_path) as store:

            def write(run: StoredRun) -> None:
                if store.put(run):
                    kept.append(run)

            threads = [threading.Thread(target=write, args=(run,)) for run in runs]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(kept) == 1
            assert store.record(SPEC.run_id) == kept[0].record

    def test_refuses_what_it_could_not_give_back(self, tmp_path: Path) -> None:
        unsound = {
            "comes with the spec of": replace(RUN, record=replace(RUN.record, run_id="0" * 64)),
            "no canonical form": replace(RUN, record=replace(RUN.record, metrics={"test_r2": float("nan")})),
            "[Oo]bject arrays": replace(RUN, arrays={"bad": np.array([{}])}),
            "no artefact is named 'wieghts'": replace(RUN, artefacts={"wieghts": KERNELS}),
        }
        with self._tidy(tmp_path) as store:
            for said, run in unsound.items():
                with raises_with(ValueError, said):
                    store.put(run)
            assert list(store.ids()) == []

    def test_refuses_names_that_are_no_run_ids(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)
        for name in ("..", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", ""):
            for ask in (store.has, store.get, store.record):
                with raises_with(ValueError, "64 hexadecimal digits"):
                    ask(name)

    def test_finds_by_prefix(self, tmp_path: Path) -> None:
        store = self.store(tmp_path)
        ids = sorted(_spec(seed).run_id for seed in range(8))
        for seed in range(8):
            store.put(made_up_run(_spec(seed)))
        assert list(store.ids()) == ids
        assert all(store.find(run_id[:12]) == run_id for run_id in ids)
        with raises(AmbiguousPrefix) as caught:
            store.find("")
        assert caught.exception.candidates == tuple(ids)
        with raises_with(MissingRun, "no run xyz in the store"):
            store.find("xyz")

    def test_what_is_damaged_is_missing_and_can_be_put_again(self, tmp_path: Path) -> None:
        """Whichever file of a run it is, and whatever became of it; another run is none the worse."""
        damages: tuple[Callable[[Path], object], ...] = (flip, truncate, Path.unlink)
        for number, damage in enumerate(damages):
            with self._tidy(tmp_path / str(number)) as store:
                store.put(made_up_run(_spec(4)))
                store.put(RUN)
                for name in contents(store):
                    damage(store.folder(SPEC.run_id) / name)
                    with raises(MissingRun):
                        store.get(SPEC.run_id)
                    assert not store.has(SPEC.run_id)
                    assert list(store.ids()) == [_spec(4).run_id]
                    assert store.put(RUN)
                    assert store.get(SPEC.run_id).record == RUN.record

    def test_a_disk_that_refuses_leaves_it_as_it_was(self, tmp_path: Path) -> None:
        with self._tidy(tmp_path) as store:
            store.put(FAILED)
            before = contents(store)
            for number in (errno.ENOSPC, errno.EROFS):
                with patch("os.fsync", side_effect=OSError(number, os.strerror(number))), raises(WriteFailed):
                    store.put(RUN)
                assert contents(store) == before
            assert store.put(RUN)

    def test_artefacts_come_back_and_are_never_replaced_by_other_numbers(self, tmp_path: Path) -> None:
        with self._tidy(tmp_path) as store:
            with raises(MissingRun):
                store.put_artefact(SPEC.run_id, WEIGHTS, KERNELS)
            store.put(RUN)
            with raises(MissingArtefact):
                store.artefact(SPEC.run_id, WEIGHTS)
            assert store.put_artefact(SPEC.run_id, WEIGHTS, KERNELS)
            assert not store.put_artefact(SPEC.run_id, WEIGHTS, KERNELS)
            changed = {**KERNELS, "hidden_1/kernel": np.nextafter(KERNELS["hidden_1/kernel"], np.float32(9))}
            with raises(AnotherArtefact):
                store.put_artefact(SPEC.run_id, WEIGHTS, changed)
            assert store.artefacts(SPEC.run_id) == (WEIGHTS,)
            assert same(store.artefact(SPEC.run_id, WEIGHTS), KERNELS)

    def test_a_run_takes_the_place_of_another_only_when_told_to(self, tmp_path: Path) -> None:
        with self._tidy(tmp_path) as store:
            with raises(MissingRun):
                store.supersede(RUN)
            store.put(RUN)
            later = replace(RUN, record=replace(RUN.record, environment={"host": "cd"}))
            assert store.supersede(later) == ()
            assert store.record(SPEC.run_id) == later.record
            otherwise = replace(RUN, arrays={**RUN.arrays, "history/val_loss": np.array([0.4, np.nan])})
            assert store.supersede(otherwise) == ("history/val_loss",)
            assert same(store.get(SPEC.run_id).arrays, otherwise.arrays)


def contents(store: RunStore) -> dict[str, bytes]:
    """The files of the run of `SPEC`."""
    folder = store.folder(SPEC.run_id)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def same(found: Mapping[str, Array], expected: Mapping[str, Array]) -> bool:
    """Whether these are the same arrays in the same order, to the last bit."""
    return list(found) == list(expected) and all(same_bits(found[name], expected[name]) for name in expected)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def flip(path: Path) -> None:
    """Changes one bit in the middle."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
