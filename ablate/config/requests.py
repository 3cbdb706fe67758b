"""From the words of a command line to what is asked: a study, or one run.

Precedence, lowest first: conf/ < the study's base < the sweep's base, then the study's overrides of it <
the command line < what the study fixes for the sweep < the level of an arm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

from ablate.config.arms import resolve
from ablate.config.compatibility import METRIC_KEY, TASK, DatasetFacts, metric_problems
from ablate.config.composing import SWEEP, Composer, Config, composing
from ablate.config.grids import GRID, grid_leaf, grid_name, grid_overrides
from ablate.config.metrics import named_metrics, names_of_metrics
from ablate.config.overrides import Override, Overrides, layered, parse_override, parse_overrides
from ablate.config.problems import ConfigError, Problem, gather, problems_of, raise_any, sift
from ablate.config.questions import optional_claims, sweep_spec
from ablate.config.ranges import study_name_problems
from ablate.config.replication import claims_of, may_lose_arms, with_conclusions, with_original
from ablate.config.runs import Settings, SpecMaker, run_settings
from ablate.config.study_declaration import EXPERIMENT, StudyDeclaration, SweepDeclaration, declaration_of
from ablate.config.tree import ALLOW_TARGETS, ConfigTree
from ablate.config.yaml_lines import location
from ablate.core.claims import metrics_asked, probes_of
from ablate.core.metrics import OpenMetric, open_metrics
from ablate.core.records import BUILT_IN
from ablate.core.specs import Component, RunSpec, Study, Sweep, SweepSpec, confirmation_runs
from ablate.sanitize.redact import PATH_KEYS

Wanted = TypeVar("Wanted")

__all__ = ["Request", "load_request", "load_settings"]

# Root keys that are no part of a spec: they stand on the command line, where they hold for a whole study.
OUTSIDE_SPEC = (*PATH_KEYS, "study", "executor", "keep")
ALLOWING = "--allow-target, or your own conf/config.yaml"


@dataclass(frozen=True)
class Request:
    """What is asked for: a study, or a single run where no sweep was named; and the settings around it.

    `settings.keep` holds what the command line and the study's file keep of every run; `keep` adds, for each
    run, what the claims about it are measured by. `notes` are sentences about its data that stop nobody.
    """

    work: Study | RunSpec
    settings: Settings
    notes: tuple[str, ...] = ()

    @property
    def keep(self) -> dict[str, tuple[str, ...]]:
        """run_id → the artefacts that are wanted of it; those of fresh seeds that confirm a selection included."""
        asked = self.settings.keep
        if isinstance(self.work, RunSpec):
            return {self.work.run_id: asked}

        def wanted(sweep: SweepSpec) -> tuple[str, ...]:
            needs = (name for metric in open_metrics(sweep) for name in metric.needs)
            return (*asked, *probes_of(sweep.claims), *needs)

        return self._by_run(wanted)

    @property
    def metrics(self) -> dict[str, tuple[str, ...]]:
        """run_id → the metrics that its record is to have, since a sweep or one of its claims is about them."""
        return self._by_run(lambda sweep: tuple(name for name in metrics_asked(sweep) if name in BUILT_IN))

    @property
    def measured(self) -> dict[str, tuple[OpenMetric, ...]]:
        """run_id → the metrics that are to be measured of it beside those of its record."""
        return self._by_run(open_metrics)

    def _by_run(self, asked: Callable[[SweepSpec], tuple[Wanted, ...]]) -> dict[str, tuple[Wanted, ...]]:
        """run_id → what any of its sweeps asks of it, each once."""
        found: dict[str, list[Wanted]] = {}
        sweeps: tuple[Sweep, ...] = self.work.sweeps if isinstance(self.work, Study) else ()
        for sweep in sweeps:
            wanted = asked(sweep.spec)
            for run in (*sweep.planned_runs(), *confirmation_runs(sweep)):
                of_run = found.setdefault(run.run_id, [])
                for each in wanted:
                    if each not in of_run:
                        of_run.append(each)
        return {run_id: tuple(of_run) for run_id, of_run in found.items()}


def load_request(
    texts: Sequence[str],
    tree: ConfigTree,
    dataset_facts: Callable[[Component, int, Path | None, int | None], DatasetFacts],
    resolve_device: Callable[[str], str],
    is_grid: bool = False,
    facts_at_hand: Callable[[Component, int, Path | None, int | None], DatasetFacts] | None = None,
) -> Request:
    """What the words of a command line ask for.

    Args:
        texts: overrides in Hydra's grammar, `+sweep=` and `+experiment=` among them.
        dataset_facts: from a loader, the seed of the split, the data folder and the limit to the facts of the data.
        resolve_device: from auto, cpu or gpu to the device that will be used, cpu or gpu.
        is_grid: whether keys with several values make a grid, as with `-m`.
        facts_at_hand: as `dataset_facts`, but nothing is fetched for it, and it may raise anything.

    Raises:
        ConfigError: with every text that is not in the grammar; or else with everything that is wrong with
            what they mean.
        Whatever `dataset_facts` and `resolve_device` raise.
    """
    maker = SpecMaker(dataset_facts, resolve_device, names_of_metrics(tree), facts_at_hand)
    with composing(tree) as composer:
        if is_grid:
            return _grid(texts, composer, maker)
        overrides = parse_overrides(texts)
        declaration = declaration_of(overrides, tree)
        plain = tuple(override for override in overrides if override.key not in (SWEEP, EXPERIMENT))
        raise_any(_reserved_problems(plain, (ALLOW_TARGETS,), ALLOWING))
        return _run(plain, composer, maker) if declaration is None else _study(declaration, plain, composer, maker)


def load_settings(texts: Sequence[str], tree: ConfigTree) -> Settings:
    """The settings alone, where overrides name nothing to run.

    Raises:
        ConfigError: with everything that is wrong with the overrides.
    """
    with composing(tree) as composer:
        return run_settings(composer.compose(parse_overrides(texts)), tree.allow_targets)


def _run(overrides: Overrides, composer: Composer, maker: SpecMaker) -> Request:
    raise_any([*_reserved_problems(overrides, (SWEEP,), "a sweep to change: +sweep=NAME"), *_unused_names(overrides)])
    with _other_problems_too(overrides, composer, maker):
        config = composer.compose(overrides)
    run = maker.spec(config).with_seed(config["seed"])
    return Request(run, run_settings(config, composer.tree.allow_targets))


def _study(declaration: StudyDeclaration, overrides: Overrides, composer: Composer, maker: SpecMaker) -> Request:
    base = parse_overrides(declaration.base)
    sweeps = gather(lambda asked: _sweep(asked, base, overrides, composer, maker), declaration.sweeps)
    question = declaration.question or " ".join(sweep.spec.question for sweep in sweeps)
    return _study_request(Study(declaration.name, question, tuple(sweeps)), overrides, composer, declaration.keep)


def _grid(texts: Sequence[str], composer: Composer, maker: SpecMaker) -> Request:
    values, overrides = grid_overrides(texts)
    found = named_metrics([override.text for override in overrides], composer.tree)
    question, plain = sweep_spec(GRID, grid_leaf(values), _under_sweep(overrides)), _not_under_sweep(overrides)
    raise_any([*_reserved_problems(plain, (ALLOW_TARGETS,), ALLOWING), *_factor_problems(question)])
    with _other_problems_too(plain, composer, maker):
        sweep = with_metrics(resolve(question, plain, composer, maker), found)
    return _study_request(Study(grid_name(sweep), question.question, (sweep,)), overrides, composer)


def _study_request(study: Study, overrides: Overrides, composer: Composer, keep: tuple[str, ...] = ()) -> Request:
    """The study under the name that the overrides give it, if they do, with the settings around it; `keep` is what its
    own file keeps of every run."""
    config = composer.compose(tuple(override for override in overrides if override.root in OUTSIDE_SPEC))
    named = study if config["study"] is None else replace(study, name=config["study"])
    raise_any(study_name_problems(named.name))
    settings = run_settings(config, composer.tree.allow_targets)
    return Request(named, replace(settings, keep=tuple(dict.fromkeys((*keep, *settings.keep)))))


def _sweep(
    asked: SweepDeclaration, base: Overrides, overrides: Overrides, composer: Composer, maker: SpecMaker
) -> Sweep:
    own_overrides, fixed = parse_overrides(asked.overrides), parse_overrides(asked.fixed)
    named = (_leaf(asked, composer), asdict(asked), [override.text for override in overrides])
    metrics = named_metrics(named, composer.tree)
    plain = layered(_not_under_sweep(overrides), fixed)
    question = _question(
        asked, (*base, *_not_under_sweep(own_overrides)), (*_under_sweep(own_overrides), *overrides), composer, maker
    )
    written = layered(parse_overrides(question.base), _not_under_sweep(own_overrides))
    commanded = _command_problems(plain, question.factors)
    raise_any([*commanded, *_base_problems((*base, *written, *fixed)), *_factor_problems(question)])
    is_partial = may_lose_arms(overrides)
    optional = optional_claims(_leaf(asked, composer), (*base, *own_overrides, *overrides))
    optional += claims_of(asked.conclusions) if is_partial else ()
    own, claims = len(question.claims), with_conclusions(asked, question.claims)
    question = replace(question, base=tuple(override.text for override in layered(base, written, fixed)), claims=claims)
    layers = layered(base, written, plain)
    changed = [override.key for override in _under_sweep((*own_overrides, *overrides))]
    elsewhere = [*changed, *(f"{SWEEP}.claims[{index}]" for index in range(own, len(claims)))]
    with _located(asked, elsewhere, composer), _other_problems_too(layers, composer, maker):
        sweep = with_original(resolve(question, layers, composer, maker, optional), asked, is_partial)
        return with_metrics(sweep, metrics)


def with_metrics(sweep: Sweep, found: Sequence[OpenMetric]) -> Sweep:
    """The sweep with what measures those of its metrics that training does not."""
    asked = metrics_asked(sweep.spec)
    measured = tuple(metric.to_json() for metric in found if metric.info.name in asked)
    return replace(sweep, spec=replace(sweep.spec, metrics=measured))


@contextmanager
def _other_problems_too(overrides: Overrides, composer: Composer, maker: SpecMaker) -> Iterator[None]:
    """Adds to a `ConfigError` what else is wrong with the overrides, whatever it was that came first: what shows
    when they are composed without any levels, and what the data show of those that are right by themselves."""
    try:
        yield
    except ConfigError as error:
        misfits: tuple[Problem, ...] = ()
        # The data may be missing, too; that is said once the overrides are right.
        with suppress(Exception):
            misfits = maker.at_hand().misfits(composer.compose(composer.sound(overrides)))
        alone = problems_of(lambda: composer.compose(overrides))
        raise ConfigError([*error.problems, *alone, *misfits]) from error


def _question(
    asked: SweepDeclaration, base: Overrides, overrides: Overrides, composer: Composer, maker: SpecMaker
) -> SweepSpec:
    leaf, plain = _leaf(asked, composer), _not_under_sweep(overrides)
    try:
        with _located(asked, [override.key for override in _under_sweep(overrides)], composer):
            return sweep_spec(asked.title, leaf, _under_sweep(overrides))
    except ConfigError as error:
        # The command line can be judged all the same, given what the study and the leaf choose.
        chosen = layered(base, _readable(leaf.get("base")), plain)
        alone = problems_of(lambda: composer.compose(chosen))
        further = [*composer.check(plain, among=chosen), *_command_problems(plain, leaf.get("factors")), *alone]
        problems = _of_the_task(error.problems, layered(base, chosen), composer, maker)
        raise ConfigError([*problems, *further]) from error


def _of_the_task(
    problems: Sequence[Problem], overrides: Overrides, composer: Composer, maker: SpecMaker
) -> Sequence[Problem]:
    """The problems; of a metric that is none with those of the task, which the data say where they are at hand, and
    else the loss."""
    with suppress(Exception):
        config = composer.compose(composer.sound(overrides))
        task = config["loss"][TASK]
        with suppress(Exception):
            task = maker.at_hand().task(config)

        def told(problem: Problem) -> Sequence[Problem]:
            of_task = metric_problems(str(problem.value), task, maker.open_metrics)
            return [replace(each, value=problem.value, location=problem.location) for each in of_task]

        return [each for problem in problems for each in (told(problem) if problem.key == METRIC_KEY else [problem])]
    return problems


def _leaf(asked: SweepDeclaration, composer: Composer) -> Config:
    return {**(composer.sweep(asked.sweep) if asked.sweep else {}), **asked.asks}


@contextmanager
def _located(asked: SweepDeclaration, elsewhere: Sequence[str], composer: Composer) -> Iterator[None]:
    """Adds to the problems of a sweep where in its leaf they stand, but for keys that stand elsewhere."""
    try:
        yield
    except ConfigError as error:
        if not asked.sweep:
            raise
        file = composer.tree.leaf(SWEEP, asked.sweep)
        factors = composer.sweep(asked.sweep).get("factors")
        not_there = (*elsewhere, *(f"{SWEEP}.{key}" for key in asked.asks))
        raise ConfigError(_with_location(each, file, factors, not_there) for each in error.problems) from error


def _with_location(problem: Problem, file: Path, factors: object, elsewhere: tuple[str, ...]) -> Problem:
    is_level = isinstance(factors, Mapping) and problem.key in factors
    key = f"{SWEEP}.factors.{problem.key}" if is_level else problem.key
    if problem.location or not key.startswith(f"{SWEEP}.") or key.startswith(elsewhere):
        return problem
    return replace(problem, location=location(file, key.removeprefix(f"{SWEEP}.")))


def _readable(texts: object) -> Overrides:
    candidates = [text for text in texts if isinstance(text, str)] if isinstance(texts, list) else []
    return tuple(override for _, override in sift(parse_override, candidates)[0])


def _under_sweep(overrides: Sequence[Override]) -> Overrides:
    return tuple(override for override in overrides if override.root == SWEEP)


def _not_under_sweep(overrides: Sequence[Override]) -> Overrides:
    return tuple(override for override in overrides if override.root != SWEEP)


def _unused_names(overrides: Sequence[Override]) -> Iterator[Problem]:
    """One run has no folder of its own that could bear the name of a study."""
    named = [override for override in overrides if override.value is not None]
    place = "the name of the folder of a sweep, and one run has none: add +sweep=NAME, or leave study= out"
    return _reserved_problems(named, ("study",), place)


def _base_problems(base: Sequence[Override]) -> Iterator[Problem]:
    """A file that somebody else wrote decides about numbers, not about folders, processes or imports."""
    yield from _reserved_problems(base, (*OUTSIDE_SPEC, ALLOW_TARGETS), "the command line, not a sweep or study")
    yield from _reserved_problems(base, (SWEEP,), "the overrides of one sweep of a study")
    yield from _reserved_problems(base, ("seed",), "sweep.seeds")


def _command_problems(overrides: Overrides, factors: object) -> Iterator[Problem]:
    yield from _reserved_problems(overrides, ("seed",), "sweep.seeds, for a sweep has seeds of its own")
    for override in overrides:
        if isinstance(factors, Mapping) and override.key in factors:
            yield Problem(override.key, override.value, f"sweep.factors.{override.key}=[…], for the sweep varies it")


def _factor_problems(question: SweepSpec) -> Iterator[Problem]:
    for factor, levels in question.factors.items():
        if factor.partition(".")[0] in (*OUTSIDE_SPEC, ALLOW_TARGETS, SWEEP, "seed"):
            yield Problem(f"sweep.factors.{factor}", list(levels), "a factor that is part of a run's spec")


def _reserved_problems(overrides: Sequence[Override], roots: tuple[str, ...], place: str) -> Iterator[Problem]:
    return (Problem(override.key, override.value, place) for override in overrides if override.root in roots)
