"""The plain data that a study is made of, before anything has run.

A `RunSpec` is everything that determines the numbers of one run; its `run_id` is the hash of it. A
`SweepSpec` is one question as its author asked it; a `Sweep` is the same question resolved into arms,
each with the spec its runs share; a `Study` is an ordered set of sweeps with one report.

    spec = RunSpec(dataset=..., model=Component("ablate.models.mlp", {"hidden": [128]}), ..., seed=0)
    spec.run_id            # 64 hexadecimal digits; equal specs, equal ids
    spec.program_id        # equal for specs that one compiled program can train

Everything here is frozen, made of JSON values, and independent of the rest of the package.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from ablate.core.identity import RUN_FORMAT, Json, canonical, canonical_of_loaded, digest, digest_of_text
from ablate.sanitize.types import as_declared

__all__ = [
    "COMPONENTS",
    "SEED_PARTS",
    "Arm",
    "Component",
    "Conclusion",
    "DatasetSpec",
    "Numerics",
    "Original",
    "PlannedRun",
    "RunSpec",
    "Study",
    "Sweep",
    "SweepSpec",
    "confirmation_runs",
    "run_id_of",
]

SEEDS = range(2**32)
# Bounds of an error rate: below the smallest no number of seeds that anybody trains can show anything, and the
# quantiles of t leave what a float can hold.
SMALLEST_ALPHA, LARGEST_ALPHA = 1e-9, 0.5
ALPHAS = "from 1e-9 to below 0.5"
# What the seed of a run draws, each of which can be held at a number of its own: the weights that it begins with, the
# order of its examples, and what is masked or moved while it trains (dropout, noise, augmentation).
SEED_PARTS = ("initialisation", "order", "masks")
# The parts of a run that are built of a component each.
COMPONENTS = ("model", "optimizer", "schedule", "loss", "training")
# The name of a study or a sweep, which names folders and files on every system: Windows keeps some names for devices,
# whatever follows their first point, and drops a point at the end.
STUDY_NAME = re.compile(r"(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}(?<!\.)")
# Fields of a sweep that came after plans were written: a plan without one of them means its default.
LATER = (
    "arms",
    "size",
    "design_seed",
    "where",
    "scale",
    "alpha",
    "multiplicity",
    "confirm",
    "metrics",
    "worst",
    "paired",
)
# Those of them that are one of a few words; see `SweepSpec`.
CHOICES: Mapping[str, tuple[str, ...]] = {
    "scale": ("raw", "log_error"),
    "multiplicity": ("holm", "joint", "study"),
}
# What a study says of a document that one of its sweeps puts to the test; never said by the sweep's own file.
ABOUT_AN_ORIGINAL = ("setup", "original", "conclusions")
# The fields of a sweep that may change without making it another question.
REVISABLE = ("seeds", "claims", "question", "margin_reason", "confirm", "metrics", *ABOUT_AN_ORIGINAL)


def is_alpha(value: float) -> bool:
    """Whether it can be the bound of an error rate; what can is `ALPHAS` in words."""
    return SMALLEST_ALPHA <= value < LARGEST_ALPHA


@dataclass(frozen=True)
class Component:
    """A thing to build: the dotted path of a callable and the keyword arguments it is called with.

    `variables` names the arguments that live in variables of the compiled program, so that two
    components that differ in them alone can share one program. An argument of 0 switches its part off, and the
    program is compiled without it.
    """

    target: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    variables: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Json]:
        # `variables` cannot change a number, so it is no part of what is hashed or stored.
        return {"target": self.target, "arguments": dict(self.arguments)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Component:
        return cls(target=data["target"], arguments=dict(data["arguments"]))

    def shape(self) -> dict[str, Json]:
        """The component without the values of the arguments that live in variables, but for which of them are 0."""
        fixed = {key: value for key, value in self.arguments.items() if key not in self.variables}
        off: list[Json] = [key for key in sorted(self.variables) if self.arguments.get(key) == 0]
        return {"target": self.target, "arguments": fixed, **({"off": off} if off else {})}


@dataclass(frozen=True)
class DatasetSpec:
    """Which data, and how it is cut.

    `digest` identifies the decoded arrays; `validation_fraction` of the training set (stratified for
    classes, drawn by `split_seed`) becomes the validation set, or its last `validation_last` examples
    if that is given. A `split_seed` of None is the seed of the run, which only what several runs share can leave open.
    `limit` is how many of the examples there are, see `ablate.datasets.limits`: the digest is that of these.
    `stream` says how the arrays reach the device (see `ablate.training.feeding`): it
    changes no number, so it is neither hashed nor stored.
    """

    source: Component
    digest: str
    validation_fraction: float
    validation_last: int | None
    split_seed: int | None
    stream: bool | None = field(default=None, compare=False)
    limit: int | None = None

    def to_json(self) -> dict[str, Json]:
        return {
            "source": self.source.to_json(),
            "digest": self.digest,
            "validation_fraction": self.validation_fraction,
            "validation_last": self.validation_last,
            "split_seed": self.split_seed,
            # Left out where there is none, so that the ids of older runs stand.
            **({} if self.limit is None else {"limit": self.limit}),
        }

    def number_of_split(self, seed: int) -> int:
        """What draws the split of the run with this seed."""
        return seed if self.split_seed is None else self.split_seed

    def of_seed(self, seed: int) -> DatasetSpec:
        """The data of the run with this seed: its split is that of a number."""
        return self if self.split_seed is not None else replace(self, split_seed=seed)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DatasetSpec:
        return cls(**{**data, "source": Component.from_json(data["source"])})


@dataclass(frozen=True)
class Numerics:
    """What executes the arithmetic, resolved before ids exist, since each changes the last bits.

    `device` is cpu or gpu; `engine` is xla, graph or eager; `threads` counts the threads of one
    operation on the CPU.
    """

    device: str
    engine: str
    threads: int


@dataclass(frozen=True)
class RunSpec:
    """Everything that determines the numbers of one run, seed included, and nothing else.

    Left out on purpose, and kept in the record instead: library versions, host, git state and times
    (an upgrade must not orphan the store), where the data lies and where results go (paths change no
    number), workers and artefacts to keep (neither does either).

    `training` is the canonical form of `ablate.training.settings.TrainingSettings`; `code` maps each
    package outside ablate and keras that a component comes from to the sha256 of its sources; `procedure`
    is None for supervised learning, `trainer` for `ablate.runner.trainer`. `seed_parts` holds what of `SEED_PARTS` is
    drawn by a number of its own: a part of the same number as `seed` is no other run.
    """

    dataset: DatasetSpec
    model: Component
    optimizer: Component
    schedule: Component
    loss: Component
    augment: Component | None
    training: Component
    precision: str
    seed: int
    salt: int
    numerics: Numerics
    code: Mapping[str, str] = field(default_factory=dict)
    procedure: Component | None = None
    trainer: Component | None = None
    seed_parts: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, number in {"seed": self.seed, **self.seed_parts}.items():
            if name not in ("seed", *SEED_PARTS):
                raise ValueError(f"no part of a seed is named {name!r}; there are {', '.join(SEED_PARTS)}")
            # A number that is no int would be compared with each of SEEDS in turn.
            if not isinstance(number, int) or isinstance(number, bool) or number not in SEEDS:
                raise ValueError(f"{name} is {number!r}; a seed is a whole number from 0 to {SEEDS[-1]}")

    def seed_of(self, part: str) -> int:
        """The number that draws one of `SEED_PARTS`."""
        return self.seed_parts.get(part, self.seed)

    def to_json(self) -> dict[str, Json]:
        """The spec of this run alone: what equals its seed is left out, so that the ids of older runs stand."""
        parts = _own_parts(self.seed_parts, self.seed)
        return {
            "dataset": self.dataset.of_seed(self.seed).to_json(),
            "model": self.model.to_json(),
            "optimizer": self.optimizer.to_json(),
            "schedule": self.schedule.to_json(),
            "loss": self.loss.to_json(),
            "augment": None if self.augment is None else self.augment.to_json(),
            "training": self.training.to_json(),
            "precision": self.precision,
            "seed": self.seed,
            "salt": self.salt,
            "numerics": asdict(self.numerics),
            "code": dict(self.code),
            **self._unusual("procedure", Component.to_json),
            **self._unusual("trainer", Component.to_json),
            **({"seed_parts": parts} if parts else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunSpec:
        """The spec of a stored record.

        Raises:
            KeyError, TypeError, ValueError: when `data` is not the JSON of a spec.
        """
        known = {each.name for each in fields(cls)}
        components = {part: Component.from_json(data[part]) for part in COMPONENTS}
        augment = None if data["augment"] is None else Component.from_json(data["augment"])
        return as_declared(
            cls(
                dataset=DatasetSpec.from_json(data["dataset"]),
                augment=augment,
                precision=data["precision"],
                seed=data["seed"],
                salt=data["salt"],
                numerics=Numerics(**data["numerics"]),
                code=dict(data["code"]),
                procedure=Component.from_json(data["procedure"]) if "procedure" in data else None,
                trainer=Component.from_json(data["trainer"]) if "trainer" in data else None,
                seed_parts=dict(data.get("seed_parts", {})),
                # What is not known here may change the numbers, so it is no spec of this version: a TypeError.
                **{name: value for name, value in data.items() if name not in known},
                **components,
            )
        )

    @cached_property
    def run_id(self) -> str:
        return digest_of_text("run", RUN_FORMAT, str(self.seed).join(self._text_around_seed))

    @cached_property
    def _text_around_seed(self) -> tuple[str, str]:
        """The canonical text of the spec before and after the number that is its seed."""
        settings = {key: value for key, value in self.to_json().items() if key != "seed"}
        parts = {key: f"{canonical(key)}:{canonical(value)}" for key, value in sorted(settings.items())}
        before = [part for key, part in parts.items() if key < "seed"]
        after = [part for key, part in parts.items() if key > "seed"]
        return f'{{{",".join(before)},"seed":', f",{','.join(after)}}}"

    @cached_property
    def program_id(self) -> str:
        """Equal for specs that one compiled program can train, one after the other.

        What a program does not know: the seeds of the run and of its split, and the salt, the arguments
        that live in its variables, and all of the schedule and of the training settings but the batch
        size and the kind of clipping, which the host applies between epochs.
        """
        training = self.training.arguments
        clip = training.get("clip") or {}
        kinds = sorted(kind for kind, limit in clip.items() if limit is not None)  # type: ignore[union-attr]
        shape: dict[str, Json] = {
            # Which examples are drawn is no matter: as many of each class are, whatever draws them.
            "dataset": {key: value for key, value in self.dataset.to_json().items() if key != "split_seed"},
            "model": self.model.shape(),
            "optimizer": self.optimizer.shape(),
            "loss": self.loss.shape(),
            "augment": None if self.augment is None else self.augment.shape(),
            "batch_size": training.get("batch_size"),
            "clip": kinds,
            "precision": self.precision,
            "numerics": asdict(self.numerics),
            "code": dict(self.code),
            **self._unusual("procedure", Component.shape),
            # In full: what a trainer has compiled is its own.
            **self._unusual("trainer", Component.to_json),
        }
        return digest("program", RUN_FORMAT, shape)

    def _unusual(self, part: str, said: Callable[[Component], Mapping[str, Json]]) -> dict[str, Json]:
        """A part that is left out where it is the usual one, so that the hashes of older runs stand."""
        found: Component | None = getattr(self, part)
        return {} if found is None else {part: said(found)}

    def with_seed(self, seed: int) -> RunSpec:
        """The run with this seed of those that share these settings: a split of its own is that of a number, and a part
        that is held at the same number is none of its own."""
        dataset, parts = self.dataset.of_seed(seed), _own_parts(self.seed_parts, seed)
        other = replace(self, seed=seed, dataset=dataset, seed_parts=parts)
        # What does not depend on the seed, and takes longer to work out than all the rest of a run in a plan.
        vars(other).update(program_id=self.program_id)
        if dataset is self.dataset and not self.seed_parts:
            vars(other).update(_text_around_seed=self._text_around_seed)
        return other

    def settings(self) -> dict[str, Json]:
        """The spec without its seed: what the runs of an arm share, parts that are held whatever the seed included."""
        shared = {key: value for key, value in self.to_json().items() if key != "seed"}
        held: dict[str, Json] = {"seed_parts": dict(self.seed_parts)} if self.seed_parts else {}
        return {**shared, "dataset": self.dataset.to_json(), **held}


def _own_parts(parts: Mapping[str, int], seed: int) -> dict[str, int]:
    """Those that another number than the seed draws, in the order of `SEED_PARTS`."""
    return {part: parts[part] for part in SEED_PARTS if parts.get(part, seed) != seed}


def run_id_of(spec: Mapping[str, Json], run_format: int) -> str:
    """The id that a run of this spec had, or has, under a run format; the JSON of a spec of any version will do, as
    `json.loads` gives it."""
    return digest_of_text("run", run_format, canonical_of_loaded(spec))


@dataclass(frozen=True)
class Original:
    """What a document states that a sweep puts to the test.

    Attributes:
        source: which document, and where in it.
        found: what it reports, in our words.
        dataset: the module of `ablate.datasets` whose data it speaks of; on other data its numbers are no
            measure of ours.
        numbers: quantity → arm → the number that it states, of one run; both as a claim would write them.
    """

    source: str
    found: str = ""
    dataset: str = ""
    numbers: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Conclusion:
    """One conclusion of a document.

    Attributes:
        said: the conclusion, in few words.
        stated: the numbers that it rests on, where `Original.numbers` does not hold them.
        claims: the claims of the sweep that all have to hold if it is true.
        not_tested: why there are none.
    """

    said: str
    stated: str = ""
    claims: tuple[str, ...] = ()
    not_tested: str = ""


@dataclass(frozen=True)
class SweepSpec:
    """One question, as its author asked it.

    Attributes:
        factors: what is varied: a config group (`optimizer`) or a dotted value (`model.dropout`), each
            with its levels in order.
        design: the name of a module of `ablate.design`.
        baseline: a level for every factor; the arm the others are compared with.
        seeds: the seeds of every arm; equal seeds are paired.
        metric: the one metric the question is about, named as Keras does (`val_loss`).
        margin: the smallest difference that matters, in the metric's unit, or relative as in `10%`; None
            when the author states none.
        margin_reason: why that much matters, in one sentence.
        base: overrides that hold for every arm.
        claims: statements that the sweep tests, as written; see `ablate.core.claims`.
        arms, size, design_seed, where: what the design is told; see `ablate.design.Settings`.
        scale: raw or log_error, what a difference is; None for log_error where the margin is relative, else raw.
        alpha: the chance of an error that is allowed to a family of verdicts.
        multiplicity: how it is shared: by the questions of a family as Holm does (holm), by their differences and
            equivalences together (joint), or so by all questions of the study's sweeps that say so (study).
        paired: whether equal seeds are compared with each other; false for arms that are judged as independent samples.
        worst: the value of the metric that stands for a diverged run; None for the metric's own worst, and no verdict
            on arms with diverged runs where it has none.
        confirm: how many fresh seeds the selected arm is to be confirmed on; 0 for none.
        metrics: what measures those of its metrics that training does not, see `ablate.core.metrics`; found when it
            is planned, and never written by its author.
        setup: how it is asked, in prose, for its section of the report.
        original: the document that it puts to the test, where there is one.
        conclusions: those of the document; their claims are among `claims`.
    """

    name: str
    question: str
    factors: Mapping[str, tuple[Json, ...]]
    design: str
    baseline: Mapping[str, Json]
    seeds: tuple[int, ...]
    metric: str
    margin: float | str | None = None
    margin_reason: str = ""
    base: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    arms: tuple[Mapping[str, Json], ...] = ()
    size: int | None = None
    design_seed: int = 0
    where: tuple[str, ...] = ()
    scale: str | None = None
    alpha: float = 0.05
    multiplicity: str = "holm"
    confirm: int = 0
    metrics: tuple[Mapping[str, Json], ...] = ()
    worst: float | None = None
    paired: bool = True
    setup: str = ""
    original: Original | None = None
    conclusions: tuple[Conclusion, ...] = ()

    @property
    def is_about_noise(self) -> bool:
        """Whether its arms are one recipe of which other parts of the seed vary, so that none can be better."""
        return self.design == "seed_parts"

    @property
    def confirmation_seeds(self) -> tuple[int, ...]:
        """The `confirm` whole numbers that follow the largest of `seeds`: no arm was selected on them."""
        first = max(self.seeds, default=-1) + 1
        return tuple(range(first, first + self.confirm))

    def to_json(self) -> dict[str, Json]:
        """`LATER` fields are left out at their default, so that the hashes of older plans stand."""
        defaults = {each.name: each.default for each in fields(self)}
        later = {key: value for key in LATER if (value := getattr(self, key)) != defaults[key]}
        return {
            "name": self.name,
            "question": self.question,
            "factors": {key: list(levels) for key, levels in self.factors.items()},
            "design": self.design,
            "baseline": dict(self.baseline),
            "seeds": list(self.seeds),
            "metric": self.metric,
            "margin": self.margin,
            "margin_reason": self.margin_reason,
            "base": list(self.base),
            "claims": list(self.claims),
            **{key: list(value) if isinstance(value, tuple) else value for key, value in later.items()},
            **self._about_an_original(),
        }

    def _about_an_original(self) -> dict[str, Json]:
        said = {
            "setup": self.setup,
            "original": None if self.original is None else asdict(self.original),
            "conclusions": [{**asdict(each), "claims": list(each.claims)} for each in self.conclusions],
        }
        return {key: value for key, value in said.items() if value}

    def definition(self) -> dict[str, Json]:
        """The fields that may not change under the sweep's name."""
        return {key: value for key, value in self.to_json().items() if key not in REVISABLE}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SweepSpec:
        """The sweep of a stored plan.

        Raises:
            KeyError, TypeError, ValueError: when `data` is not the JSON of one.
        """
        return cls(
            **{
                **data,
                "factors": {key: tuple(levels) for key, levels in dict(data["factors"]).items()},
                "baseline": dict(data["baseline"]),
                "seeds": tuple(data["seeds"]),
                "base": tuple(data["base"]),
                "claims": tuple(data["claims"]),
                "arms": tuple(dict(arm) for arm in data.get("arms", ())),
                "where": tuple(data.get("where", ())),
                "metrics": tuple(dict(metric) for metric in data.get("metrics", ())),
                "original": Original(**data["original"]) if data.get("original") else None,
                "conclusions": tuple(
                    Conclusion(**{**each, "claims": tuple(each["claims"])}) for each in data.get("conclusions", ())
                ),
            }
        )


@dataclass(frozen=True)
class Arm:
    """One assignment of levels, over all its seeds.

    `levels` holds the level of every factor of the sweep; `spec` is what its runs share, with the seed
    of the first of them.
    """

    name: str
    levels: Mapping[str, Json]
    is_baseline: bool
    spec: RunSpec


@dataclass(frozen=True)
class PlannedRun:
    """One row of a plan: which run stands at which seed of which arm."""

    sweep: str
    arm: str
    is_baseline: bool
    seed: int
    run_id: str

    def to_json(self) -> dict[str, Json]:
        return dict(vars(self))


@dataclass(frozen=True)
class Sweep:
    """A question resolved: the arms in the order of the design, the baseline among them."""

    spec: SweepSpec
    arms: tuple[Arm, ...]

    @property
    def baseline(self) -> Arm:
        return next(arm for arm in self.arms if arm.is_baseline)

    def run_specs(self) -> tuple[RunSpec, ...]:
        """Arms in order, and within each its seeds in order. Equal specs are not folded."""
        return tuple(spec for _, spec in self._runs)

    def planned_runs(self) -> tuple[PlannedRun, ...]:
        """One row for each of `run_specs()`, in the same order."""
        return tuple(run for run, _ in self._runs)

    @cached_property
    def _runs(self) -> tuple[tuple[PlannedRun, RunSpec], ...]:
        # Kept, since every run is named by a hash of its own.
        return _seeded(self, self.spec.seeds)

    def definition(self) -> dict[str, Json]:
        """The fields that may not change under the sweep's name, and the settings of every arm."""
        return {**self.spec.definition(), "arms": {arm.name: arm.spec.settings() for arm in self.arms}}


def confirmation_runs(sweep: Sweep) -> dict[PlannedRun, RunSpec]:
    """What could be trained to confirm a selection: every arm on each of the sweep's confirmation seeds, in
    the order of `Sweep.planned_runs()`. Which arms are, is known only once the planned runs are done."""
    return dict(_seeded(sweep, sweep.spec.confirmation_seeds))


def _seeded(sweep: Sweep, seeds: Sequence[int]) -> tuple[tuple[PlannedRun, RunSpec], ...]:
    """Every arm on each of the seeds: arms in order, and within each the seeds in order."""
    specs = [(arm, arm.spec.with_seed(seed)) for arm in sweep.arms for seed in seeds]
    return tuple(
        (PlannedRun(sweep.spec.name, arm.name, arm.is_baseline, spec.seed, spec.run_id), spec) for arm, spec in specs
    )


@dataclass(frozen=True)
class Study:
    """An ordered set of sweeps with one report; a lone sweep is a study of one.

    `name` names its folders, `question` heads its report.
    """

    name: str
    question: str
    sweeps: tuple[Sweep, ...]

    def planned_runs(self) -> tuple[PlannedRun, ...]:
        return tuple(run for sweep in self.sweeps for run in sweep.planned_runs())

    def run_specs(self) -> dict[str, RunSpec]:
        """Every distinct run by its id, in the order of the plan: a baseline shared by ten sweeps is one."""
        return {spec.run_id: spec for sweep in self.sweeps for spec in sweep.run_specs()}

    def definition(self) -> dict[str, Json]:
        """What makes it this study and not another: the fields of its sweeps that may not change under
        its name, with the settings of every arm. Seeds and claims are left out: more of either is the
        same study."""
        return {sweep.spec.name: sweep.definition() for sweep in self.sweeps}
