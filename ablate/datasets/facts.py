"""What a plan must know of a data set, remembered so that a plan need not read the data again.

Facts are kept in the user's cache folder, under the name of the source and the paths, sizes and
modification times of the files it was read from. Deleting the cache costs one reading.

No digest without a check: what has facts can be trained on, and a run trains only on what has the digest
of its spec. So the data is checked here, and nowhere else.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from platformdirs import user_cache_path

from ablate.core.identity import Json, digest
from ablate.datasets.arrays import DataError, RawData
from ablate.datasets.checks import check, check_apart
from ablate.datasets.class_counts import ClassCounts, count_classes
from ablate.datasets.limits import limited
from ablate.datasets.splits import with_test
from ablate.sanitize.files import read_file

__all__ = ["DatasetFacts", "dataset_facts"]

# Of what is remembered of a data set, which may name each of a million files.
MOST_BYTES = 2**30
# Raised when `checks` becomes stricter, or facts become more, so that what was remembered before is looked at again.
_FORMAT = 4
# Of more different values nobody means classes.
_MOST_WHOLE_VALUES = 100


@dataclass(frozen=True)
class DatasetFacts:
    """`train_examples` counts those for training and validation together; `classes` is None for regression.

    Attributes:
        class_counts: how the classes are spread; None for regression.
        class_names: see `RawData`.
        whole_values: how many different values the targets of a regression have, where these are a few whole numbers
            and so may be meant as classes.
    """

    digest: str
    shape: tuple[int, ...]
    classes: int | None
    train_examples: int
    test_examples: int
    class_counts: ClassCounts | None = None
    class_names: tuple[str, ...] = ()
    whole_values: int | None = None


def dataset_facts(
    source: Json,
    load: Callable[[], RawData],
    split_seed: int,
    data_dir: Path | None,
    cache: Path | None = None,
    limit: int | None = None,
) -> DatasetFacts:
    """Facts of the data that `load` reads, from the cache when its files are unchanged.

    Args:
        source: what names the data set: the target of its loader and the arguments.
        cache: the folder of the cache; the user's by default.
        limit: how many examples there are to be of it, see `limits`; None for all.

    Raises:
        DataError: what `load` raises, or when what it gives cannot be trained on.
    """
    folder = cache or user_cache_path("ablate") / "datasets"
    about = {"source": source, "data_dir": str(data_dir), "split_seed": split_seed, "limit": limit}
    name = digest("facts", _FORMAT, about)
    remembered = _recall(folder / f"{name}.json")
    if remembered is not None and remembered.test_examples:
        return remembered
    data = limited(load(), limit)
    check(data)
    train, test = with_test(data, split_seed)
    if not len(test):
        raise DataError(f"of {len(data.train)} examples none are left to test with: it takes more, or a test split")
    check_apart(data, train, test)
    facts = DatasetFacts(
        data.digest(),
        data.example_shape,
        data.classes,
        len(train),
        len(test),
        None if data.classes is None else count_classes(train.targets, test.targets, data.classes),
        data.class_names,
        _whole_values(train.targets) if data.classes is None else None,
    )
    # A file put into data_dir later may be the one that should be read.
    _remember(folder / f"{name}.json", facts, data.files if data_dir is None else (*data.files, data_dir))
    return facts


def _whole_values(targets: npt.NDArray[Any]) -> int | None:
    """How many different values they have, where these are a few whole numbers."""
    # The first thousand tell of most targets that they are none, or too many.
    for some in (targets[:1000], targets):
        values = np.unique(some)
        if len(values) > _MOST_WHOLE_VALUES or (values % 1 != 0).any():
            return None
    return len(values) if len(values) > 1 else None


def _recall(file: Path) -> DatasetFacts | None:
    try:
        content = json.loads(read_file(file, MOST_BYTES))
        if content["files"] != [_state(Path(path)) for path, _, _ in content["files"]]:
            return None
        return _from_json(content["facts"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # absent, or not what it should be: a cache may be either


def _from_json(told: Mapping[str, Any]) -> DatasetFacts:
    """Of what `asdict` gave, read from JSON: lists are tuples again."""
    lists = {name: tuple(told[name]) for name in ("shape", "class_names")}
    counts = told["class_counts"]
    spread = None if counts is None else ClassCounts(**{name: tuple(values) for name, values in counts.items()})
    return DatasetFacts(**{**told, **lists, "class_counts": spread})


def _remember(file: Path, facts: DatasetFacts, files: tuple[Path, ...]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        content = {"facts": asdict(facts), "files": [_state(path) for path in files]}
        with tempfile.NamedTemporaryFile("w", dir=file.parent, delete=False) as temporary:
            json.dump(content, temporary)
        try:
            os.replace(temporary.name, file)  # noqa: PTH105 - as everywhere else that a file appears whole
        except OSError:
            Path(temporary.name).unlink()
    except OSError:
        pass  # a read-only home costs a reading of the data at each plan, nothing else


def _state(path: Path) -> list[str | int]:
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]
