"""What could stand in place of a word that is being typed. Behind every Tab, so it is quick: neither Hydra nor any
other part of ablate that is slow to import is needed.

    overrides("optimizer=ad", before=())           # optimizer=sgd, optimizer=adam, … of which some begin so
    arms("optimizers:", Path("results"))           # optimizers:optimizer=sgd, …
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from ablate.config.tree import PRIMARY, ConfigTree, find_tree, laid_over
from ablate.core.identity import short_id
from ablate.core.specs import CHOICES, LATER, STUDY_NAME

__all__ = ["arms", "filters", "overrides", "run_ids", "studies"]

ADDED = ("sweep", "experiment")  # on the command line they are written with a plus
UNCHANGEABLE = ("sweep", "allow_targets")  # root keys that no word sets in this form
SWEEP_KEYS = tuple(
    f"sweep.{key}" for key in ("baseline.", "claims", "design", "factors.", "margin", "metric", "seeds", *LATER)
)


def studies(results_dir: Path) -> tuple[str, ...]:
    """The names of studies."""
    from ablate.storage.studies import study_names

    return study_names(results_dir)


def filters() -> tuple[str, ...]:
    """What `list` takes, as far as it does not depend on the runs there are."""
    from ablate.operations.filters import FIELDS, KINDS

    return (*KINDS, *(f"{field}=" for field in FIELDS))


def run_ids(results_dir: Path) -> Iterator[str]:
    """The runs that are stored, by so much of their ids as tells them apart."""
    from ablate.storage.runs import RunStore

    return (short_id(run_id) for run_id in RunStore(results_dir).ids())


def arms(current: str, results_dir: Path) -> Iterator[str]:
    """The arms, as study:arm, of the study that `current` names; none before its colon."""
    from ablate.storage.studies import StudyFolder

    study, colon, _ = current.partition(":")
    plan = StudyFolder(results_dir, study).plan() if colon and STUDY_NAME.fullmatch(study) else None
    for sweep in () if plan is None else plan.sweeps:
        yield from (f"{study}:{arm.name}" for arm in sweep.arms)


def overrides(current: str, before: Sequence[str]) -> Iterator[str]:
    """Keys, or values where `current` has its key already, as the folders say that are seen from the current one.

    Args:
        before: the words in front, which say which leaves are chosen.
    """
    tree = find_tree(Path.cwd())
    key, equals, value = current.partition("=")
    if equals:
        # One value of a list, as in +sweep=[dropout,l2] or, with -m, optimizer=sgd,adam.
        started = re.sub(r"[^\[,]*$", "", value)
        yield from (f"{key}={started}{choice}" for choice in _values(key.lstrip("+"), before, tree))
    else:
        yield from (f"+{key}=" for key in ADDED)
        keys = [key for key in (*tree.groups, *SWEEP_KEYS, *_settings(before, tree)) if key not in UNCHANGEABLE]
        yield from (_as_far_as_the_next_dot(key, current) for key in keys)


def _as_far_as_the_next_dot(key: str, current: str) -> str:
    """`key=`, or only its next part: nobody wants to choose among a hundred settings at once."""
    dot = key.find(".", len(current))
    return f"{key}=" if dot < 0 else key[: dot + 1]


def _values(key: str, before: Sequence[str], tree: ConfigTree) -> Sequence[str]:
    if key == "experiment":
        return tuple(tree.experiments_by_name)
    if key == "sweep.metric":
        from ablate.config.metrics import names_of_metrics
        from ablate.core.records import METRICS

        return (*METRICS, *(name for name in names_of_metrics(tree) if name not in METRICS))
    if key == "sweep.design":
        from ablate.design import available

        return available()
    if key.startswith("sweep.") and (choices := CHOICES.get(key.removeprefix("sweep."))):
        return choices
    if key in tree.groups:
        return tree.groups[key]
    group, _, argument = key.partition(".")
    ranges = _leaves(before, tree).get(group, {}).get("_ranges_", {})
    allowed = ranges.get(argument)
    if isinstance(allowed, list):
        return allowed
    return ("true", "false") if isinstance(_settings(before, tree).get(key), bool) else ()


def _settings(before: Sequence[str], tree: ConfigTree) -> dict[str, Any]:
    """The dotted keys of the leaves that are chosen, with their defaults."""
    return dict(_flat(_leaves(before, tree)))


def _leaves(before: Sequence[str], tree: ConfigTree) -> dict[str, Any]:
    """conf/config.yaml with the leaves that are chosen, by the words or else by default, laid over it."""
    root = _read(tree.shipped / PRIMARY)
    chosen = {key: value for item in root.pop("defaults") if isinstance(item, dict) for key, value in item.items()}
    chosen |= {key: value for key, _, value in (word.partition("=") for word in before) if key in tree.groups}
    for group, choice in chosen.items():
        if (group in root and not isinstance(root[group], dict)) or choice not in tree.groups.get(group, ()):
            continue
        root[group] = laid_over(root.get(group, {}), _read(tree.leaf(group, choice)))
    return root


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if key.startswith("_"):
            continue
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _read(file: Path) -> dict[str, Any]:
    content: dict[str, Any] | None = yaml.safe_load(file.read_text(encoding="utf-8"))
    return content or {}
