"""The words of the command line as a request: a study or a run, and the settings around it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ablate.cli.command import Invocation
from ablate.config.building import build
from ablate.config.requests import Request, load_request, load_settings
from ablate.config.runs import Settings
from ablate.config.tree import ConfigTree, find_tree
from ablate.core.identity import Json
from ablate.core.specs import Component, RunSpec
from ablate.datasets.facts import DatasetFacts, dataset_facts
from ablate.runner.devices import resolve_device
from ablate.runner.environment import installed_versions
from ablate.sanitize.redact import PLACES

__all__ = [
    "add_run_options",
    "read_request",
    "read_run",
    "read_settings",
    "recorded_words",
    "tree_of",
    "wanted_versions",
]


def add_run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-m", "--multirun", action="store_true", help="train the grid of all values: -m optimizer=sgd,adam seed=0,1"
    )
    parser.add_argument(
        "--same-environment",
        action="store_true",
        help="train anew what is stored and was computed with other versions of ablate, Python, TensorFlow or Keras",
    )


def wanted_versions(invocation: Invocation) -> Mapping[str, Json] | None:
    """The versions that every run is to be computed with; None where any will do."""
    return installed_versions() if invocation.options.same_environment else None


def read_request(invocation: Invocation) -> Request:
    """What the words ask for.

    Raises:
        ConfigError, DataError, DeviceAbsent: when they ask for what cannot be.
    """
    return _asked_for(invocation, invocation.words, invocation.options.multirun)


def read_run(invocation: Invocation, words: Sequence[str]) -> RunSpec:
    """The run that `words` describe, for verbs that train one of their own.

    Raises:
        ConfigError, DataError, DeviceAbsent: when it cannot be.
    """
    work = _asked_for(invocation, words).work
    assert isinstance(work, RunSpec), "the words name no sweep"
    return work


def _asked_for(invocation: Invocation, words: Sequence[str], is_grid: bool = False) -> Request:
    tree = tree_of(invocation)

    def facts(source: Component, split_seed: int, data_dir: Path | None) -> DatasetFacts:
        load = build(source, partial=True, allow=tree.allow_targets)
        return dataset_facts(source.to_json(), lambda: load(data_dir=data_dir), split_seed, data_dir)

    return load_request(words, tree, facts, resolve_device, is_grid)


def read_settings(invocation: Invocation, also: tuple[str, ...] = ()) -> tuple[Settings, tuple[str, ...]]:
    """For verbs that take names: the settings, and the words that are not about them.

    Args:
        also: further root keys whose words are settings of the verb.
    """
    roots = (*PLACES, *also)
    about = tuple(word for word in invocation.words if "=" in word and _root(word) in roots)
    names = tuple(word for word in invocation.words if word not in about)
    return load_settings(about, tree_of(invocation)), names


def recorded_words(invocation: Invocation) -> tuple[str, ...]:
    """The words of a study without those that hold on this machine alone."""
    words = (word for word in invocation.words if word.split("=")[0] not in (*PLACES, "executor"))
    return (*(("-m",) if invocation.options.multirun else ()), *words)


def _root(word: str) -> str:
    return word.partition("=")[0].lstrip("+").partition(".")[0]


def tree_of(invocation: Invocation) -> ConfigTree:
    """The folders of configs, seen from here. Allowed packages may be imported from the current folder from then on."""
    here = Path.cwd()
    tree = find_tree(here, invocation.config_dirs, invocation.allow_targets)
    if tree.allow_targets and str(here) not in sys.path:
        # Packages of one's own stand in the current folder, where `python -m` looks and a console script does not.
        sys.path.append(str(here))
    return tree
