"""What every operation reads first: words as a request (a study or a run), and the settings around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ablate.config.building import build
from ablate.config.requests import Request, load_request, load_settings
from ablate.config.runs import Settings
from ablate.core.specs import Component, RunSpec, Study
from ablate.datasets.class_counts import class_notes
from ablate.datasets.facts import DatasetFacts, dataset_facts
from ablate.datasets.files import offline
from ablate.operations.folders import ConfigFolders, reports_folder, results_folder, split_settings
from ablate.runner.devices import resolve_device
from ablate.runner.session import Executor
from ablate.sanitize.redact import PATH_KEYS

__all__ = [
    "ConfigFolders",
    "executor_of",
    "read_request",
    "read_run",
    "read_settings",
    "recorded_words",
    "reports_folder",
    "results_folder",
    "split_settings",
]


def read_request(words: Sequence[str], folders: ConfigFolders = ConfigFolders(), is_grid: bool = False) -> Request:
    """What the words ask for.

    Args:
        is_grid: whether keys may have several values, of which the grid is meant (`-m` on the command line).

    Raises:
        ConfigError, DataError, DeviceAbsent: when they ask for what cannot be.
    """
    tree = folders.tree()
    known: dict[str, DatasetFacts] = {}

    def facts(source: Component, split_seed: int, data_dir: Path | None, limit: int | None) -> DatasetFacts:
        load = build(source, partial=True, allow=tree.allow_targets)
        found = dataset_facts(source.to_json(), lambda: load(data_dir=data_dir), split_seed, data_dir, limit=limit)
        # Another seed draws other examples, but of each class as many.
        known[found.digest] = found
        return found

    def facts_at_hand(source: Component, split_seed: int, data_dir: Path | None, limit: int | None) -> DatasetFacts:
        with offline():
            return facts(source, split_seed, data_dir, limit)

    request = load_request(words, tree, facts, resolve_device, is_grid, facts_at_hand)
    return replace(request, notes=tuple(_notes(request.work, known)))


def _notes(work: Study | RunSpec, known: Mapping[str, DatasetFacts]) -> Iterator[str]:
    """Of every data set, and way to cut it, that is asked for: which classes its parts lack."""
    specs = [arm.spec for sweep in work.sweeps for arm in sweep.arms] if isinstance(work, Study) else [work]
    cuts = {
        (spec.dataset.digest, spec.dataset.validation_fraction, spec.dataset.validation_last): spec.dataset.source
        for spec in specs
    }
    said: set[str] = set()
    for (digest, fraction, last), source in cuts.items():
        facts = known[digest]
        for note in (
            () if facts.class_counts is None else class_notes(facts.class_counts, facts.class_names, fraction, last)
        ):
            line = f"{_title(source)}: {note}"
            if line not in said:
                said.add(line)
                yield line


def _title(source: Component) -> str:
    """What a data set is called: by its path or name where its loader takes one, else by its loader."""
    given = source.arguments.get("path") or source.arguments.get("name")
    return str(given or source.target.removesuffix(".load").rpartition(".")[2])


def executor_of(settings: Settings) -> Executor:
    """Who executes runs, the user's own included where its package is allowed.

    Raises:
        ConfigError: when there is no such executor, or it refuses its settings.
    """
    made: Executor = build(settings.executor, allow=settings.allow_targets)
    return made


def read_run(words: Sequence[str], folders: ConfigFolders = ConfigFolders()) -> RunSpec:
    """The run that `words` describe, for whoever trains one of their own.

    Raises:
        ConfigError, DataError, DeviceAbsent: when it cannot be.
    """
    work = read_request(words, folders).work
    assert isinstance(work, RunSpec), "the words name no sweep"
    return work


def read_settings(words: Sequence[str] = (), folders: ConfigFolders = ConfigFolders()) -> Settings:
    """The settings of these words (`results_dir=…`), and the usual ones for all others.

    Raises:
        ConfigError: when one cannot be.
    """
    return load_settings(tuple(words), folders.tree())


def recorded_words(words: Sequence[str], is_grid: bool = False) -> tuple[str, ...]:
    """The words of a command without those that hold on this machine alone."""
    kept = (word for word in words if word.split("=")[0] not in (*PATH_KEYS, "executor"))
    return (*(("-m",) if is_grid else ()), *kept)
