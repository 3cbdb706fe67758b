"""Identity: equal content has an equal name.

A value made of JSON types has exactly one canonical text, and the name of a thing is the sha256 of a
tag, a format version and that text. The tag says what kind of thing is named, so that the hash of one
kind can never equal the hash of another; the version is raised by hand when the code changes the
numbers without a change of the spec (a new loop, say), which orphans old records on purpose.

    >>> canonical({"b": 1, "a": 0.5})
    '{"a":0.5,"b":1}'
    >>> len(digest("run", 1, {"seed": 0}))
    64
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence

__all__ = ["RUN_FORMAT", "RUN_ID", "Json", "canonical", "digest", "sha256_of_bytes"]

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

# Raised by hand together with any change of the training code that changes a run's numbers.
RUN_FORMAT = 1
# What `digest` gives, which also names a folder.
RUN_ID = re.compile(r"[0-9a-f]{64}")


def canonical(value: Json) -> str:
    """The one JSON text of `value`: sorted keys, no spaces, ASCII, shortest round-trip floats.

    True, 1 and 1.0 are three different values here, as they are in Python's JSON; whoever wants two of
    them to be one casts them before.

    Raises:
        ValueError: for NaN and infinities, which JSON cannot say.
        TypeError: for anything that is not made of JSON types, mappings with keys other than strings
            included.
    """
    return json.dumps(_plain(value, path="$"), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(tag: str, version: int, value: Json) -> str:
    """sha256 in hexadecimal of `ablate.<tag>.v<version>`, a newline and the canonical text of `value`."""
    return sha256_of_bytes(f"ablate.{tag}.v{version}\n{canonical(value)}".encode("ascii"))


def sha256_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _plain(value: Json, path: str) -> Json:
    """`value` rebuilt of dict, list, str, int, float, bool and None, or an error that says where it is not."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            raise ValueError(f"{path} is {value}, which has no canonical form")
        # Subclasses (numpy.float64, IntEnum) print differently; the value is what counts. -0.0 is 0.0.
        return float(value) + 0.0 if isinstance(value, float) else int(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{path} has the key {key!r}; keys are strings")
        return {key: _plain(item, f"{path}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    raise TypeError(f"{path} is a {type(value).__name__}, which is not a JSON type")
