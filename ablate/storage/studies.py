"""The folder of a study: what was planned under its name, what happened to it, and its tables.

    folder = StudyFolder(results_dir, "optimizers")
    folder.record_plan(plan, argv=["+sweep=optimizers"])    # refuses another study under this name
    folder.plan()                                           # the latest StudyPlan
    folder.log("post_hoc_seeds", {"added": [8, 9]})
    folder.write("runs.csv", content)

On disk, under `results/studies/<name>/`: `plans.jsonl`, which is primary data (each plan with its time
and command), `study_log.jsonl`, and tables that can be derived from the plans and the store.
"""

from __future__ import annotations

import logging
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from ablate.core.errors import ExitCode
from ablate.core.identity import Json, canonical
from ablate.core.plans import PLAN_FORMAT, StudyPlan
from ablate.core.specs import STUDY_NAME
from ablate.core.study_changes import sentences
from ablate.sanitize.files import oddity_of, stands
from ablate.sanitize.types import as_declared
from ablate.storage.atomic import StoreError, reading, set_aside, write_atomically, write_pieces, writing
from ablate.storage.journal import Journal

__all__ = [
    "AnotherStudy",
    "DamagedPlan",
    "Difference",
    "PlanLine",
    "StudyFolder",
    "UnknownStudy",
    "UnreadablePlan",
    "differences",
    "study_names",
    "unplanned_names",
]

PLANS = "plans.jsonl"
# Beside the folders of studies: those that another study of their name has taken the place of.
REPLACED = "_replaced"
SHOWN_DIFFERENCES = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """One field in which two studies differ: its dotted path, and the value in each, None where absent."""

    field: str
    kept: Json
    asked: Json


class AnotherStudy(StoreError):
    """The name stands for another study already, whose plans are not overwritten."""

    def __init__(self, name: str, kept: Mapping[str, Json], asked: Mapping[str, Json]) -> None:
        said = sentences(kept, asked)
        more = (f"and {len(said) - SHOWN_DIFFERENCES} more",) if len(said) > SHOWN_DIFFERENCES else ()
        super().__init__(f"{name} is the name of another study: {'; '.join(said[:SHOWN_DIFFERENCES] + more)}")
        self.name = name
        self.differences = differences(kept, asked)

    @property
    def hint(self) -> str:
        return (
            f"To keep both, give this one a name of its own: study={self.name}_2. "
            "To start the study anew, --replace: its runs stay, and its old folder is kept aside."
        )


class UnknownStudy(StoreError, LookupError):
    """Nothing was planned under this name."""


class UnreadablePlan(StoreError):
    """A plan whose bytes are sound and whose meaning is unknown: another version of ablate wrote it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"study {name} was planned by another version of ablate: {reason}")
        self.name = name
        self.reason = reason

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM

    @property
    def hint(self) -> str:
        return "It stays as it is: the version that wrote it reads it. This one can use another results_dir."


class DamagedPlan(StoreError):
    """Something was planned under this name, and no line of it can be read."""

    @property
    def exit_code(self) -> int:
        return ExitCode.DATA_PROBLEM

    @property
    def hint(self) -> str:
        return "To mend what can be mended: ablate fsck --repair. Else run the command of the study again."


@dataclass(frozen=True)
class PlanLine:
    """A plan with when (UTC, ISO 8601) and by which command line it was made."""

    plan: StudyPlan
    planned_at: str
    argv: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        return {
            "plan_hash": self.plan.plan_hash,
            "planned_at": self.planned_at,
            "argv": list(self.argv),
            "format": PLAN_FORMAT,
            "plan": self.plan.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlanLine:
        """The line of its JSON.

        Raises:
            KeyError, TypeError, ValueError: when `data` is not the JSON of a line in the format that is known here.
        """
        # The first lines did not say their format.
        if data.get("format", 1) != PLAN_FORMAT:
            raise ValueError(f"a plan of format {data['format']}; this version reads {PLAN_FORMAT}")
        return as_declared(cls(StudyPlan.from_json(data["plan"]), data["planned_at"], tuple(data["argv"])))


def utc_now() -> datetime:
    return datetime.now(UTC)


class StudyFolder:
    """The folder of the study `name` under `results_dir/studies`. Nothing is made before something is kept."""

    def __init__(self, results_dir: Path, name: str, now: Callable[[], datetime] = utc_now) -> None:
        """Raises ValueError for a name that is no plain folder name."""
        if not STUDY_NAME.fullmatch(name):
            raise ValueError(
                f"{name!r} cannot name a study: up to 100 letters, digits and _ . + -, a letter or digit first, "
                "no point last, and none of the names that Windows keeps for devices"
            )
        self.name = name
        self.path = results_dir / "studies" / name
        self._now = now
        self._plans = Journal(self.path / PLANS)
        self._log = Journal(self.path / "study_log.jsonl")

    @property
    def journals(self) -> tuple[Journal, Journal]:
        """What nothing else can tell: the plans, and the log."""
        return self._plans, self._log

    def plan(self) -> StudyPlan | None:
        """The plan that holds: the latest. None when nothing was planned here.

        Raises:
            UnreadablePlan: when another version of ablate wrote one of the plans.
        """
        lines = self.plan_lines()
        return lines[-1].plan if lines else None

    def plan_lines(self) -> tuple[PlanLine, ...]:
        """Every plan that was made under this name, oldest first.

        Raises:
            UnreadablePlan: when another version of ablate wrote one of them.
        """
        try:
            return tuple(PlanLine.from_json(entry) for entry in self._plans.entries())
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadablePlan(self.name, f"{type(error).__name__}: {error}") from error

    def readable_lines(self) -> tuple[PlanLine, ...]:
        """As `plan_lines`, for those who can do nothing without one; none where nothing was planned here.

        Raises:
            UnreadablePlan: when another version of ablate wrote one of them.
            DamagedPlan: when something was planned here, and all of it is damaged.
        """
        damaged = self._plans.damaged()
        lines = self.plan_lines()
        if damaged and not lines:
            number, reason = damaged[0]
            raise DamagedPlan(
                f"the plan of study {self.name} cannot be read: {self._plans.path}, line {number} is damaged ({reason})"
            )
        return lines

    def check(self, plan: StudyPlan) -> None:
        """Whether `plan` may be kept here.

        Raises:
            UnreadablePlan: when another version of ablate planned it.
            AnotherStudy: when the folder holds a study with another definition.
        """
        kept = self.plan()
        if kept is not None and differences(kept.definition(), plan.definition()):
            raise AnotherStudy(self.name, kept.definition(), plan.definition())

    def make_way(self, plan: StudyPlan) -> Path | None:
        """Sets the folder aside, whole, where it holds another study than `plan`, or one that cannot be read; where it
        lies then. None where there is nothing to make way for.

        Raises:
            WriteFailed: when the file system refuses.
        """
        try:
            self.check(plan)
            return None
        except (AnotherStudy, UnreadablePlan):
            aside = self._free_place()
            # One renaming, so that whoever dies on the way leaves the study at one of the two places.
            with writing(aside, 0):
                aside.parent.mkdir(exist_ok=True)
                self.path.rename(aside)
            return aside

    def _free_place(self) -> Path:
        """Where no study is looked for: a name cannot begin so."""
        places = (self.path.parent / REPLACED / f"{self.name}.{number}" for number in count(1))
        return next(place for place in places if not place.exists())

    def record_plan(self, plan: StudyPlan, argv: Sequence[str]) -> bool:
        """Keep `plan` as the one that holds; whether that is a change.

        Raises:
            UnreadablePlan: when another version of ablate planned the study.
            AnotherStudy: when the folder holds a study with another definition.
            WriteFailed: when the file system refuses.
        """
        with self._plans.locked():
            self.check(plan)
            kept = self.plan()
            if kept is not None and kept.plan_hash == plan.plan_hash:
                return False
            self._plans.append(PlanLine(plan, self._timestamp(), tuple(argv)).to_json())
        return True

    def log(self, event: str, details: Mapping[str, Json]) -> None:
        """Add to the study's log what happened to it, with the time.

        Raises:
            WriteFailed: when the file system refuses.
        """
        self._log.append({"event": event, "logged_at": self._timestamp(), **details})

    def events(self) -> tuple[dict[str, Any], ...]:
        """The log, oldest first: objects with `event`, `logged_at` and the details of the event."""
        return self._log.entries()

    def write(self, file_name: str, content: bytes) -> Path:
        """Put a derived file, such as a table, in place of its last version; its path.

        Raises:
            WriteFailed: when the file system refuses.
        """
        path = self._place(file_name)
        write_atomically(path, content)
        return path

    def write_pieces(self, file_name: str, pieces: Iterable[bytes]) -> Path:
        """The same for a file that is too large for memory; one of the same content is left alone.

        Raises:
            WriteFailed: when the file system refuses.
        """
        path = self._place(file_name)
        write_pieces(path, pieces)
        return path

    def _place(self, file_name: str) -> Path:
        """Where a derived file goes; what stands there and is no file is set aside."""
        path = self.path / file_name
        if oddity_of(path):
            log.warning("%s is no file; set aside as %s", path, set_aside(path).name)
        return path

    def _timestamp(self) -> str:
        return self._now().isoformat(timespec="seconds")


def study_names(results_dir: Path) -> tuple[str, ...]:
    """The studies that something was planned for, in alphabetical order; a plan that is no file is one all the same.

    Raises:
        ReadRefused: when the system does not let look.
    """
    folder = results_dir / "studies"
    with reading(folder):
        return tuple(name for name in _entries(folder) if STUDY_NAME.fullmatch(name) and stands(folder / name / PLANS))


def unplanned_names(results_dir: Path) -> tuple[str, ...]:
    """What stands among the studies and is none that something is planned for: which runs it needs is not known.

    Raises:
        ReadRefused: when the system does not let look.
    """
    planned = set(study_names(results_dir))
    folder = results_dir / "studies"
    with reading(folder):
        return tuple(
            name
            for name in _entries(folder)
            if name not in planned and name != REPLACED and not name.startswith(".") and not _is_file(folder / name)
        )


def _is_file(path: Path) -> bool:
    """Whether it is a plain file, such as somebody's notes: no folder of a study turns into one."""
    return stat.S_ISREG(path.lstat().st_mode)


def _entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def differences(kept: Mapping[str, Json], asked: Mapping[str, Json]) -> tuple[Difference, ...]:
    """The fields in which two definitions differ, by dotted path, sorted."""
    ours, theirs = dict(_leaves(kept)), dict(_leaves(asked))
    return tuple(
        Difference(path, ours.get(path), theirs.get(path))
        for path in sorted(ours.keys() | theirs.keys())
        # As lists of one or none, in which an absent value is not a null.
        if canonical([ours[path]] if path in ours else []) != canonical([theirs[path]] if path in theirs else [])
    )


def _leaves(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Each value inside `value` that is no mapping, with its dotted path; an empty mapping is a value."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    else:
        yield path, value
