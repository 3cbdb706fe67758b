"""Which values the root keys of conf/config.yaml can have, beyond their type.

Leaves that are built from dataclasses check themselves; see `ablate.training.settings`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ablate.config.problems import Problem, nearest
from ablate.core.artefacts import ARTEFACTS
from ablate.core.backend import TENSORFLOW
from ablate.core.specs import SEED_PARTS, SEEDS, STUDY_NAME
from ablate.sanitize.paths import user_folder, user_path

__all__ = ["name_problems", "range_problems", "study_name_problems"]

DATA_VARIABLE = "ABLATE_DATA_DIR"
DEVICES = ("auto", "cpu", "gpu")
ENGINES = ("auto", *TENSORFLOW.engines)
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


def range_problems(root: str, value: Any) -> Iterator[Problem]:
    """What is wrong with the value of the root key `root`, which has the type that conf/config.yaml declares."""
    check = _CHECKS.get(root)
    return iter(()) if check is None else check(value)


def study_name_problems(name: object) -> Iterator[Problem]:
    return name_problems("study", name)


def name_problems(key: str, name: object) -> Iterator[Problem]:
    """What keeps `name` from being that of a study or a sweep, which names files."""
    if not isinstance(name, str) or not STUDY_NAME.fullmatch(name):
        yield Problem(key, name, "up to 100 letters, digits and _ . + -, beginning with a letter or digit")


def _seed(value: int) -> Iterator[Problem]:
    yield from _seed_problems("seed", value)


def _seed_parts(value: Mapping[str, Any]) -> Iterator[Problem]:
    for part, number in value.items():
        key = f"seed_parts.{part}"
        if part not in SEED_PARTS:
            yield Problem(key, number, f"one of {', '.join(SEED_PARTS)}", nearest(part, SEED_PARTS))
        elif number is not None:
            yield from _seed_problems(key, number, ", or null for the seed of the run")


def _randomness(value: Mapping[str, int]) -> Iterator[Problem]:
    yield from _seed_problems("randomness.salt", value["salt"])


def _precision(value: str) -> Iterator[Problem]:
    yield from _choice_problems("precision", value, PRECISIONS)


def _numerics(value: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _choice_problems("numerics.device", value["device"], DEVICES)
    yield from _choice_problems("numerics.engine", value["engine"], ENGINES)
    if value["threads"] < 1:
        yield Problem("numerics.threads", value["threads"], "a whole number from 1")


def _dataset(value: Mapping[str, Any]) -> Iterator[Problem]:
    fraction, last = value["validation_fraction"], value["validation_last"]
    if not 0 < fraction < 1:
        yield Problem("dataset.validation_fraction", fraction, "a number above 0 and below 1")
    if last is not None and (type(last) is not int or last < 1):
        yield Problem("dataset.validation_last", last, "a whole number from 1, or null to cut by the fraction")
    yield from _seed_problems("dataset.split_seed", value["split_seed"])
    if value["resplits"] and last is not None:
        yield Problem(
            "dataset.resplits", True, "false where dataset.validation_last names the examples: none are drawn"
        )
    limit = value["limit"]
    if limit is not None and (type(limit) is not int or limit < 1):
        yield Problem("dataset.limit", limit, "a whole number from 1, or null for all examples")
    if value["stream"] not in (None, True, False):
        yield Problem("dataset.stream", value["stream"], "true, false, or null to decide by size")


def _data_dir(value: object) -> Iterator[Problem]:
    if value is not None and not isinstance(value, str):
        yield Problem("data_dir", value, "a path, or null")
    elif value is not None:
        # Whether it is there is a question of the data.
        # conf/config.yaml takes it from the variable, of which whoever set it may know nothing.
        key = DATA_VARIABLE if os.environ.get(DATA_VARIABLE) == value else "data_dir"
        yield from _path_problems(key, value, user_path)


def _results_dir(value: str) -> Iterator[Problem]:
    yield from _path_problems("results_dir", value, user_folder)


def _reports_dir(value: str) -> Iterator[Problem]:
    yield from _path_problems("reports_dir", value, user_folder)


def _path_problems(key: str, value: str, read: Callable[[str], Path]) -> Iterator[Problem]:
    try:
        read(value)
    except (ValueError, OSError) as error:
        yield Problem(key, value, f"a folder; this {error}")


def _keep(value: list[object]) -> Iterator[Problem]:
    for name in value:
        if name not in ARTEFACTS:
            yield Problem("keep", name, f"any of {', '.join(ARTEFACTS)}", nearest(str(name), tuple(ARTEFACTS)))


def _study(value: object) -> Iterator[Problem]:
    if value is not None:
        yield from study_name_problems(value)


_CHECKS: Mapping[str, Callable[[Any], Iterator[Problem]]] = {
    "seed": _seed,
    "seed_parts": _seed_parts,
    "randomness": _randomness,
    "precision": _precision,
    "numerics": _numerics,
    "dataset": _dataset,
    "data_dir": _data_dir,
    "results_dir": _results_dir,
    "reports_dir": _reports_dir,
    "study": _study,
    "keep": _keep,
}


def _seed_problems(key: str, seed: int, otherwise: str = "") -> Iterator[Problem]:
    if type(seed) is not int or seed not in SEEDS:
        yield Problem(key, seed, f"a whole number from 0 to {SEEDS[-1]}{otherwise}")


def _choice_problems(key: str, value: str, choices: tuple[str, ...]) -> Iterator[Problem]:
    if value not in choices:
        yield Problem(key, value, f"one of {', '.join(choices)}", nearest(value, choices))
