"""From a leaf of conf/metric to the metric that it describes.

    named_metrics(["balanced < adam on test_balanced_accuracy"], tree)     # (OpenMetric(…),)

A metric is looked up where a text names it, and no code of the others is imported.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from ablate.config.building import TARGET, foreign_packages, locate, package_digest
from ablate.config.composing import METRIC
from ablate.config.files import read_leaf
from ablate.config.moved_targets import current_path
from ablate.config.problems import ConfigError, Problem, nearest
from ablate.config.runs import component
from ablate.config.tree import ConfigTree
from ablate.core.identity import digest, sha256_of_bytes
from ablate.core.metrics import PREFIX, TAKES, OpenMetric, described
from ablate.core.records import MetricInfo, announce

__all__ = ["named_metrics", "names_of_metrics"]

FACTS = "FACTS"


def names_of_metrics(tree: ConfigTree) -> tuple[str, ...]:
    """The names of all metrics that have a leaf."""
    return tuple(f"{PREFIX}{leaf}" for leaf in tree.groups.get(METRIC, ()))


def named_metrics(texts: Any, tree: ConfigTree) -> tuple[OpenMetric, ...]:
    """The metrics with a leaf that any of the texts names, nested ones included. They are known to this process from
    then on.

    Raises:
        ConfigError: when one of them cannot be what its leaf says.
    """
    words = {word for text in _texts(texts) for word in re.findall(r"\w+", text)}
    found = tuple(_metric(name.removeprefix(PREFIX), tree) for name in names_of_metrics(tree) if name in words)
    for metric in found:
        announce(metric.info)
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from (*_texts(key), *_texts(item))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)


def _metric(leaf: str, tree: ConfigTree) -> OpenMetric:
    file = tree.leaf(METRIC, leaf)
    content = read_leaf(file)
    source = component({TARGET: None, **content})
    if source is None:
        raise ConfigError([Problem(str(file), str(file), f"a leaf with a {TARGET}, the function that measures it")])
    function = locate(source.target, tree.allow_targets)
    module = importlib.import_module(current_path(source.target).rpartition(".")[0])
    facts = getattr(module, FACTS, None)
    if not isinstance(facts, MetricInfo):
        allowed = f"a function whose module says in {FACTS}, a MetricInfo, what its number means"
        raise ConfigError([Problem(f"{METRIC}.{leaf}", source.target, allowed)])
    takes = tuple(name for name in inspect.signature(function).parameters if name not in source.arguments)
    for name in takes:
        if name not in TAKES:
            allowed = f"one of {', '.join(TAKES)}, or an argument that the leaf gives"
            raise ConfigError([Problem(f"{METRIC}.{leaf}", name, allowed, nearest(name, TAKES))])
    try:
        return OpenMetric(described(facts, leaf), source, _code(source.to_json(), module), takes)
    except ValueError as error:
        raise ConfigError([Problem(f"{METRIC}.{leaf}", source.target, f"facts that can be ({error})")]) from error


def _code(source: Any, module: ModuleType) -> str:
    """The digest of the sources: of the packages of one's own, or of the one file of a metric of ablate's."""
    packages = foreign_packages({TARGET: source["target"], **source["arguments"]})
    if packages:
        return digest("code", 1, {package: package_digest(package) for package in sorted(packages)})
    file = Path(str(module.__file__))
    return digest("code", 1, {file.name: sha256_of_bytes(file.read_bytes())})
