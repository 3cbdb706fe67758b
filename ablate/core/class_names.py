"""What the classes of a data set are called. Names come from the data and stand in the records of runs.

    names = names_in(run.record.environment)        # () where the run did not know any
    named(3, names), label_of(3, names)             # "3 (rose)", "rose"; without names "3", "3"

They are part of no identity: data whose folders are renamed is the same data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ablate.core.identity import Json
from ablate.sanitize.text import one_line

__all__ = ["CLASS_NAMES", "MOST_RECORDED", "entry", "label_of", "named", "names_in", "names_of_all"]

# Under this name they stand in the environment of a record.
CLASS_NAMES = "class_names"
# Of more classes no picture shows the names, and every record would repeat them.
MOST_RECORDED = 1_000
MOST_CHARACTERS = 40


def entry(names: Sequence[str]) -> dict[str, Json]:
    """What the environment of a record says of them: nothing where there are none, or too many."""
    return {CLASS_NAMES: list(names)} if 0 < len(names) <= MOST_RECORDED else {}


def names_in(environment: Mapping[str, Json]) -> tuple[str, ...]:
    """Those that a record tells, each on one line, class 0 first; none where it tells none, or something else."""
    told = environment.get(CLASS_NAMES)
    if not isinstance(told, Sequence) or isinstance(told, str) or not all(isinstance(name, str) for name in told):
        return ()
    return tuple(_short(str(name)) for name in told)


def names_of_all(environments: Iterable[Mapping[str, Json]]) -> tuple[str, ...]:
    """Those of the first that tells any, where no other tells others; runs of before there were names tell none."""
    distinct = {names for environment in environments if (names := names_in(environment))}
    return distinct.pop() if len(distinct) == 1 else ()


def label_of(number: int, names: Sequence[str]) -> str:
    """The name of a class, or its number where it has none."""
    return names[number] if 0 <= number < len(names) and names[number] else str(number)


def named(number: int, names: Sequence[str]) -> str:
    """The number of a class, and its name where that says more."""
    label = _short(label_of(number, names))
    return label if label == str(number) else f"{number} ({label})"


def _short(name: str) -> str:
    text = one_line(name)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"
