"""From a composed config to the spec of one run, and to the settings that are no part of any spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from ablate.config.building import TARGET, foreign_packages, package_digest
from ablate.config.compatibility import DatasetFacts, fit_problems, task_of
from ablate.config.composing import SPLIT, Config, arguments_of
from ablate.config.problems import ConfigError, Problem, raise_any
from ablate.core.backend import TENSORFLOW
from ablate.core.identity import canonical
from ablate.core.specs import COMPONENTS, Component, DatasetSpec, Numerics, RunSpec
from ablate.sanitize.paths import user_path

__all__ = ["Settings", "SpecMaker", "component", "run_settings"]

Answer = TypeVar("Answer")

VARIABLES = "_variables_"
CONVOLVES = "_convolves_"


@dataclass(frozen=True)
class Settings:
    """Where things lie and who does the work: what changes no number, and so is no part of a spec.

    Attributes:
        data_dir: the folder of data sets; None for wherever their loaders look by themselves.
        keep: the artefacts that are kept of every run, see `ablate.core.artefacts`.
        allow_targets: packages outside ablate and keras that components may come from.
    """

    results_dir: Path
    reports_dir: Path
    data_dir: Path | None
    executor: Component
    keep: tuple[str, ...] = ()
    allow_targets: tuple[str, ...] = ()


@dataclass
class SpecMaker:
    """Makes specs of configs, and asks for each device, data set and package no more than once.

    Attributes:
        dataset_facts: from the loader's component, the seed of the split, the data folder and the limit to the facts.
        resolve_device: from auto, cpu or gpu to the cpu or gpu that will be used.
        open_metrics: the names of those that have a leaf.
        facts_at_hand: as `dataset_facts`, of data that is on this machine; of other data it raises.
    """

    dataset_facts: Callable[[Component, int, Path | None, int | None], DatasetFacts]
    resolve_device: Callable[[str], str]
    open_metrics: tuple[str, ...] = ()
    facts_at_hand: Callable[[Component, int, Path | None, int | None], DatasetFacts] | None = None
    _known: dict[str, Any] = field(default_factory=dict)

    def at_hand(self) -> SpecMaker:
        """The same, but for data that would have to be fetched: it is not, where only a problem is to be explained."""
        return replace(self, dataset_facts=self.facts_at_hand or self.dataset_facts)

    def spec(self, config: Config, metric: str | None = None) -> RunSpec:
        """The spec of the run that `config` describes, with what its seed leaves open for the runs of other seeds.

        Args:
            metric: what the run is measured for, where it belongs to a sweep.

        Raises:
            ConfigError: when a part that must be built is null, something does not fit the data set, or a
                package has no sources.
            Whatever `dataset_facts` and `resolve_device` raise.
        """
        raise_any(self.misfits(config, metric))
        components = {part: _required(config, part) for part in COMPONENTS}
        return RunSpec(
            dataset=self._dataset(config),
            augment=component(config["augment"]),
            precision=config["precision"],
            seed=config["seed"],
            salt=config["randomness"]["salt"],
            numerics=self._numerics(config),
            seed_parts={part: number for part, number in config["seed_parts"].items() if number is not None},
            procedure=component(config["procedure"]),
            trainer=component(config["trainer"]),
            code={package: self._code(package) for package in sorted(foreign_packages(dict(config)))},
            **components,
        )

    def misfits(self, config: Config, metric: str | None = None) -> tuple[Problem, ...]:
        """What in `config` does not fit its data set.

        Raises:
            Whatever `dataset_facts` raises.
        """
        return tuple(fit_problems(config, self._facts(config), metric, self.open_metrics))

    def task(self, config: Config) -> str:
        """What is learned from the data set of `config`: classification, regression or generation.

        Raises:
            Whatever `dataset_facts` raises.
        """
        return task_of(config, self._facts(config))

    def _dataset(self, config: Config) -> DatasetSpec:
        cut = {key: config["dataset"][key] for key in SPLIT if key != "resplits"}
        if config["dataset"]["resplits"]:
            cut["split_seed"] = None
        return DatasetSpec(source=_required(config, "dataset"), digest=self._facts(config).digest, **cut)

    def _facts(self, config: Config) -> DatasetFacts:
        source = _required(config, "dataset")
        data_dir, own = _data_dir(config), config["dataset"]
        split_seed = config["seed"] if own["resplits"] else own["split_seed"]
        return self._once(
            f"data {canonical(source.to_json())} {split_seed} {data_dir} {own['limit']}",
            lambda: self.dataset_facts(source, split_seed, data_dir, own["limit"]),
        )

    def _numerics(self, config: Config) -> Numerics:
        asked = config["numerics"]
        device = self._once(f"device {asked['device']}", lambda: self.resolve_device(asked["device"]))
        convolves = bool(config["model"].get(CONVOLVES))
        engine = TENSORFLOW.engine(device, convolves) if asked["engine"] == "auto" else asked["engine"]
        return Numerics(device, engine, asked["threads"])

    def _code(self, package: str) -> str:
        return self._once(f"code {package}", lambda: package_digest(package))

    def _once(self, key: str, ask: Callable[[], Answer]) -> Answer:
        if key not in self._known:
            self._known[key] = ask()
        answer: Answer = self._known[key]
        return answer


def component(leaf: Mapping[str, Any]) -> Component | None:
    """The component that a composed leaf describes, or None where its target is null."""
    if leaf[TARGET] is None:
        return None
    return Component(leaf[TARGET], arguments_of(leaf), tuple(leaf.get(VARIABLES, ())))


def run_settings(config: Config, allow_targets: tuple[str, ...]) -> Settings:
    """The settings of a composed config."""
    return Settings(
        results_dir=user_path(config["results_dir"]),
        reports_dir=user_path(config["reports_dir"]),
        data_dir=_data_dir(config),
        executor=_required(config, "executor"),
        keep=tuple(dict.fromkeys(config["keep"])),
        allow_targets=allow_targets,
    )


def _required(config: Config, part: str) -> Component:
    found = component(config[part])
    if found is None:
        raise ConfigError([Problem(part, None, "a leaf that builds something")])
    return found


def _data_dir(config: Config) -> Path | None:
    return None if config["data_dir"] is None else user_path(config["data_dir"])
