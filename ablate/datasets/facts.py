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
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_cache_path

from ablate.core.identity import Json, digest
from ablate.datasets.arrays import DataError, RawData
from ablate.datasets.checks import check, check_apart
from ablate.datasets.splits import with_test
from ablate.sanitize.files import read_file

__all__ = ["DatasetFacts", "dataset_facts"]

# Raised when `checks` becomes stricter, so that what was remembered before is looked at again.
_FORMAT = 2
# Of what is remembered of a data set, which may name each of a million files.
MOST_BYTES = 2**30


@dataclass(frozen=True)
class DatasetFacts:
    """`train_examples` counts those for training and validation together; `classes` is None for regression."""

    digest: str
    shape: tuple[int, ...]
    classes: int | None
    train_examples: int
    test_examples: int


def dataset_facts(
    source: Json,
    load: Callable[[], RawData],
    split_seed: int,
    data_dir: Path | None,
    cache: Path | None = None,
) -> DatasetFacts:
    """Facts of the data that `load` reads, from the cache when its files are unchanged.

    Args:
        source: what names the data set: the target of its loader and the arguments.
        cache: the folder of the cache; the user's by default.

    Raises:
        DataError: what `load` raises, or when what it gives cannot be trained on.
    """
    folder = cache or user_cache_path("ablate") / "datasets"
    name = digest("facts", _FORMAT, {"source": source, "data_dir": str(data_dir), "split_seed": split_seed})
    remembered = _recall(folder / f"{name}.json")
    if remembered is not None and remembered.test_examples:
        return remembered
    data = load()
    check(data)
    train, test = with_test(data, split_seed)
    if not len(test):
        raise DataError(f"of {len(data.train)} examples none are left to test with: it takes more, or a test split")
    check_apart(data, train, test)
    facts = DatasetFacts(data.digest(), data.example_shape, data.classes, len(train), len(test))
    # A file put into data_dir later may be the one that should be read.
    _remember(folder / f"{name}.json", facts, data.files if data_dir is None else (*data.files, data_dir))
    return facts


def _recall(file: Path) -> DatasetFacts | None:
    try:
        content = json.loads(read_file(file, MOST_BYTES))
        if content["files"] != [_state(Path(path)) for path, _, _ in content["files"]]:
            return None
        return DatasetFacts(**{**content["facts"], "shape": tuple(content["facts"]["shape"])})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # absent, or not what it should be: a cache may be either


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
