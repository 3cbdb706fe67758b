"""The JSON Schema of every result, made of the types of what is shown.

    python -m ablate.operations.schema       # writes schema.json beside this module

Each kind is a definition of its own, closed: every key is always there, and there is no other.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Mapping, Sequence, Set
from datetime import date
from enum import Enum
from functools import cached_property
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np

import ablate.operations
from ablate.core.identity import Json
from ablate.operations import as_json
from ablate.operations.as_json import KIND, NAMED, STORED, VERSION, Document, documents, shown

__all__ = ["SCHEMA", "schema", "schema_text"]

SCHEMA = Path(__file__).with_name("schema.json")
DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFINITIONS = "$defs"
# A number that is not finite is null, and any float may be one.
PRIMITIVES: Mapping[object, dict[str, Json]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    str: {"type": "string"},
    Path: {"type": "string"},
    NoneType: {"type": "null"},
}

Definitions = dict[str, dict[str, Json]]


def schema() -> dict[str, Json]:
    """Of all kinds: one of `$defs`, where the classes that they are made of stand, too."""
    _import_operations()
    definitions: Definitions = {}
    kinds = sorted(documents().items(), key=lambda each: each[1].kind)
    for cls, declared in kinds:
        definitions[declared.kind] = _of_document(cls, declared, definitions)
    return {
        "$schema": DIALECT,
        "title": "What ablate prints with --json, and gives as ablate.to_json",
        "description": inspect.cleandoc(as_json.__doc__ or ""),
        "oneOf": [_reference(declared.kind) for _, declared in kinds],
        DEFINITIONS: dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """The content of schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _import_operations() -> None:
    """What an operation gives is declared by its module."""
    for module in pkgutil.iter_modules(ablate.operations.__path__, f"{ablate.operations.__name__}."):
        if module.name != __name__:
            importlib.import_module(module.name)


def _of_document(cls: type, declared: Document, definitions: Definitions) -> dict[str, Json]:
    own: dict[str, Json] = {KIND: {"const": declared.kind}, VERSION: {"const": declared.version}}
    return _closed(cls, {**own, **_properties(cls, definitions)})


def _closed(cls: type, properties: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "description": inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " "),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _properties(cls: type, definitions: Definitions) -> dict[str, Json]:
    return {key: _of_type(_type_at(cls, path), definitions) for key, path in shown(cls).items()}


def _type_at(cls: type, path: str) -> Any:
    """The declared type of a dotted attribute."""
    found: Any = cls
    for name in path.split("."):
        attribute = inspect.getattr_static(found, name, None)
        if isinstance(attribute, property):
            found = get_type_hints(attribute.fget)["return"]
        elif isinstance(attribute, cached_property):
            found = get_type_hints(attribute.func)["return"]
        else:
            found = get_type_hints(found)[name]
    return found


def _of_type(declared: Any, definitions: Definitions) -> dict[str, Json]:
    """
    Raises:
        TypeError: for a type that `to_json` would refuse.
    """
    declared = _meant(declared)
    origin, arguments = get_origin(declared), get_args(declared)
    if declared in PRIMITIVES:
        return PRIMITIVES[declared]
    if origin in (Union, UnionType):
        if {bool, int, float, str, NoneType} <= set(arguments):  # any JSON
            return {}
        return {"anyOf": [_of_type(each, definitions) for each in arguments]}
    if origin is np.ndarray:
        return {"type": "array"}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of_type(arguments[1], definitions)}
    if origin is tuple and Ellipsis not in arguments:
        items: list[Json] = [_of_type(each, definitions) for each in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if isinstance(origin, type) and issubclass(origin, (Sequence, Set)):
        return {"type": "array", "items": _of_type(arguments[0], definitions)}
    return _of_class(declared, definitions)


def _meant(declared: Any) -> Any:
    """What a `type` statement gave a name: newer versions of numpy define NDArray by one."""
    return getattr(get_origin(declared) or declared, "__value__", declared)


def _of_class(cls: type, definitions: Definitions) -> dict[str, Json]:
    if issubclass(cls, Enum):
        return {"enum": [each.value for each in cls]}
    if issubclass(cls, date):
        return {"type": "string", "format": "date-time"}
    if cls in NAMED:
        return _of_type(_type_at(cls, NAMED[cls]), definitions)
    if cls in STORED:
        return {"type": "object", "description": f"A {cls.__name__} as it is stored, {STORED[cls]}."}
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}  # it may hold others of its class
        definitions[cls.__name__] = _closed(cls, _properties(cls, definitions))
    return _reference(cls.__name__)


def _reference(name: str) -> dict[str, Json]:
    return {"$ref": f"#/{DEFINITIONS}/{name}"}


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
