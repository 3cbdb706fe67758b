"""Specs and studies from words of the command line, for tests that need real ones."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ablate.config.building import build
from ablate.config.requests import Request, load_request
from ablate.config.tree import find_tree
from ablate.core.specs import Component, RunSpec, Study
from ablate.datasets.facts import DatasetFacts, dataset_facts

# An empty folder: the tests must not see a conf/ of the folder they are started in.
NOWHERE = Path(__file__).parent / "data"


@cache
def request(*words: str, folder: Path = NOWHERE) -> Request:
    """What the words ask for in `folder`, whose conf/ is looked into."""

    def facts(source: Component, split_seed: int, data_dir: Path | None, limit: int | None) -> DatasetFacts:
        load = build(source, partial=True)
        return dataset_facts(source.to_json(), lambda: load(data_dir=data_dir), split_seed, data_dir, limit=limit)

    return load_request(words, find_tree(folder), facts, lambda setting: "cpu")


def spec(*words: str) -> RunSpec:
    work = request(*words).work
    assert isinstance(work, RunSpec)
    return work


def study(*words: str, folder: Path = NOWHERE) -> Study:
    work = request(*words, folder=folder).work
    assert isinstance(work, Study)
    return work
