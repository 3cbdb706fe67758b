"""From a composed config to the spec of one run, and to the settings that are no part of any spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ablate.config.building import TARGET, foreign_packages, package_digest
from ablate.config.composing import Config, is_private
from ablate.config.problems import ConfigError, Problem
from ablate.identity import canonical
from ablate.specs import Component, DatasetSpec, Numerics, RunSpec

__all__ = ["DatasetFacts", "Settings", "SpecMaker", "component", "run_settings"]

VARIABLES = "_variables_"
CONVOLVES = "_convolves_"
# Keys of a data set that say how it is cut; the others are its loader's arguments.
SPLIT = ("validation_fraction", "validation_last", "split_seed")
PARTS = ("model", "optimizer", "schedule", "loss", "training")


class DatasetFacts(Protocol):
    """What a spec must know of a data set: the sha256 of its decoded arrays."""

    @property
    def digest(self) -> str: ...


@dataclass(frozen=True)
class Settings:
    """Where things lie and who does the work: what changes no number, and so is no part of a spec.

    Attributes:
        data_dir: the folder of data sets; None for wherever their loaders look by themselves.
        allow_targets: packages outside ablate and keras that components may come from.
    """

    results_dir: Path
    reports_dir: Path
    data_dir: Path | None
    executor: Component
    allow_targets: tuple[str, ...] = ()


@dataclass
class SpecMaker:
    """Makes specs of configs, and asks for each device, data set and package no more than once.

    Attributes:
        dataset_facts: from the loader's component, the seed of the split and the data folder to the facts.
        resolve_device: from auto, cpu or gpu to the cpu or gpu that will be used.
    """

    dataset_facts: Callable[[Component, int, Path | None], DatasetFacts]
    resolve_device: Callable[[str], str]
    _known: dict[str, Any] = field(default_factory=dict)

    def spec(self, config: Config) -> RunSpec:
        """The spec of the run that `config` describes.

        Raises:
            ConfigError: when a part that must be built is null, or a package has no sources.
            Whatever `dataset_facts` and `resolve_device` raise.
        """
        components = {part: _required(config, part) for part in PARTS}
        return RunSpec(
            dataset=self._dataset(config),
            augment=component(config["augment"]),
            precision=config["precision"],
            seed=config["seed"],
            salt=config["randomness"]["salt"],
            numerics=self._numerics(config),
            code={package: self._code(package) for package in sorted(foreign_packages(dict(config)))},
            **components,
        )

    def _dataset(self, config: Config) -> DatasetSpec:
        cut = {key: config["dataset"][key] for key in SPLIT}
        source = _required(config, "dataset")
        split_seed, data_dir = cut["split_seed"], _data_dir(config)
        digest = self._once(
            f"data {canonical(source.to_json())} {split_seed} {data_dir}",
            lambda: self.dataset_facts(source, split_seed, data_dir).digest,
        )
        return DatasetSpec(source=source, digest=digest, **cut)

    def _numerics(self, config: Config) -> Numerics:
        asked = config["numerics"]
        device = self._once(f"device {asked['device']}", lambda: self.resolve_device(asked["device"]))
        convolves = bool(config["model"].get(CONVOLVES))
        return Numerics(device, _engine(asked["engine"], device, convolves), asked["threads"])

    def _code(self, package: str) -> str:
        return self._once(f"code {package}", lambda: package_digest(package))

    def _once(self, key: str, ask: Callable[[], str]) -> str:
        if key not in self._known:
            self._known[key] = ask()
        return str(self._known[key])


def component(leaf: Mapping[str, Any]) -> Component | None:
    """The component that a composed leaf describes, or None where its target is null."""
    if leaf[TARGET] is None:
        return None
    arguments = {key: value for key, value in leaf.items() if not is_private(key) and key not in SPLIT}
    return Component(leaf[TARGET], arguments, tuple(leaf.get(VARIABLES, ())))


def run_settings(config: Config, allow_targets: tuple[str, ...]) -> Settings:
    """The settings of a composed config."""
    return Settings(
        results_dir=Path(config["results_dir"]),
        reports_dir=Path(config["reports_dir"]),
        data_dir=_data_dir(config),
        executor=_required(config, "executor"),
        allow_targets=allow_targets,
    )


def _required(config: Config, part: str) -> Component:
    found = component(config[part])
    if found is None:
        raise ConfigError([Problem(part, None, "a leaf that builds something")])
    return found


def _engine(asked: str, device: str, convolves: bool) -> str:
    """XLA, but for convolutions on a CPU: there it is 5 to 25 times slower than the kernels of oneDNN."""
    if asked != "auto":
        return asked
    return "graph" if convolves and device == "cpu" else "xla"


def _data_dir(config: Config) -> Path | None:
    return None if config["data_dir"] is None else Path(config["data_dir"])
