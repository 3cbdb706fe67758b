"""Results as data: what any operation gives, as plain JSON, by one function.

    to_json(gc(results_dir))        # {"kind": "gc", "version": 1, "results_dir": "results", "listed": […], …}
    to_json(show("3fa9", "81c2"))   # a tuple of results is the list of theirs: [{"kind": "show", "version": 1, …}, …]

The outermost object says what it is (`kind`) and by which `version` of that kind it is to be read; its other keys, and
those of every object within, are the declared fields of its class. Where a class holds what is too much to be shown,
stored runs or whole specs, it declares by `shows` what is shown in place of its fields. The rest follows from types:

    a number that is not finite     null, for JSON has no word for it
    an enumeration                  its value
    a path                          its text, as it was given
    a time                          ISO 8601
    an array, a tuple               a list, of the same nesting
    a set                           a sorted list
    a mapping                       an object; keys that are no text are written as one
    a metric                        its name
    a spec, a record, a plan        as it is stored, with what it says of its own version

`schema.json` beside this module says the same for each kind as a JSON Schema; `ablate.operations.schema` makes it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import numpy as np

from ablate.core.identity import RUN_FORMAT, Json
from ablate.core.plans import PLAN_FORMAT, StudyPlan
from ablate.core.records import SCHEMA_VERSION, MetricInfo, RunRecord
from ablate.core.specs import RunSpec
from ablate.verdicts.verdict import Verdict

__all__ = ["NAMED", "STORED", "Document", "document", "documents", "shown", "shows", "to_json"]

Class = TypeVar("Class", bound=type)

KIND, VERSION = "kind", "version"
# What is shown as it is stored → the version that it is stored in.
STORED: Mapping[type, str] = {
    RunSpec: f"run format {RUN_FORMAT}",
    RunRecord: f"schema {SCHEMA_VERSION}",
    StudyPlan: f"plan format {PLAN_FORMAT}",
}
# What is shown by one attribute alone.
NAMED: Mapping[type, str] = {MetricInfo: "name"}


@dataclass(frozen=True)
class Document:
    """What the JSON of a result says of itself. `version` is raised when a key of it, or what a key means, changes."""

    kind: str
    version: int


_documents: dict[type, Document] = {}
_shown: dict[type, Mapping[str, str]] = {}


def document(kind: str, version: int) -> Callable[[Class], Class]:
    """Declares a class as what an operation gives."""

    def declare(cls: Class) -> Class:
        if kind in {each.kind for each in _documents.values()}:
            raise ValueError(f"there is a kind {kind} already")
        if {KIND, VERSION} & shown(cls).keys():
            raise ValueError(f"{cls.__name__} shows a {KIND} or a {VERSION} of its own")
        _documents[cls] = Document(kind, version)
        return cls

    return declare


def shows(*names: str) -> Callable[[Class], Class]:
    """Declares what is shown of a class in place of its fields, in this order: attributes, properties among them, by
    their names, or under another as in `label=chosen.label`."""

    def declare(cls: Class) -> Class:
        _shown[cls] = {key: path or key for key, _, path in (name.partition("=") for name in names)}
        return cls

    return declare


def documents() -> Mapping[type, Document]:
    """Every class that was declared by a module that is imported."""
    return _documents


def shown(cls: type) -> Mapping[str, str]:
    """Key → the dotted attribute that stands under it in the JSON of a dataclass."""
    if cls not in _shown:
        _shown[cls] = {each.name: each.name for each in fields(cls)}
    return _shown[cls]


def to_json(result: object) -> Json:
    """The JSON of what an operation gives, see the module.

    Raises:
        TypeError: for what no operation gives, or what holds a value that has no JSON.
    """
    if isinstance(result, (tuple, list)):
        return [to_json(each) for each in result]
    declared = _documents.get(type(result))
    if declared is None:
        raise TypeError(f"{type(result).__name__} is no result of an operation")
    return {KIND: declared.kind, VERSION: declared.version, **_fields_of(result)}


def _fields_of(value: object) -> dict[str, Json]:
    return {key: _plain(attrgetter(path)(value)) for key, path in shown(type(value)).items()}


def _plain(value: object) -> Json:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(each) for key, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(each) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(each) for each in value), key=str)
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, date):  # a datetime is one, too
        return value.isoformat()
    return _plain_object(value)


def _plain_object(value: object) -> Json:
    cls = type(value)
    if cls in NAMED:
        return _plain(getattr(value, NAMED[cls]))
    if isinstance(value, (RunSpec, RunRecord, StudyPlan)):
        return _plain(value.to_json())
    if is_dataclass(value):
        return _fields_of(value)
    raise TypeError(f"{cls.__name__} has no JSON")


# of rooms below, given by several operations ---------------------------------------------------------

shows(*("verdict=word" if each.name == "word" else each.name for each in fields(Verdict)))(Verdict)
document("verdict", version=3)(Verdict)
