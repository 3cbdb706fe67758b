"""From overrides to one composed config: Hydra's part, checked before Hydra sees it and cast afterwards.

    with composing(tree) as composer:
        config = composer.compose(parse_overrides(["optimizer=sgd", "model.dropout=0.3"]))
        config["optimizer"]["learning_rate"]      # 0.01

A composed config is made of dicts, lists and scalars; nothing of OmegaConf leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hydra import compose as hydra_compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError

from ablate.config.arguments import RANGES, argument_problems, float32_problems
from ablate.config.bounds import bounds_below
from ablate.config.building import OF_HYDRA, TARGET, is_target, locate, target_problems, with_stored_paths
from ablate.config.casting import cast_fields, cast_like
from ablate.config.files import read_leaf, read_yaml
from ablate.config.hints import SWEEP_KEYS, meant_key
from ablate.config.overrides import SWEEP, Override, Overrides, layered, write_override
from ablate.config.problems import ConfigError, Problem, nearest, problems_of, raise_any, sift
from ablate.config.ranges import range_problems
from ablate.config.tree import PRIMARY, ConfigTree, laid_over
from ablate.core.identity import Json
from ablate.core.metrics import PREFIX
from ablate.core.records import METRICS
from ablate.sanitize.redact import PATH_KEYS

__all__ = ["LATER", "SPLIT", "SWEEP", "Composer", "Config", "arguments_of", "composing", "lookup"]

Config = Mapping[str, Any]

# A dotted path into the leaves; what says more (`optimizer@inner`, `model/head`) is Hydra's to read.
VALUE_KEY = re.compile(r"[A-Za-z_]\w*(\.\w+)*")
# Keys of a data set that say how it is cut and how it travels; the others are its loader's arguments.
SPLIT = ("validation_fraction", "validation_last", "split_seed", "resplits", "stream")
# These leaves are dataclasses without TensorFlow: a plan builds them, so that they check themselves.
CHECKED_BY_BUILDING = ("training", "executor")
# Arguments of a leaf and the values at which they are left out of a run's identity.
LATER = "_later_"
# A group whose leaves are named by what they measure, and never chosen.
METRIC = "metric"
# References to other values that a config may hold: many, each of several others, can stand for gigabytes.
MOST_REFERENCES = 20
_OF_SWEEPS = tuple(f"{SWEEP}.{key}" for key in SWEEP_KEYS)
_REFERENCE = re.compile(r"\$\{[^${}:]*\}")


@contextmanager
def composing(tree: ConfigTree) -> Iterator[Composer]:
    """A composer over the leaves of `tree`. Hydra's global state is entered and left with the context."""
    with initialize_config_dir(str(tree.shipped), job_name="ablate", version_base="1.3"):
        yield Composer(tree)


class Composer:
    """Composes configs, each distinct one once."""

    def __init__(self, tree: ConfigTree) -> None:
        self.tree = tree
        self._search = write_override("hydra.searchpath", [f"file://{folder}" for folder in tree.added])
        self._chosen: dict[tuple[str, ...], DictConfig] = {}
        self._raw: dict[tuple[str, ...], Config] = {}
        self._typed: dict[tuple[str, ...], Config] = {}
        self._checked: set[Path] = set()

    def compose(self, overrides: Overrides) -> Config:
        """The config with `overrides` applied; every value has the type of its default.

        Raises:
            ConfigError: with every unknown group, choice and key, every value of a wrong type or out of its
                range, and every target that is not allowed.
        """
        key = tuple(override.text for override in overrides)
        if key not in self._typed:
            self._typed[key] = self._compose_checked(overrides)
        return self._typed[key]

    def check(self, overrides: Overrides, among: Overrides | None = None) -> list[Problem]:
        """What is wrong with each override by itself: its group, choice, key or type.

        Which keys there are depends on the leaves that are chosen: by the overrides `among`, else by `overrides`.
        """
        defaults = self._defaults(overrides if among is None else among)
        return [
            problem for override in overrides for problem in _override_problems(override, self.tree.groups, defaults)
        ]

    def is_group(self, key: str) -> bool:
        return key in self.tree.groups

    def sweep(self, name: str) -> Config:
        """The leaf sweep/<name>.yaml."""
        return dict(self._compose((Override(f"+{SWEEP}={name}", SWEEP, name, "+"),))[SWEEP])

    def sound(self, overrides: Overrides) -> Overrides:
        """Those of the overrides that can be composed, each alone with the leaves that are chosen."""
        choices = [override for override in overrides if self.is_group(override.key) and not self.check((override,))]
        accepted, _ = sift(lambda override: self.compose(layered(choices, [override])), overrides)
        return tuple(override for override, _ in accepted)

    def _compose_checked(self, overrides: Overrides) -> Config:
        problems = self.check(overrides)
        # What is right by itself is composed all the same, for it may show what else is wrong.
        sound = tuple(override for override in overrides if not self.check((override,), among=overrides))
        composed, further = sift(self._compose_typed, [sound])
        raise_any([*problems, *further])
        return composed[0][1]

    def _compose_typed(self, overrides: Overrides) -> Config:
        return _typed(self._compose(overrides), self._defaults(overrides), self._compose(()), self.tree.allow_targets)

    def _defaults(self, overrides: Overrides) -> Config:
        """The config of the chosen leaves before any value is set: what exists, and of which type."""
        groups = self.tree.groups
        return self._compose(
            tuple(
                override
                for override in overrides
                if override.key != METRIC and override.value in groups.get(override.key, ())
            )
        )

    def _compose(self, overrides: Overrides) -> Config:
        texts = tuple(override.text for override in overrides)
        if texts not in self._raw:
            self._check_leaves(overrides)
            try:
                self._raw[texts] = self._with_values(overrides) or self._hydra(texts)
            except (HydraException, OmegaConfBaseException, YAMLError, RecursionError) as error:
                raise ConfigError(self._blame(overrides, error)) from error
        return self._raw[texts]

    def _check_leaves(self, overrides: Overrides) -> None:
        """Looks at those of the chosen leaves that do not come with ablate, before Hydra reads them."""
        chosen = [override for override in overrides if override.value in self.tree.groups.get(override.key, ())]
        for override in chosen:
            file = self.tree.leaf(override.key, str(override.value))
            if file not in self._checked and not self.tree.is_shipped(file):
                raise_any(_leaf_file_problems(file, override.key, read_leaf(file)))
                self._checked.add(file)

    def _with_values(self, overrides: Overrides) -> Config | None:
        """The config of overrides that choose leaves and set values of them, None where they ask for more.

        To set a value is one call of OmegaConf, the same that Hydra makes.
        """
        choices = tuple(override for override in overrides if self.is_group(override.key))
        values = [override for override in overrides if override not in choices]
        if any(override.sign for override in values) or not all(
            VALUE_KEY.fullmatch(override.key) for override in values
        ):
            return None
        config = deepcopy(self._leaves(choices))
        try:
            for override in values:
                OmegaConf.update(config, override.key, override.value, merge=True)
        except OmegaConfBaseException:
            return None  # Hydra says what is wrong
        return _container(config)

    def _hydra(self, texts: tuple[str, ...]) -> Config:
        return _container(self._composed(texts))

    def _leaves(self, choices: Overrides) -> DictConfig:
        texts = tuple(override.text for override in choices)
        if texts not in self._chosen:
            self._chosen[texts] = self._exchanged(choices) or self._composed(texts)
        return self._chosen[texts]

    def _exchanged(self, choices: Overrides) -> DictConfig | None:
        """The config of no choice with the chosen leaves in it, None where Hydra has to be asked.

        Hydra would read all leaves again for each choice. A leaf says values of its own group and nothing to Hydra
        (`read_leaf`), so to choose it is to merge it over what the primary config says of that group.
        """
        is_plain = len({override.key for override in choices}) == len(choices) and all(map(self._is_exchange, choices))
        if not choices or not is_plain:
            return None
        config = deepcopy(self._leaves(()))
        for override in choices:
            leaf = read_leaf(self.tree.leaf(override.key, str(override.value)))
            config[override.key] = laid_over(self._primary.get(override.key) or {}, leaf)
        return config

    def _is_exchange(self, override: Override) -> bool:
        """Whether an override names a leaf that is there, of a group that the primary config has a place for."""
        is_placed = (
            override.key == SWEEP if override.sign == "+" else not override.sign and override.key in self._with_defaults
        )
        return is_placed and override.value in self.tree.groups[override.key]

    @cached_property
    def _primary(self) -> dict[str, Any]:
        return dict(read_yaml(self.tree.shipped / PRIMARY))

    @cached_property
    def _with_defaults(self) -> frozenset[str]:
        """The groups that a config always has a leaf of."""
        return frozenset(key for entry in self._primary["defaults"] if isinstance(entry, dict) for key in entry)

    def _composed(self, texts: tuple[str, ...]) -> DictConfig:
        composed: DictConfig = hydra_compose(PRIMARY.removesuffix(".yaml"), [self._search.text, *texts])
        return composed

    def _blame(self, overrides: Overrides, error: Exception) -> Iterator[Problem]:
        """Hydra stops at the first override that it cannot apply; composed alone, each shows whether it can be."""
        blamed = False
        for override in overrides if len(overrides) > 1 else ():
            try:
                self._compose((override,))
            except ConfigError as alone:
                blamed = True
                yield from alone.problems
        if not blamed:
            text = " ".join(override.text for override in overrides)
            yield Problem(
                overrides[0].key if len(overrides) == 1 else text, text, f"what Hydra can compose ({_first(error)})"
            )


def _container(config: DictConfig) -> Config:
    raise_any(_reference_problems(OmegaConf.to_container(config)))
    resolved: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    return with_stored_paths(resolved)  # type: ignore[return-value]


def _typed(raw: Config, defaults: Config, shipped: Config, allow: tuple[str, ...]) -> Config:
    roots, problems = sift(lambda root: _typed_root(root, raw[root], defaults.get(root), allow), raw)
    raise_any([*_root_problems(raw, shipped), *target_problems(dict(raw), allow), *problems])
    return dict(roots)


def lookup(config: Config, key: str) -> Any:
    """The value at a dotted key.

    Raises:
        KeyError: when there is none.
    """
    value: Any = config
    for part in key.split("."):
        if not isinstance(value, Mapping):
            raise KeyError(key)
        value = value[part]
    return value


def _typed_root(root: str, value: Any, default: Json, allow: tuple[str, ...]) -> Any:
    """One root key's value, cast and checked."""
    raise_any(bounds_below(root, value))
    if root in CHECKED_BY_BUILDING and is_dataclass(found := locate(value[TARGET], allow)):
        private = {key: item for key, item in value.items() if is_private(key)}
        arguments = {key: item for key, item in value.items() if not is_private(key)}
        built = asdict(cast_fields(found, arguments, root))
        raise_any(float32_problems(root, built))
        return {**private, **built}
    typed = cast_like(value, default, root)
    raise_any([*range_problems(root, typed), *_leaf_problems(root, typed, allow), *float32_problems(root, typed)])
    return typed


def _leaf_problems(key: str, leaf: Any, allow: tuple[str, ...]) -> Iterator[Problem]:
    """What is wrong with the arguments of a leaf, and of what is built inside it."""
    if isinstance(leaf, list):
        for index, item in enumerate(leaf):
            yield from _leaf_problems(f"{key}[{index}]", item, allow)
    elif isinstance(leaf, Mapping):
        for name in OF_HYDRA:
            if name in leaf:
                yield Problem(f"{key}.{name}", leaf[name], "the arguments of the target, each by its name")
        # Of a target that is refused, no source is looked at.
        if TARGET in leaf and is_target(leaf[TARGET], allow):
            yield from argument_problems(key, leaf[TARGET], arguments_of(leaf), leaf.get(RANGES) or {})
        for name, item in leaf.items():
            if not is_private(name):
                yield from _leaf_problems(f"{key}.{name}", item, allow)


def _leaf_file_problems(file: Path, group: str, leaf: Config) -> Iterator[Problem]:
    """What a leaf must say, and what it must not."""
    if group != SWEEP and TARGET not in leaf:
        yield Problem(str(file), str(file), f"a leaf with a {TARGET}, null where nothing is built")
    if group == "executor" and "trainer" in leaf:
        yield _no_trainer_of_executor(f"{file}: trainer", leaf["trainer"])


def _reference_problems(unresolved: Any) -> Iterator[Problem]:
    """A problem for every value that is taken from the environment, or computed while it is read. Where things lie may
    depend on the machine; what a run is made of may not: it is stored, and shown in reports."""
    found = [(key, text) for key, text in _texts(unresolved) if "${" in text and key not in PATH_KEYS]
    for key, text in found:
        if "${" in _REFERENCE.sub("", text):
            yield Problem(key, text, "a value, or ${key} for that of another key: it has to stand in words")
    if sum(text.count("${") for _, text in found) > MOST_REFERENCES:
        yield Problem("${…}", len(found), f"at most {MOST_REFERENCES} references to other keys")


def _texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Dotted key and text of every value that is one."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{key}[{index}]")


def _root_problems(raw: Config, shipped: Config) -> Iterator[Problem]:
    for root in raw:
        if root not in shipped:
            yield Problem(root, raw[root], f"one of {', '.join(shipped)}", nearest(root, shipped))


def _no_trainer_of_executor(key: str, value: Any) -> Problem:
    """An executor is no part of a spec, so it does not say who trains."""
    return Problem(key, value, "trainer=NAME, a leaf of conf/trainer, for who trains is part of what a run is")


def _override_problems(override: Override, groups: Mapping[str, tuple[str, ...]], defaults: Config) -> list[Problem]:
    if override.key == "executor.trainer":
        return [_no_trainer_of_executor(override.key, override.value)]
    if override.key == METRIC:
        name = override.value if override.value in tuple(METRICS) else f"{PREFIX}{override.value}"
        allowed = f"sweep.metric={name}, for it is measured of the runs of a sweep"
        return [Problem(override.key, override.value, allowed)]
    if override.key in groups:
        return _choice_problems(override, groups[override.key])
    return _key_problems(override, defaults) or _type_problems(override, defaults)


def _choice_problems(override: Override, choices: tuple[str, ...]) -> list[Problem]:
    if override.value in choices:
        return []
    return [Problem(override.key, override.value, f"one of {', '.join(choices)}", nearest(override.value, choices))]


def _key_problems(override: Override, defaults: Config) -> list[Problem]:
    key, is_root = override.key, override.root in defaults
    if is_root and (override.sign == "+" or _exists(key, defaults)):
        return []
    near = [*_keys(defaults[override.root], override.root)] if is_root else [*defaults]
    everywhere = [*(each for root in defaults for each in _keys(defaults[root], root)), *_OF_SWEEPS]
    meant = meant_key(key, near, everywhere) if is_root or key != override.root else None
    meant = meant or meant_key(override.root, near, everywhere)
    return [Problem(key, override.value, f"{'one of' if is_root else 'a key under'} {', '.join(near)}", meant)]


def _type_problems(override: Override, defaults: Config) -> list[Problem]:
    if override.sign or override.root in CHECKED_BY_BUILDING or _is_interpolation(override.value):
        return []
    return list(problems_of(lambda: cast_like(override.value, lookup(defaults, override.key), override.key)))


def _exists(key: str, config: Config) -> bool:
    try:
        lookup(config, key)
    except KeyError:
        return False
    return True


def _keys(value: Json, key: str) -> Iterator[str]:
    """The dotted keys of a config's values, without those that are no arguments."""
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            if not is_private(name):
                yield from _keys(item, f"{key}.{name}")
    else:
        yield key


def is_private(name: str) -> bool:
    """Whether a key of a leaf says something about the leaf, and is no argument: `_target_`, `_variables_`."""
    return name.startswith("_") and name.endswith("_")


def arguments_of(leaf: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a composed leaf gives to its target, which has defaults for those that are left out: a leaf's
    `_later_` says at which value an argument is, that it had not from the first, so that older runs keep their ids."""
    later = leaf.get(LATER) or {}
    return {
        key: value
        for key, value in leaf.items()
        if not is_private(key) and key not in SPLIT and not (key in later and later[key] == value)
    }


def _is_interpolation(value: Json) -> bool:
    return isinstance(value, str) and "${" in value


def _first(error: Exception) -> str:
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        return f"{error.problem_mark.name}:{error.problem_mark.line + 1}: {error.problem}"
    return next(iter(str(error).splitlines()), type(error).__name__)
