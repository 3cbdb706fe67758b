"""What records say of where they were computed: which code computed a run, and in what two places differ.

    mixed_versions(record.environment for record in records)     # {} where all were computed with the same code
    is_outdated(record.environment, now)

The environment of a record is a free mapping: what a version of ablate did not know to record is unknown,
which is no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from ablate.core.backend import TENSORFLOW
from ablate.core.class_names import CLASS_NAMES
from ablate.core.identity import Json

__all__ = ["COMMAND", "VERSIONS", "apart_from_the_command", "is_outdated", "mixed_versions"]

# What has a part in the numbers of a run. The packages that read data and configs have none beyond the digest and
# the settings in its spec; a commit names a state of the code, which may have changed in a comment only.
VERSIONS = ("ablate", "python", *TENSORFLOW.distributions, *TENSORFLOW.gpu_distributions)

# Under this name stand the words of the command that trained a run.
COMMAND = "argv"


def apart_from_the_command(environment: Mapping[str, Json]) -> dict[str, Json]:
    """What may explain a number; by which of two commands a run was asked for does not, nor what classes are called."""
    return {name: value for name, value in environment.items() if name not in (COMMAND, CLASS_NAMES)}


def mixed_versions(environments: Iterable[Mapping[str, Json]]) -> dict[str, dict[str, int]]:
    """Name → version → how many tell it, the most frequent first, of what is not the same in all that tell it."""
    each = list(environments)
    found = {name: Counter(str(told[name]) for told in each if told.get(name) is not None) for name in VERSIONS}
    return {name: dict(counts.most_common()) for name, counts in found.items() if len(counts) > 1}


def is_outdated(recorded: Mapping[str, Json], now: Mapping[str, Json]) -> bool:
    """Whether something was computed with other versions than there are now."""
    return bool(mixed_versions((recorded, now)))
