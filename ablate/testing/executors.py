"""What every executor promises: the same bytes, and no accident of one run is another's.

    class TestMine(WorkersContract):
        scripted_trainer = "my_tests.scripted.Trainer"

        def executor(self):
            return MyExecutor(workers=2)

The trainer is that of `ablate.testing.scripted` by a name of yours, see there; it misbehaves as its runs ask for. An
executor is a frozen dataclass with a field `keep_going`; one with workers has `workers`, `stall_seconds` and
`heartbeat_seconds` as well. Where a run that dies takes its worker with it, and nothing else, a `WorkersContract` asks
for more.
"""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar
from unittest import TestCase

import psutil

from ablate.analysis.frame import study_tables
from ablate.core.errors import Interrupted
from ablate.core.plans import StudyPlan
from ablate.core.records import RunRecord, Status
from ablate.core.specs import Component, RunSpec
from ablate.runner.do_job import trainers
from ablate.runner.events import ArtefactFailed, EpochEnded, Event, NotReproduced, RunEnded, RunStarted, WorkerDied
from ablate.runner.inline import InlineExecutor
from ablate.runner.session import Session, StoppedEarly
from ablate.storage.npz import pack
from ablate.storage.runs import RunStore
from ablate.testing.scripted import EPOCHS, scripted_spec, scripted_study, tried
from ablate.testing.specs import tiny_spec, train

__all__ = ["ExecutorContract", "WorkersContract"]

Kind = TypeVar("Kind", bound=Event)

KEEP = ("weights", "sharpness")
CLAIM = "rate=0.1 < rate=0.3 on test_loss"
raises = TestCase().assertRaises
raises_with = TestCase().assertRaisesRegex


class Runs:
    """Sound runs, and others that misbehave, by the name of the trainer that lets them."""

    def __init__(self, trainer: str) -> None:
        self._trainer = trainer
        self.study = scripted_study(trainer, (0.1, 0.2, 0.3), (0, 1), claims=(CLAIM,), behaviour={"seconds": 0.05})
        self.sound = tuple(self.study.run_specs().values())
        self.raises, self.exits, self.diverges, self.unstorable = map(
            self.scripted, ("raise", "exit", "diverge", "unstorable")
        )
        self.broken_probe = scripted_spec(trainer, behaviour={"broken_probe": "sharpness"})
        # What costs a worker: once, and its run is tried again; at every try, and it has failed.
        self.deadly = {
            "crowded once": self.scripted("exhaust", once=True, seconds=0.3),
            "crowded": self.scripted("memory", seconds=0.3),
            "dies once": self.scripted("die", once=True),
            "dies": self.scripted("die"),
        }

    @property
    def rough(self) -> tuple[RunSpec, ...]:
        """What costs no worker, and a sound one."""
        return (self.sound[0], self.raises, self.exits, self.diverges, self.unstorable, self.broken_probe)

    def scripted(self, script: str, seed: int = 0, once: bool = False, seconds: float = 0.0) -> RunSpec:
        """A run that does what `script` says, at the first try alone where `once`."""
        return scripted_spec(self._trainer, seed, behaviour={"script": script, "once": once, "seconds": seconds})


class Scene:
    """A store, a folder for the trainer, and all that an executor told."""

    def __init__(self, folder: Path, executor: Any) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.executor = folder, executor
        self.store = RunStore(folder / "results")
        self.events: list[Event] = []
        self.observe: Callable[[Event], None] = self.events.append

    def execute(self, specs: Sequence[RunSpec], *keep: str, **settings: float) -> tuple[RunRecord, ...]:
        """The runs by the executor, with those of the settings that are fields of it."""
        names = {each.name for each in fields(self.executor)}
        session = Session(
            self.store, self.folder, lambda event: self.observe(event), {each.run_id: keep for each in specs}
        )
        told = replace(self.executor, **{name: value for name, value in settings.items() if name in names})
        records: tuple[RunRecord, ...] = told.execute(specs, session)
        return records

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The events of a kind, in their order."""
        return [event for event in self.events if isinstance(event, kind)]

    def record(self, spec: RunSpec) -> RunRecord:
        return self.store.record(spec.run_id)

    def files(self, specs: Sequence[RunSpec], pattern: str) -> dict[Path, bytes]:
        """What is stored of the runs, by its place."""
        paths = [path for spec in specs for path in self.store.folder(spec.run_id).glob(pattern)]
        return {path.relative_to(self.store.root): path.read_bytes() for path in paths}

    def tables(self, runs: Runs) -> dict[str, bytes]:
        """Those of the sound study, without times."""
        plan = StudyPlan.of(runs.study)
        tables = study_tables(plan, self.store.present(plan.run_ids))
        files = {**tables.files(), "history.csv": b"".join(tables.history_csv())}
        return {name: content for name, content in files.items() if not name.startswith("timings")}

    def beside_each_try(self, killed: Sequence[RunSpec]) -> dict[str, list[set[str]]]:
        """run_id → for each of its tries the other runs that were being trained at any time of it; of those that were
        killed nobody notes the end, so they are left out."""
        running: dict[str, set[str]] = {}
        tries: dict[str, list[set[str]]] = {}
        unnoted = {spec.run_id for spec in killed}
        for line in (self.folder / "log").read_text().splitlines():
            what, run_id = line.split()
            if run_id in unnoted:
                continue
            if what == "end":
                del running[run_id]
            else:
                others = set(running)
                for each in others:
                    running[each].add(run_id)
                running[run_id] = others
                tries.setdefault(run_id, []).append(others)
        return tries


def ids(specs: Sequence[RunSpec]) -> list[str]:
    return [spec.run_id for spec in specs]


class ExecutorContract:
    """Name `scripted_trainer` and give an `executor`.

    Attributes:
        scripted_trainer: the name by which workers import `ablate.testing.scripted.Trainer`.
        survives_death: whether the process of a run may die without an end to the others.
    """

    scripted_trainer: ClassVar[str]
    survives_death: ClassVar[bool] = False
    _folder: ClassVar[TemporaryDirectory[str]]
    _played: ClassVar[dict[str, Scene]]

    def executor(self) -> Any:
        """The one that is put to the test, with two workers where it has any."""
        raise NotImplementedError

    @classmethod
    def setup_class(cls) -> None:
        """What several tests look at is played once for each class."""
        cls._folder, cls._played = TemporaryDirectory(), {}

    @classmethod
    def teardown_class(cls) -> None:
        cls._folder.cleanup()

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.scripted_trainer)

    @property
    def asked(self) -> tuple[RunSpec, ...]:
        """Everything that can go wrong, among runs that are sound."""
        return (
            *self.runs.rough,
            *(self.runs.deadly.values() if self.survives_death else ()),
            *self.runs.sound[1:],
        )

    @property
    def played(self) -> Scene:
        """After all that was asked for."""
        return self._once("played", self.executor, self.asked)

    @property
    def undisturbed(self) -> Scene:
        """The sound runs alone, one after the other, in this process."""
        return self._once("undisturbed", InlineExecutor, self.runs.sound)

    def _once(self, name: str, executor: Callable[[], Any], specs: Sequence[RunSpec]) -> Scene:
        if name not in self._played:
            scene = Scene(Path(self._folder.name, name), executor())
            records = scene.execute(specs, *KEEP)
            assert [record.run_id for record in records] == ids(specs)
            self._played[name] = scene
        return self._played[name]

    @contextmanager
    def scene(self, folder: Path) -> Iterator[Scene]:
        """A store without runs; at its end no process, lease or half a file is left."""
        before = set(psutil.Process().children())
        yield Scene(folder, self.executor())
        assert {child for child in psutil.Process().children() if child not in before} == set()
        assert not [path for path in folder.glob("**/claims/*") if not path.name.startswith(".")]
        assert list(folder.glob("**/.tmp-*")) == []

    def test_tells_of_every_run_and_epoch(self) -> None:
        played, sound = self.played, self.runs.sound
        assert Counter(event.record.run_id for event in played.of(RunEnded)) == Counter(ids(self.asked))
        assert all(played.store.record(event.record.run_id) == event.record for event in played.of(RunEnded))
        assert all(event.is_ours for event in played.of(RunEnded))
        assert Counter(event.run_id for event in played.of(RunStarted)) >= Counter(ids(self.asked))
        epochs = Counter(event.run_id for event in played.of(EpochEnded))
        assert {spec.run_id: epochs[spec.run_id] for spec in sound} == {spec.run_id: EPOCHS for spec in sound}

    def test_stores_equal_bytes_whatever_went_wrong_beside_them(self) -> None:
        sound = self.runs.sound
        for pattern, count in (("spec.json", 1), ("arrays.npz", 1), ("artefacts/*.npz", len(KEEP))):
            expected = self.undisturbed.files(sound, pattern)
            assert len(expected) == count * len(sound)
            assert self.played.files(sound, pattern) == expected
        tables = self.undisturbed.tables(self.runs)
        assert len(tables) == 6
        assert self.played.tables(self.runs) == tables

    def test_records_a_failure_and_a_divergence_once_and_goes_on(self) -> None:
        played, runs = self.played, self.runs
        raised, exited, unstorable = (
            played.record(spec).failure for spec in (runs.raises, runs.exits, runs.unstorable)
        )
        assert raised
        assert exited
        assert unstorable
        assert played.record(runs.raises).status is Status.FAILED
        assert (raised.kind, raised.type, raised.message) == ("error", "Unpicklable", "as the script says")
        assert 'raise Unpicklable("as the script says")' in raised.traceback
        assert exited.type == "SystemExit"
        assert "no canonical form" in unstorable.message
        assert played.record(runs.diverges).status is Status.DIVERGED
        times = Counter(tried(played.folder))
        assert {times[spec.run_id] for spec in (*runs.rough, *runs.sound)} == {1}

    def test_a_probe_that_fails_leaves_the_run_and_its_other_artefacts(self) -> None:
        played, broken = self.played, self.runs.broken_probe
        failed = [(event.run_id, event.artefact, event.failure.message) for event in played.of(ArtefactFailed)]
        assert failed == [(broken.run_id, "sharpness", "as the script says")]
        assert played.record(broken).status is Status.COMPLETED
        assert played.store.artefacts(broken.run_id) == ("weights",)
        assert played.store.artefacts(self.runs.diverges.run_id) == ()

    def test_artefacts_are_derived_without_training_or_trained_for_again(self, tmp_path: Path) -> None:
        """And come out the same."""
        derived, trained = self.runs.sound[:2]
        with self.scene(tmp_path) as scene:
            scene.execute([derived], "weights")
            scene.execute([trained])
            scene.execute([derived, trained], "sharpness", "step_losses", workers=1)
            assert scene.store.artefacts(derived.run_id) == ("weights", "step_losses", "sharpness")
            assert scene.store.artefacts(trained.run_id) == ("step_losses", "sharpness")
            assert scene.of(NotReproduced) == []
            scene.execute([derived], "dead_units", workers=1)
            assert Counter(tried(scene.folder)) == {derived.run_id: 2, trained.run_id: 2}

    def test_stops_when_the_first_runs_fail_in_the_same_place(self, tmp_path: Path) -> None:
        specs = [self.runs.scripted("raise", seed) for seed in range(6)]
        with self.scene(tmp_path) as scene:
            with raises_with(StoppedEarly, r"the first 3 runs failed alike .*; 3 not tried"):
                scene.execute(specs, workers=1)
            assert len(list(scene.store.ids())) == 3
            assert len(scene.execute(specs, workers=1, keep_going=True)) == 6

    def test_a_signal_ends_the_work_and_keeps_what_is_done(self, tmp_path: Path) -> None:
        def interrupt(event: Event) -> None:
            if isinstance(event, RunEnded):
                signal.raise_signal(signal.SIGTERM)

        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        sound = self.runs.sound
        with self.scene(tmp_path) as scene:
            scene.observe = interrupt
            with raises(Interrupted) as caught:
                scene.execute(sound, workers=1)
            ended = caught.exception
            assert (ended.signal_number, ended.done, ended.remaining) == (signal.SIGTERM, 1, len(sound) - 1)
            assert list(scene.store.ids()) == [sound[0].run_id]
            assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers

    def test_records_a_trainer_that_cannot_be_loaded(self, tmp_path: Path) -> None:
        module = self.scripted_trainer.partition(".")[0] + ".absent"
        with self.scene(tmp_path) as scene:
            (record,) = scene.execute([replace(self.runs.sound[0], trainer=Component(f"{module}.Trainer"))])
            assert record.failure
            assert (record.failure.kind, record.failure.type) == ("error", "ConfigError")
            assert f"No module named {module!r}" in record.failure.message

    def test_nothing_to_do_starts_nothing(self, tmp_path: Path) -> None:
        with self.scene(tmp_path) as scene:
            assert scene.execute(()) == ()
            assert scene.events == []

    def test_plans_for_no_more_places_than_there_are_runs(self) -> None:
        assert self.executor().worker_count(self.runs.sound[:1]) == 1

    def test_the_usual_trainer_gives_the_same_bytes(self, tmp_path: Path) -> None:
        """One tiny run with dropout, as this process trains it."""
        asked = tiny_spec("model.hidden=[4]", "model.dropout=0.2", folder=tmp_path)
        expected = pack(train(trainers(None, asked.numerics)(asked), asked).arrays)
        with self.scene(tmp_path) as scene:
            (record,) = scene.execute([asked])
            assert record.status is Status.COMPLETED, record.failure
            assert (scene.store.folder(asked.run_id) / "arrays.npz").read_bytes() == expected
            assert json.loads((scene.store.folder(asked.run_id) / "spec.json").read_bytes()) == asked.to_json()


class WorkersContract(ExecutorContract):
    """What an executor promises, besides, whose runs have processes of their own."""

    survives_death = True

    def test_a_run_whose_worker_was_killed_is_tried_once_more(self) -> None:
        played, deadly = self.played, self.runs.deadly
        names = {spec.run_id: name for name, spec in deadly.items()}
        deaths: dict[str, list[bool]] = {name: [] for name in deadly}
        for event in played.of(WorkerDied):
            deaths[names[event.run_id]].append(event.is_retried)
        assert deaths == {"dies once": [True], "dies": [True, False], "crowded once": [True], "crowded": [True, False]}
        assert played.record(deadly["dies once"]).status is Status.COMPLETED
        failure = played.record(deadly["dies"]).failure
        assert failure
        assert failure.kind == "killed"
        times = Counter(tried(played.folder))
        assert {times[spec.run_id] for spec in deadly.values()} == {2}

    def test_a_run_that_ran_out_of_memory_has_the_device_for_itself_at_its_second_try(self) -> None:
        played, deadly = self.played, self.runs.deadly
        crowded = [deadly["crowded once"], deadly["crowded"]]
        once, always = map(played.record, crowded)
        assert once.status is Status.COMPLETED
        assert always.failure
        assert (always.status, always.failure.kind, always.failure.type) == (Status.FAILED, "oom", "MemoryError")
        together = played.beside_each_try([deadly["dies once"], deadly["dies"]])
        assert any(others for tries in together.values() for others in tries)
        assert [together[spec.run_id][1] for spec in crowded] == [set(), set()]

    def test_ends_a_worker_that_hangs_or_falls_silent(self, tmp_path: Path) -> None:
        hanging, frozen = (self.runs.scripted(script, once=True) for script in ("hang", "freeze"))
        sound = self.runs.sound[0]
        with self.scene(tmp_path) as scene:
            scene.execute((hanging, frozen, sound), stall_seconds=5.0, heartbeat_seconds=4.0)
            reasons = {event.run_id: event.reason for event in scene.of(WorkerDied)}
            assert reasons[hanging.run_id] == "the worker ended no epoch for 5 s"
            assert reasons[frozen.run_id] == "the worker gave no sign of life for 4 s"
            assert {scene.record(spec).status for spec in (hanging, frozen, sound)} == {Status.COMPLETED}
