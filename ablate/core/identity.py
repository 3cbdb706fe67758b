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

__all__ = [
    "RUN_FORMAT",
    "RUN_ID",
    "Json",
    "canonical",
    "canonical_of_loaded",
    "digest",
    "digest_of_text",
    "sha256_of_bytes",
    "short_id",
]

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

# Where a value stands: the place of what it stands in, and its key or index there. None for the outermost.
_Place = tuple["_Place", str | int] | None

# Raised by hand together with any change of the training code that changes a run's numbers.
RUN_FORMAT = 1
# What `digest` gives, which also names a folder.
RUN_ID = re.compile(r"[0-9a-f]{64}")
# As much of a run id as lists and messages show: few enough to type, enough to name one run of a million.
SHOWN_DIGITS = 12


def short_id(run_id: str) -> str:
    """What lists and messages show of a run id; it can be given wherever a run is asked for."""
    return run_id[:SHOWN_DIGITS]


def canonical(value: Json) -> str:
    """The one JSON text of `value`: sorted keys, no spaces, ASCII, shortest round-trip floats.

    True, 1 and 1.0 are three different values here, as they are in Python's JSON; whoever wants two of
    them to be one casts them before.

    Raises:
        ValueError: for NaN and infinities, which JSON cannot say.
        TypeError: for anything that is not made of JSON types, mappings with keys other than strings
            included.
    """
    return _written(_plain(value, None))


def canonical_of_loaded(value: Json) -> str:
    """The same text of what `json.loads` gave, in a quarter of the time: it is made of JSON types already.

    Raises:
        ValueError: for NaN and infinities, which Python's JSON reads.
    """
    text = _written(value)
    # Minus zero alone is to be written otherwise; whatever else looks like one takes longer and comes out the same.
    return canonical(value) if "-0.0" in text else text


def digest(tag: str, version: int, value: Json) -> str:
    """sha256 in hexadecimal of `ablate.<tag>.v<version>`, a newline and the canonical text of `value`."""
    return digest_of_text(tag, version, canonical(value))


def digest_of_text(tag: str, version: int, text: str) -> str:
    """The digest of the value whose canonical text is `text`."""
    return sha256_of_bytes(f"ablate.{tag}.v{version}\n{text}".encode("ascii"))


def sha256_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _written(plain: Json) -> str:
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Json, place: _Place) -> Json:
    """`value` rebuilt of dict, list, str, int, float, bool and None, or an error that says where it is not."""
    # A large study hashes millions of values, nearly all of one of these types: told apart by identity, they
    # cost a third of what the abstract classes below do.
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        return {_checked(key, place): _plain(item, (place, key)) for key, item in value.items()}  # type: ignore[union-attr]
    if kind is list or kind is tuple:
        return [_plain(item, (place, index)) for index, item in enumerate(value)]  # type: ignore[arg-type]
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            raise ValueError(f"{_text_of(place)} is {value}, which has no canonical form")
        # Subclasses (numpy.float64, IntEnum) print differently; the value is what counts. -0.0 is 0.0.
        return float(value) + 0.0 if isinstance(value, float) else int(value)
    if isinstance(value, Mapping):
        return _plain(dict(value), place)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return _plain(list(value), place)
    raise TypeError(f"{_text_of(place)} is a {type(value).__name__}, which is not a JSON type")


def _checked(key: object, place: _Place) -> str:
    if not isinstance(key, str):
        raise TypeError(f"{_text_of(place)} has the key {key!r}; keys are strings")
    return key


def _text_of(place: _Place) -> str:
    """The path to a value, as `$.arms[2].name`."""
    if place is None:
        return "$"
    parent, step = place
    return f"{_text_of(parent)}[{step}]" if isinstance(step, int) else f"{_text_of(parent)}.{step}"
