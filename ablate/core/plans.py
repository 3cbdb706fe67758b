"""What a study meant to run, kept as plain data: the part of a `Study` that reports need.

A `Study` holds the specs that the runner trains; a `StudyPlan` holds which run stands where, so that
tables, figures and reports can be made, and made again, from a line of JSON and the records of the runs.

    plan = StudyPlan.of(study)
    plan.plan_hash                                  # equal plans, equal hashes
    StudyPlan.from_json(plan.to_json()) == plan
    for run in plan.sweeps[0].runs: ...             # one PlannedRun for each seed of each arm
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ablate.core.identity import RUN_ID, Json, digest
from ablate.core.metrics import open_metrics
from ablate.core.records import announce
from ablate.core.specs import Arm, PlannedRun, Study, Sweep, SweepSpec, confirmation_runs
from ablate.sanitize.types import as_declared

__all__ = ["PLAN_FORMAT", "PlannedArm", "PlannedSweep", "StudyPlan", "with_earlier_confirmation"]

PLAN_FORMAT = 1


@dataclass(frozen=True)
class PlannedArm:
    """An arm without its runs.

    `levels` holds the level of every factor; `settings` is the JSON of the spec that its runs share,
    without the seed.
    """

    name: str
    levels: Mapping[str, Json]
    is_baseline: bool
    settings: Mapping[str, Json]

    @property
    def resplits(self) -> bool:
        """Whether every seed of it has a split of its own."""
        dataset = self.settings.get("dataset")
        return isinstance(dataset, Mapping) and "split_seed" in dataset and dataset["split_seed"] is None

    @classmethod
    def of(cls, arm: Arm) -> PlannedArm:
        return cls(arm.name, arm.levels, arm.is_baseline, arm.spec.settings())

    def to_json(self) -> dict[str, Json]:
        return {
            "name": self.name,
            "levels": dict(self.levels),
            "is_baseline": self.is_baseline,
            "settings": dict(self.settings),
        }


@dataclass(frozen=True)
class PlannedSweep:
    """One question with its arms in the order of the design, and its runs: arms in order, and within each
    its seeds in order.

    `confirmation` holds the runs of every arm on fresh seeds, in the same order, where the sweep confirms
    what it selects; of these only the arms are trained that the selection is about.
    """

    spec: SweepSpec
    arms: tuple[PlannedArm, ...]
    runs: tuple[PlannedRun, ...]
    confirmation: tuple[PlannedRun, ...] = ()

    @classmethod
    def of(cls, sweep: Sweep) -> PlannedSweep:
        arms = tuple(PlannedArm.of(arm) for arm in sweep.arms)
        return cls(sweep.spec, arms, sweep.planned_runs(), tuple(confirmation_runs(sweep)))

    @cached_property
    def baseline(self) -> PlannedArm:
        return next(arm for arm in self.arms if arm.is_baseline)

    def arm(self, name: str) -> PlannedArm:
        """The arm called `name`.

        Raises:
            KeyError: when there is none; the message lists those that exist.
        """
        if name not in self._arms_by_name:
            raise KeyError(f"sweep {self.spec.name} has no arm {name!r}; it has {', '.join(self._arms_by_name)}")
        return self._arms_by_name[name]

    @cached_property
    def _arms_by_name(self) -> dict[str, PlannedArm]:
        return {arm.name: arm for arm in self.arms}

    def runs_of(self, arm_name: str) -> tuple[PlannedRun, ...]:
        """The runs of one arm, in the order of the seeds."""
        return self._runs_by_arm.get(arm_name, ())

    @cached_property
    def _runs_by_arm(self) -> dict[str, tuple[PlannedRun, ...]]:
        found: dict[str, list[PlannedRun]] = {}
        for run in self.runs:
            found.setdefault(run.arm, []).append(run)
        return {arm: tuple(runs) for arm, runs in found.items()}

    def to_json(self) -> dict[str, Json]:
        return {
            "spec": self.spec.to_json(),
            "arms": [arm.to_json() for arm in self.arms],
            "runs": [run.to_json() for run in self.runs],
            # Left out where there is none, so that the hashes of older plans stand.
            **({"confirmation": [run.to_json() for run in self.confirmation]} if self.confirmation else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PlannedSweep:
        spec = SweepSpec.from_json(data["spec"])
        # What its metrics mean is known to nobody else who reads the plan.
        for metric in open_metrics(spec):
            announce(metric.info)
        return cls(
            spec=spec,
            arms=tuple(PlannedArm(**arm) for arm in data["arms"]),
            runs=tuple(PlannedRun(**run) for run in data["runs"]),
            confirmation=tuple(PlannedRun(**run) for run in data.get("confirmation", ())),
        )


@dataclass(frozen=True)
class StudyPlan:
    """What a study meant to run. When it was planned, and by which command, is kept beside it, not in it."""

    name: str
    question: str
    sweeps: tuple[PlannedSweep, ...]

    @classmethod
    def of(cls, study: Study) -> StudyPlan:
        return cls(study.name, study.question, tuple(PlannedSweep.of(sweep) for sweep in study.sweeps))

    @cached_property
    def plan_hash(self) -> str:
        return digest("plan", PLAN_FORMAT, self.to_json())

    @cached_property
    def runs(self) -> tuple[PlannedRun, ...]:
        """Every row of every sweep; a run shared by two sweeps stands in both."""
        return tuple(run for sweep in self.sweeps for run in sweep.runs)

    @cached_property
    def run_ids(self) -> tuple[str, ...]:
        """Every distinct run, in the order of the plan."""
        return tuple(dict.fromkeys(run.run_id for run in self.runs))

    @property
    def confirmation(self) -> tuple[PlannedRun, ...]:
        """Every row on fresh seeds that may be trained once arms have been selected, see `PlannedSweep`."""
        return tuple(run for sweep in self.sweeps for run in sweep.confirmation)

    @cached_property
    def possible_run_ids(self) -> tuple[str, ...]:
        """`run_ids`, then those of `confirmation`."""
        return tuple(dict.fromkeys(run.run_id for run in (*self.runs, *self.confirmation)))

    @cached_property
    def measured(self) -> tuple[str, ...]:
        """The artefacts that hold the metrics which its sweeps ask for beside the records."""
        found = (metric.artefact for sweep in self.sweeps for metric in open_metrics(sweep.spec))
        return tuple(dict.fromkeys(found))

    def sweep(self, name: str) -> PlannedSweep:
        """The sweep called `name`.

        Raises:
            KeyError: when there is none; the message lists those that exist.
        """
        named = {sweep.spec.name: sweep for sweep in self.sweeps}
        if name not in named:
            raise KeyError(f"study {self.name} has no sweep {name!r}; it has {', '.join(named)}")
        return named[name]

    def definition(self) -> dict[str, Json]:
        """What makes it this study and not another: equal to `Study.definition()` of its study."""
        return {
            sweep.spec.name: {
                **sweep.spec.definition(),
                "arms": {arm.name: dict(arm.settings) for arm in sweep.arms},
            }
            for sweep in self.sweeps
        }

    def to_json(self) -> dict[str, Json]:
        return {"name": self.name, "question": self.question, "sweeps": [sweep.to_json() for sweep in self.sweeps]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> StudyPlan:
        """The plan of its JSON.

        Raises:
            KeyError, TypeError, ValueError: when `data` is not the JSON of a plan.
        """
        sweeps = tuple(PlannedSweep.from_json(sweep) for sweep in data["sweeps"])
        plan = as_declared(cls(name=data["name"], question=data["question"], sweeps=sweeps))
        for wrong in _contradictions(plan):
            raise ValueError(wrong)
        return plan


def with_earlier_confirmation(plan: StudyPlan, earlier: Sequence[StudyPlan]) -> StudyPlan:
    """The plan with the confirmation that a sweep was planned with before, where it does not ask for one itself: what
    was paid for goes on to be told. Seeds that have come to choose an arm confirm nothing.

    Args:
        earlier: the plans that were made under the same name, oldest first.
    """
    return replace(plan, sweeps=tuple(_confirmed_as_before(sweep, earlier) for sweep in plan.sweeps))


def _confirmed_as_before(sweep: PlannedSweep, earlier: Sequence[StudyPlan]) -> PlannedSweep:
    name, arms = sweep.spec.name, {arm.name for arm in sweep.arms}
    before = [
        each for plan in reversed(earlier) for each in plan.sweeps if each.spec.name == name and each.confirmation
    ]
    if sweep.confirmation or not before:
        return sweep
    kept = tuple(run for run in before[0].confirmation if run.arm in arms and run.seed not in sweep.spec.seeds)
    return replace(sweep, confirmation=kept)


def _contradictions(plan: StudyPlan) -> Iterator[str]:
    """What no study can have planned, though every value is of its type."""
    if not plan.sweeps or len({sweep.spec.name for sweep in plan.sweeps}) < len(plan.sweeps):
        yield "a plan has sweeps, each with a name of its own"
    for sweep in plan.sweeps:
        arms = {arm.name for arm in sweep.arms}
        if len(arms) < len(sweep.arms) or sum(arm.is_baseline for arm in sweep.arms) != 1:
            yield f"the arms of {sweep.spec.name} have names of their own, and one is the baseline"
        if any(not sweep.spec.factors.keys() <= arm.levels.keys() for arm in sweep.arms):
            yield f"an arm of {sweep.spec.name} has no level of one of its factors"
        for run in (*sweep.runs, *sweep.confirmation):
            if run.sweep != sweep.spec.name or run.arm not in arms or not RUN_ID.fullmatch(run.run_id):
                yield f"{sweep.spec.name} has no such run: {run}"
        if not sweep.runs:
            yield f"{sweep.spec.name} has no runs"
