"""The store under whatever may happen to it, in any order: writers, readers in the midst of a write, processes that
are killed at any touch of the disk, and damage from outside.

A model says what must be readable. What is read is exactly that, or reported as missing; what is missing had been
damaged, or was a failure that was about to give way.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ablate.core.records import Divergence, Failure, RunRecord, Status, StoredRun
from ablate.storage import atomic as durable
from ablate.storage.runs import AnotherArtefact, MissingArtefact, MissingRun, RunStore, encode, pack
from tests.runner.scripted import scripted_spec

SPECS = tuple(scripted_spec(seed) for seed in range(3))
ARTEFACTS = ("weights", "step_losses")
# A put touches the disk some ten times: folders, files, names, and what it clears away.
STEPS = st.integers(0, 14)
PARTS = st.sampled_from([0.0, 0.5, 1.0])
RUNS = st.integers(0, len(SPECS) - 1)


def run_of(number: int, status: Status, variant: int) -> StoredRun:
    record = RunRecord(
        SPECS[number].run_id,
        status,
        metrics={"test_loss": float(variant)},
        failure=Failure("error", "ValueError", "no", "Traceback …") if status is Status.FAILED else None,
        divergence=Divergence(1, 7) if status is Status.DIVERGED else None,
    )
    return StoredRun(SPECS[number], record, {"history/loss": np.arange(3.0) + variant})


class Killed(BaseException):
    """The process is no more: nothing that it would still have done is done."""


@contextmanager
def at_touch(step: int, part: float, then: Callable[[], None]) -> Iterator[None]:
    """Calls `then` before the disk is touched for the `step`-th time, after `part` of the bytes if that is a write.
    Once it has raised Killed, the disk is not touched any more, not even to tidy up."""
    count = 0
    is_dead = False

    def touching(original):
        def touch(*arguments, **options):
            nonlocal count, is_dead
            if is_dead:
                raise Killed
            count += 1
            if count - 1 == step:
                if original is write:
                    path, content = arguments
                    path.write_bytes(content[: int(part * len(content))])
                try:
                    then()
                except Killed:
                    is_dead = True
                    raise
                if original is write:
                    path.unlink()
            return original(*arguments, **options)

        return touch

    write = durable._write
    places = [(durable, "_write"), (durable, "_sync"), (shutil, "rmtree")]
    places += [(Path, name) for name in ("mkdir", "rename", "replace", "unlink")]
    with ExitStack() as stack:
        # One by one, and in this thread, which holds the locks.
        stack.enter_context(patch.object(durable, "_sync_all", lambda paths: [durable._sync(path) for path in paths]))
        for owner, name in places:
            stack.enter_context(patch.object(owner, name, touching(getattr(owner, name))))
        yield


def die() -> None:
    raise Killed


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        # A disk that loses power is not played here, and waiting for one would be nearly all of the time.
        self.syncing = patch.object(os, "fsync")
        self.syncing.start()
        self.store = RunStore(self.root)
        # What must be read: the files of each run, and the arrays of its artefacts.
        self.runs: dict[str, dict[str, bytes]] = {}
        self.statuses: dict[str, Status] = {}
        self.kept: dict[tuple[str, str], bytes] = {}
        # Runs and artefacts of which a byte has been changed since they were written.
        self.damaged: set[str] = set()
        self.torn: set[tuple[str, str]] = set()

    def teardown(self) -> None:
        self.syncing.stop()
        shutil.rmtree(self.root)

    # what is done to it ------------------------------------------------------------------------------

    @rule()
    def opened_by_another(self) -> None:
        self.store = RunStore(self.root)

    @rule(number=RUNS, status=st.sampled_from(Status), variant=st.integers(0, 2))
    def put(self, number: int, status: Status, variant: int) -> None:
        run = run_of(number, status, variant)
        self.look_for_damage(run.spec.run_id)
        is_kept = self.store.put(run)
        assert is_kept == (not self.has_outcome(run.spec.run_id))
        if is_kept:
            self.remember(run)

    @rule(number=RUNS, status=st.sampled_from(Status), variant=st.integers(0, 2), step=STEPS, part=PARTS)
    def killed_while_putting(self, number: int, status: Status, variant: int, step: int, part: float) -> None:
        run = run_of(number, status, variant)
        run_id = run.spec.run_id
        self.look_for_damage(run_id)
        before, is_open = self.runs.get(run_id), not self.has_outcome(run_id)
        self.kill(run_id, step, part, lambda: self.store.put(run))
        after = self.read(run_id)
        assert after in ([before, encode(run), None] if is_open else [before])
        if after is None:
            self.forget(run_id)
        elif is_open and after == encode(run):
            # Perhaps its twin of before, with its artefacts; perhaps not.
            artefacts = {name: self.artefact(run_id, name) for name in ARTEFACTS}
            self.remember(run)
            self.kept |= {(run_id, name): kept for name, kept in artefacts.items() if kept is not None}

    @rule(number=RUNS, status=st.sampled_from(Status), step=STEPS, part=PARTS)
    def read_while_putting(self, number: int, status: Status, step: int, part: float) -> None:
        run = run_of(number, status, variant=0)
        run_id = run.spec.run_id
        self.look_for_damage(run_id)
        reader, seen = RunStore(self.root), []
        before = self.runs.get(run_id)
        with at_touch(step, part, lambda: seen.append(self.read(run_id, reader))):
            is_kept = self.store.put(run)
        allowed = [before, encode(run), None] if is_kept else [before]
        assert all(each in allowed for each in seen)
        if is_kept:
            self.remember(run)

    @rule(number=RUNS, name=st.sampled_from(ARTEFACTS), value=st.integers(0, 1))
    def put_artefact(self, number: int, name: str, value: int) -> None:
        run_id, arrays = SPECS[number].run_id, {"value": np.full(2, value)}
        self.look_for_damage(run_id)
        if run_id not in self.runs:
            with pytest.raises(MissingRun):
                self.store.put_artefact(run_id, name, arrays)
            return
        kept = None if (run_id, name) in self.torn else self.kept.get((run_id, name))
        if kept not in (None, pack(arrays)):
            with pytest.raises(AnotherArtefact):
                self.store.put_artefact(run_id, name, arrays)
            return
        assert self.store.put_artefact(run_id, name, arrays) == (kept is None)
        self.kept[run_id, name] = pack(arrays)
        self.torn.discard((run_id, name))

    @rule(number=RUNS, name=st.sampled_from(ARTEFACTS), step=STEPS, part=PARTS)
    def killed_while_putting_an_artefact(self, number: int, name: str, step: int, part: float) -> None:
        run_id, arrays = SPECS[number].run_id, {"value": np.zeros(2)}
        self.look_for_damage(run_id)
        if run_id not in self.runs or (run_id, name) in self.kept:
            return
        self.kill(run_id, step, part, lambda: self.store.put_artefact(run_id, name, arrays))
        after = self.artefact(run_id, name)
        assert after in (None, pack(arrays))
        if after is not None:
            self.kept[run_id, name] = after

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), damage=st.sampled_from(["truncate", "flip", "empty", "delete"]), where=st.floats(0, 1))
    def damage(self, data: st.DataObject, damage: str, where: float) -> None:
        run_id = data.draw(st.sampled_from(sorted(self.runs)))
        names = [] if run_id in self.damaged else ["spec.json", "arrays.npz", "record.json"]
        names += [f"artefacts/{name}.npz" for of, name in sorted(self.kept.keys() - self.torn) if of == run_id]
        if not names:
            return
        name = data.draw(st.sampled_from(names))
        path = self.store.folder(run_id) / name
        content = path.read_bytes()
        place = min(int(where * len(content)), len(content) - 1)
        if damage == "delete":
            path.unlink()
        else:
            flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
            path.write_bytes({"truncate": content[:place], "flip": flipped, "empty": b""}[damage])
        if "artefacts" in name:
            self.torn.add((run_id, path.stem))
        else:
            self.damaged.add(run_id)

    # what is read ------------------------------------------------------------------------------------

    @precondition(lambda self: self.damaged)
    @rule(data=st.data())
    def damage_is_found(self, data: st.DataObject) -> None:
        self.look_for_damage(data.draw(st.sampled_from(sorted(self.damaged))))

    @precondition(lambda self: self.torn)
    @rule(data=st.data())
    def a_torn_artefact_is_missing(self, data: st.DataObject) -> None:
        run_id, name = data.draw(st.sampled_from(sorted(self.torn)))
        assert self.artefact(run_id, name) is None
        self.torn.discard((run_id, name))
        self.kept.pop((run_id, name), None)

    @invariant()
    def what_is_sound_is_read_as_it_was_written(self) -> None:
        for spec in SPECS:
            if spec.run_id not in self.damaged:
                assert self.read(spec.run_id) == self.runs.get(spec.run_id)
                assert self.store.has(spec.run_id) == (spec.run_id in self.runs)
        for (run_id, name), arrays in self.kept.items():
            if (run_id, name) not in self.torn:
                assert self.artefact(run_id, name) == arrays

    @invariant()
    def the_ids_are_those_of_the_runs(self) -> None:
        assert set(self.store.ids()) == set(self.runs)

    def kill(self, run_id: str, step: int, part: float, write: Callable[[], object]) -> None:
        """A writer, who leaves nothing that would have to be set aside."""
        aside = len(list(self.root.rglob("*.corrupt*")))
        with suppress(Killed), at_touch(step, part, die):
            write()
        self.read(run_id)
        for name in {*ARTEFACTS} - {name for of, name in self.torn if of == run_id}:
            self.artefact(run_id, name)
        assert len(list(self.root.rglob("*.corrupt*"))) == aside

    # the model ---------------------------------------------------------------------------------------

    def read(self, run_id: str, store: RunStore | None = None) -> dict[str, bytes] | None:
        try:
            return encode((store or self.store).get(run_id))
        except MissingRun:
            return None

    def artefact(self, run_id: str, name: str) -> bytes | None:
        try:
            return pack(self.store.artefact(run_id, name))
        except MissingArtefact:
            return None

    def look_for_damage(self, run_id: str) -> None:
        """A damaged run is missing for whoever reads it whole, and gone then."""
        if run_id in self.damaged:
            assert self.read(run_id) is None
            self.forget(run_id)

    def has_outcome(self, run_id: str) -> bool:
        return run_id in self.runs and self.statuses[run_id].is_outcome

    def remember(self, run: StoredRun) -> None:
        """In place of what was there, artefacts included."""
        self.forget(run.spec.run_id)
        self.runs[run.spec.run_id] = encode(run)
        self.statuses[run.spec.run_id] = run.record.status

    def forget(self, run_id: str) -> None:
        self.runs.pop(run_id, None)
        self.damaged.discard(run_id)
        self.kept = {key: arrays for key, arrays in self.kept.items() if key[0] != run_id}
        self.torn = {key for key in self.torn if key[0] != run_id}


StoreMachine.TestCase.settings = settings(deadline=None, derandomize=True, max_examples=30, stateful_step_count=20)
TestStore = StoreMachine.TestCase
