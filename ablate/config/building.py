"""From a `Component` to the object it describes.

    build(Component("keras.optimizers.Adam", {"learning_rate": 0.001}))      # an optimizer
    build(spec.model, partial=True)                                          # waits for input_shape, outputs
    build(spec.training)                                                     # a dataclass, its fields cast

A config is data, and data that somebody else wrote. So only what is there to be built can be named: the
loaders, models, layers and parts of the training of ablate, its executors, and Keras's optimizers, losses
and layers, but for those that run code or read a program from a file. What a module of ablate imports cannot be
named as if it were the module's. Of the rest of both packages enough writes files or starts processes to be of
use to somebody hostile.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from functools import partial as partially
from pathlib import Path
from typing import Any

from ablate.config.casting import cast_fields
from ablate.config.moved_targets import current_path, stored_path
from ablate.config.problems import ConfigError, Problem, nearest, raise_any
from ablate.config.signatures import definitions, home
from ablate.core.backend import TENSORFLOW
from ablate.core.identity import Json, digest, sha256_of_bytes
from ablate.core.specs import Component, RunSpec

__all__ = [
    "PARTIAL",
    "TARGET",
    "build",
    "foreign_packages",
    "is_target",
    "locate",
    "package_digest",
    "spec_problems",
    "target_problems",
    "targets",
    "with_stored_paths",
]

TARGET = "_target_"
PARTIAL = "_partial_"
OWN = ("ablate", *TENSORFLOW.packages)
# How Hydra would build otherwise; nobody here would see what hides in these.
OF_HYDRA = ("_args_", "_convert_", "_recursive_")
# What messages call the names that `_OWN_TARGET` lets through.
PREFIXES = (
    *("ablate.datasets.", "ablate.models.", "ablate.layers.", "ablate.training.", "ablate.metrics.", "ablate.runner."),
    *TENSORFLOW.target_prefixes,
)
_OWN_TARGET = re.compile(
    r"ablate\.datasets\.\w+\.load"
    r"|ablate\.(models|layers|training)\.(\w+\.)*\w+"
    r"|ablate\.metrics\.\w+\.\w+"
    r"|ablate\.runner\.\w+\.\w*Executor"
    rf"|{TENSORFLOW.targets}",
    re.ASCII,
)
# A module's attributes include what Python itself puts there, and what it keeps to itself.
_PUBLIC_PATH = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)+", re.ASCII)


def build(component: Component, partial: bool = False, allow: Sequence[str] = ()) -> Any:
    """The target called with the arguments, or waiting for more of them where `partial`.

    Mappings with a `_target_` among the arguments are built first. A dataclass gets its fields cast.

    Args:
        allow: packages that a target may come from, besides ablate and parts of keras.

    Raises:
        ConfigError: when a target is not allowed, not there, or a dataclass that refuses its arguments.
    """
    found = locate(component.target, allow)
    arguments = {key: _built(value, allow) for key, value in component.arguments.items()}
    if partial:
        return partially(found, **arguments)
    return cast_fields(found, arguments, key="") if is_dataclass(found) else found(**arguments)


def locate(target: str, allow: Sequence[str] = ()) -> Callable[..., Any]:
    """The function or class at the dotted path `target`, which names a module and something in it.

    Raises:
        ConfigError: when the target is not allowed, or is not there.
    """
    raise_any(_named_problems(TARGET, target, allow))
    module_name, _, name = current_path(target).rpartition(".")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError, OSError) as error:  # OSError: a name that no file can have
        raise ConfigError([Problem(TARGET, target, f"something that can be imported ({error})")]) from error
    origin = getattr(found, "__module__", None) or ""
    # A module's attributes include what it imports: ablate.storage.runs.os is not ours to call.
    if not callable(found) or _package(origin) not in (*OWN, *allow):
        raise ConfigError([Problem(TARGET, target, "a function or class of the package itself")])
    return found


def targets(value: Json, key: str = "") -> Iterator[tuple[str, Json]]:
    """The key and value of every `_target_` in a config, nested ones included."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            path = f"{key}.{name}" if key else name
            yield from [(path, item)] if name == TARGET else targets(item, path)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from targets(item, f"{key}[{index}]")


def with_stored_paths(config: Json) -> Json:
    """The config with the stored path of every `_target_`, nested ones included: what its specs are made of."""
    if isinstance(config, list):
        return [with_stored_paths(item) for item in config]
    if not isinstance(config, Mapping):
        return config
    written = {name: with_stored_paths(item) for name, item in config.items()}
    target = written.get(TARGET)
    return {**written, TARGET: stored_path(target)} if isinstance(target, str) else written


def target_problems(config: Json, allow: Sequence[str]) -> Iterator[Problem]:
    """A problem for every `_target_` in a config that is not allowed, or not defined; nothing is imported."""
    for key, target in targets(config):
        if target is not None:
            yield from _named_problems(key, target, allow)


def spec_problems(spec: RunSpec, allow: Sequence[str]) -> Iterator[Problem]:
    """A problem for every target in a spec that is not allowed, or not defined; nothing is imported.

    To be asked of a spec that comes from a store before any part of it is built: what was allowed to whoever
    planned the run is in its `code`, and a record allows nothing.
    """
    for part, described in _components(spec.to_json()):
        yield from _named_problems(f"{part}.{TARGET}", described["target"], allow)
        yield from target_problems({part: described["arguments"]}, allow)


def _components(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part, described in {**spec, "dataset": spec["dataset"]["source"]}.items():
        if isinstance(described, Mapping) and described.keys() == {"target", "arguments"}:
            yield part, described


def is_target(target: Json, allow: Sequence[str]) -> bool:
    """Whether a config may name `target`: what has moved is allowed by its stored path."""
    if not isinstance(target, str) or not _PUBLIC_PATH.fullmatch(target):
        return False
    return bool(_OWN_TARGET.fullmatch(stored_path(target))) or (
        _package(target) not in OWN and _is_under(target, allow)
    )


def _is_under(target: str, packages: Sequence[str]) -> bool:
    return target.startswith(tuple(f"{name}." for name in packages))


def foreign_packages(config: Json) -> set[str]:
    """The packages outside ablate and keras that the targets in a config come from."""
    named = {_package(target) for _, target in targets(config) if isinstance(target, str)}
    return named - set(OWN)


def package_digest(package: str) -> str:
    """sha256 over the names and contents of a package's .py files, or of its module if it is a single file.

    The package is found, not imported.

    Raises:
        ConfigError: when there is no such package, or it has no Python sources.
    """
    sources = _sources(package)
    if not sources:
        raise ConfigError([Problem(TARGET, package, "a package whose Python files can be found")])
    return digest("code", 1, {name: sha256_of_bytes(path.read_bytes()) for name, path in sources.items()})


def _sources(package: str) -> dict[str, Path]:
    found = importlib.util.find_spec(package)
    if found is None:
        return {}
    if not found.submodule_search_locations:
        return {Path(found.origin).name: Path(found.origin)} if found.origin else {}
    folders = map(Path, found.submodule_search_locations)
    return {path.relative_to(folder).as_posix(): path for folder in folders for path in sorted(folder.rglob("*.py"))}


def _built(value: Any, allow: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_built(item, allow) for item in value]
    if not isinstance(value, Mapping):
        return value
    if TARGET not in value:
        return {key: _built(item, allow) for key, item in value.items()}
    arguments = {key: item for key, item in value.items() if key not in (TARGET, PARTIAL)}
    return build(Component(value[TARGET], arguments), bool(value.get(PARTIAL)), allow)


def _named_problems(key: str, target: Json, allow: Sequence[str]) -> Iterator[Problem]:
    """What keeps a config from naming `target`: who may is asked first, and of the others no source is looked at."""
    if not is_target(target, allow):
        yield _not_allowed(key, target, allow)
        return
    path = current_path(str(target))
    module, _, name = path.rpartition(".")
    if _package(path) == OWN[0] and home(path) != module:
        own = definitions(module)
        close = nearest(name, own)
        allowed = "a function or class that its module defines" if own else "a module that is there, and a name in it"
        yield Problem(key, target, allowed, close and f"{module}.{close}")
    elif _package(path) in TENSORFLOW.packages and _package(home(path) or "") != _package(path):
        yield Problem(key, target, f"a function or class of {_package(path)}")


def _not_allowed(key: str, target: Json, allow: Sequence[str]) -> Problem:
    prefixes = [*PREFIXES, *(f"{name}." for name in allow)]
    allowed = f"a name under {', '.join(prefixes)} (others are allowed by --allow-target)"
    return Problem(key, target, allowed, nearest(target, prefixes))


def _package(name: str) -> str:
    return name.partition(".")[0]
