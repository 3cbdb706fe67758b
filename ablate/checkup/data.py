"""The data sets that need no path of the user's own: whether they are here, and sound. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ablate.checkup.findings import Finding, Level, Trouble
from ablate.config import ConfigError, build
from ablate.config.composing import composing
from ablate.config.overrides import parse_overrides
from ablate.config.runs import component
from ablate.config.tree import ConfigTree
from ablate.core.identity import canonical
from ablate.core.specs import Component
from ablate.datasets.arrays import DataError
from ablate.datasets.facts import DatasetFacts, dataset_facts
from ablate.datasets.files import NotHere, offline, search_folders

__all__ = ["look_at_data"]

GROUP = "dataset"
# An empty one of these is for the user to fill: the leaf names no data set by itself.
NAMING = ("path", "name")


def look_at_data(tree: ConfigTree, data_dir: Path | None, cache: Path | None = None) -> Iterator[Finding]:
    """
    Args:
        data_dir: the folder of data sets, None for none.
        cache: where facts of data are remembered; see `dataset_facts`.
    """
    try:
        folders = search_folders(data_dir)
    except DataError as error:
        yield Finding("folders", str(error), Level.WRONG, "ablate … data_dir=FOLDER", Trouble.DATA)
        return
    yield Finding("folders", ", then ".join(map(str, folders)))
    for names, source in _known(tree):
        yield _data_set(", ".join(names), source, tree, data_dir, cache)


def _known(tree: ConfigTree) -> list[tuple[list[str], Component]]:
    """The sources that name a data set, each with the leaves that it stands in."""
    found: dict[str, tuple[list[str], Component]] = {}
    with composing(tree) as composer:
        for name in tree.groups[GROUP]:
            source = component(composer.compose(parse_overrides([f"{GROUP}={name}"]))[GROUP])
            if source is not None and all(source.arguments.get(each, "given") for each in NAMING):
                found.setdefault(canonical(source.to_json()), ([], source))[0].append(name)
    return list(found.values())


def _data_set(name: str, source: Component, tree: ConfigTree, data_dir: Path | None, cache: Path | None) -> Finding:
    try:
        facts = _facts(source, tree, data_dir, cache)
    except NotHere as absent:
        return Finding(name, "not here" + ("; it is fetched when first asked for" * absent.is_fetched), Level.FINE)
    except (DataError, ConfigError) as error:
        mend = "remove the file that is named, and put it there again or let it be fetched"
        return Finding(name, str(error), Level.WRONG, mend, Trouble.DATA)
    return Finding(name, _described(facts))


def _facts(source: Component, tree: ConfigTree, data_dir: Path | None, cache: Path | None) -> DatasetFacts:
    load = build(source, partial=True, allow=tree.allow_targets)
    with offline():
        return dataset_facts(source.to_json(), lambda: load(data_dir=data_dir), 0, data_dir, cache)


def _described(facts: DatasetFacts) -> str:
    shape = " × ".join(map(str, facts.shape))
    what = "a regression" if facts.classes is None else f"{facts.classes} classes"
    return f"{facts.train_examples} + {facts.test_examples} examples of {shape}, {what}"
