"""A few examples of a data set, for a quick try: `dataset.limit=500`.

    limited(data, 500)      # 500 examples, of every split and every class its share

Which ones is drawn by no seed that a run has: all runs see the same.
"""

from __future__ import annotations

from dataclasses import replace

from ablate.datasets.arrays import DataError, Examples, RawData
from ablate.datasets.checks import check
from ablate.datasets.splits import drawn_rows

__all__ = ["FEWEST", "limited"]

# As many as leave an example for the test and one for validation by the usual shares.
FEWEST = 10
_KEY = [0, 2]


def limited(data: RawData, limit: int | None) -> RawData:
    """`data` with `limit` examples in all, in their order; as it is where `limit` is None.

    A test split of the source's own keeps its share of the examples, and every class its share of each split.

    Raises:
        DataError: when there are not so many, when they are fewer than two a class or FEWEST, or when the data cannot
            be trained on.
    """
    if limit is None:
        return data
    check(data)
    splits = [data.train, *([data.test] if data.test is not None else [])]
    total = sum(map(len, splits))
    fewest = max(FEWEST, 2 * (data.classes or 0))
    if not fewest <= limit <= total:
        of_classes = f", two for each of {data.classes:,} classes," if fewest > FEWEST else ""
        allowed = f"{fewest:,}{of_classes} to {total:,}, which is all of them" if fewest <= total else "null"
        raise DataError(f"dataset.limit is {limit:,} and the data has {total:,} examples: allowed is {allowed}")
    tested = 0 if data.test is None else max(1, round(limit * len(data.test) / total))
    train = _drawn(data.train, data.classes, limit - tested)
    return replace(data, train=train, test=None if data.test is None else _drawn(data.test, data.classes, tested))


def _drawn(examples: Examples, classes: int | None, count: int) -> Examples:
    count = min(count, len(examples))
    return examples.rows(drawn_rows(examples.targets, classes, count / len(examples), _KEY))
