"""Runs that are small enough to be trained in a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ablate.config.building import build
from ablate.config.requests import load_request
from ablate.config.tree import find_tree
from ablate.core.records import StoredRun
from ablate.core.specs import Component, RunSpec
from ablate.datasets.facts import DatasetFacts, dataset_facts
from ablate.runner.session import Trainer

__all__ = ["tiny_spec", "train"]


def tiny_spec(*words: str, folder: Path | None = None, allow: Sequence[str] = ()) -> RunSpec:
    """One epoch of a small network over 8×8 digits on a CPU, which takes about a second, and what `words` change of it.

    Args:
        words: of a command line, as in `tiny_spec("trainer=mine", "seed=3")`.
        folder: whose `conf/` is looked into; None for the current one.
        allow: packages that a `_target_` may name, besides those of the `conf/config.yaml` there.

    Raises:
        ConfigError: when the words mean nothing.
    """
    tree = find_tree(folder or Path.cwd(), allow_targets=allow)

    def facts(source: Component, split_seed: int, data_dir: Path | None, limit: int | None) -> DatasetFacts:
        load = build(source, partial=True, allow=tree.allow_targets)
        return dataset_facts(source.to_json(), lambda: load(data_dir=data_dir), split_seed, data_dir, limit=limit)

    work = load_request(["training.epochs=1", *words], tree, facts, lambda _: "cpu").work
    if not isinstance(work, RunSpec):
        raise ValueError("these words name a sweep or an experiment, which is more than one run")
    return work


def train(trainer: Trainer, spec: RunSpec) -> StoredRun:
    """The run of a spec; nobody is told of its epochs."""
    return trainer.train(spec, lambda *_: None)
