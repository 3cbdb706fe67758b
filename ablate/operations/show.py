"""Everything about single runs: their settings, what came out, how it went, and where they are stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ablate.analysis.settings import flatten
from ablate.core.errors import UsageError
from ablate.core.identity import Json
from ablate.core.records import StoredRun, numbers_of
from ablate.core.versions import COMMAND, apart_from_the_command
from ablate.operations.as_json import document, shows
from ablate.operations.catalogue import Membership, memberships_of
from ablate.operations.request import results_folder
from ablate.operations.sides import find_sides
from ablate.storage.runs import RunStore
from ablate.storage.studies import study_names

__all__ = ["ShownRun", "show"]


@document("show", version=2)
@shows(
    "run_id=run.record.run_id",
    "folder",
    "places=memberships",
    "spec=run.spec",
    "record=run.record",
    "metrics",
    "history=run.history",
)
@dataclass(frozen=True)
class ShownRun:
    """A run with what open metrics have measured of it, the folder it is stored in, and where it stands in studies."""

    run: StoredRun
    folder: Path
    memberships: tuple[Membership, ...]

    @property
    def settings(self) -> dict[str, Json]:
        """Dotted name to value, of all that determines the run's numbers."""
        return flatten(self.run.spec.to_json())

    @property
    def metrics(self) -> dict[str, float]:
        """Those of the record, and the open ones that were measured."""
        return {**self.run.record.metrics, **numbers_of(self.run.artefacts)}

    @property
    def command(self) -> tuple[str, ...] | None:
        """The words after `ablate` that the run was trained by; None where they are not recorded."""
        words = self.run.record.environment.get(COMMAND)
        return tuple(map(str, words)) if isinstance(words, list) else None

    @property
    def environment(self) -> dict[str, Json]:
        """Dotted name to value, of what is recorded of where and with what the run was computed."""
        return flatten(apart_from_the_command(self.run.record.environment))

    @property
    def epochs(self) -> tuple[int, ...]:
        """The first, the best and the last epoch, which say most of the history; none of a run that ended before
        its first."""
        record = self.run.record
        return tuple(sorted({1, record.best_epoch or 1, record.epochs_run})) if record.epochs_run else ()


def show(*names: str, results_dir: Path | str | None = None, sets_aside: bool = True) -> tuple[ShownRun, ...]:
    """The runs that the names stand for: one by the beginning of its id, or those of an arm (`optimizers:adam`),
    by seed.

    Args:
        sets_aside: whether what is damaged is set aside; without, nothing in the store is touched.

    Raises:
        UsageError: when nothing is named, or a whole study.
        NoSuchArm, MissingRun, AmbiguousPrefix: when a name stands for nothing, or for several things.
        UnreadableRecord: when the run is damaged.
    """
    results = results_folder(results_dir)
    if not names:
        raise UsageError("Which run? `ablate list runs` prints their ids.")
    store = RunStore(results, sets_aside)
    run_ids = [run_id for name in names for run_id in _run_ids(name, store, sets_aside)]
    found = [replace(store.get(run_id), artefacts=store.open_metrics(run_id)) for run_id in run_ids]
    memberships = memberships_of(results)
    # By the id that the record says: under another run format the spec of the same run would have another.
    return tuple(
        ShownRun(run, store.folder(run.record.run_id), memberships.get(run.record.run_id, ())) for run in found
    )


def _run_ids(name: str, store: RunStore, sets_aside: bool) -> list[str]:
    if name in study_names(store.root):
        raise UsageError(
            f"{name} is a study. Its runs: ablate list study={name}; those of an arm: ablate show {name}:ARM"
        )
    if ":" not in name:
        return [store.find(name)]
    found = [run for side in find_sides(name, store.root, sets_aside) for run in side.runs]
    if not found:
        raise UsageError(f"{name} has no stored run yet")
    return [run.record.run_id for run in sorted(found, key=lambda run: run.spec.seed)]
