"""Values cast to the type that is declared for them, so that 1 and 1.0 are one value where a float stands.

What declares a type is the default in a leaf (`dropout: 0.0` is a float), or the fields of a dataclass
where one is built from the leaf. Nothing is guessed: 0.5 is no whole number, and "3" is none either.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any, cast

from ablate.config.problems import ConfigError, Problem, gather, nearest, raise_any, sift
from ablate.core.identity import Json

__all__ = ["cast_fields", "cast_like", "cast_type", "dotted"]

# What a type is called where somebody is told to give one.
_TITLES = {bool: "true or false", int: "a whole number", float: "a finite number", str: "a text"}


def cast_like(value: Json, default: Json, key: str) -> Json:
    """`value` cast to the type of `default`; anything goes where the default is null or an empty list.

    A list takes the type of the default's first item; in a mapping each key has its own default, and
    keys without one are left as they are.

    Raises:
        ConfigError: with every value of another type, under its dotted key.
    """
    if default is None:
        return value
    if isinstance(default, Mapping):
        return _cast_mapping(value, default, key)
    if isinstance(default, str) or not isinstance(default, Sequence):
        return cast(Json, cast_type(value, type(default), key))
    first = default[0] if default else None
    return _cast_list(value, lambda item, name: cast_like(item, first, name), key)


def cast_type(value: object, expected: Any, key: str) -> Any:
    """`value` cast to a type annotation: bool, int, float, str, a dataclass, `tuple[X, ...]` or `X | None`.

    Whole numbers become floats where a float is expected, mappings the dataclass, and lists the tuple;
    other annotations let everything pass.

    Raises:
        ConfigError: with every value of another type, under its dotted key.
    """
    if isinstance(expected, types.UnionType):
        return _cast_optional(value, expected, key)
    if is_dataclass(expected):
        return cast_fields(expected, value, key)
    if typing.get_origin(expected) is tuple:
        item_type = typing.get_args(expected)[0]
        return tuple(_cast_list(value, lambda item, name: cast_type(item, item_type, name), key))
    return _cast_scalar(value, expected, key) if expected in _TITLES else value


def cast_fields(dataclass: Any, values: object, key: str) -> Any:
    """An instance of `dataclass` with `values` for its fields, each cast to the field's type.

    Raises:
        ConfigError: with every unknown or missing field and every value of another type; or else, from a
            dataclass that checks itself, with the `problems` of the error that it raised.
    """
    declared = typing.get_type_hints(dataclass)
    given = _expect(values, Mapping, key, f"a mapping with the keys {', '.join(declared)}")
    required = _required(dataclass)
    names = dict.fromkeys([*given, *required])
    arguments, problems = sift(lambda name: _cast_field(name, given, declared, key), names)
    if problems and set(required) - {name for name, _ in arguments}:
        raise ConfigError(problems)
    # Even where some fields are of a wrong type, the others can be checked: all problems at once.
    built, refusals = _construct(dataclass, dict(arguments), key)
    raise_any([*problems, *refusals])
    return built


def _cast_mapping(value: Json, default: Mapping[str, Json], key: str) -> dict[str, Json]:
    given = _expect(value, Mapping, key, f"a mapping with the keys {', '.join(default)}")
    items = gather(lambda name: cast_like(given[name], default.get(name), dotted(key, name)), given)
    return dict(zip(given, items, strict=True))


def _cast_list(value: object, cast_item: Callable[[Any, str], Any], key: str) -> list[Any]:
    items = _expect(value, (list, tuple), key, "a list")
    return gather(lambda index: cast_item(items[index], f"{key}[{index}]"), range(len(items)))


def _cast_optional(value: object, expected: types.UnionType, key: str) -> Any:
    if value is None:
        return None
    present = [option for option in typing.get_args(expected) if option is not type(None)]
    try:
        return cast_type(value, present[0], key) if len(present) == 1 else value
    except ConfigError as error:
        raise ConfigError(_or_null(problem, key) for problem in error.problems) from error


def _or_null(problem: Problem, key: str) -> Problem:
    return replace(problem, allowed=f"{problem.allowed}, or null") if problem.key == key else problem


def _cast_scalar(value: object, expected: type, key: str) -> object:
    if expected is float and isinstance(value, (int, float)) and not isinstance(value, bool) and _is_finite(value):
        return float(value)
    # The exact type, for True is an int to isinstance.
    if expected is not float and type(value) is expected:
        return value
    raise ConfigError([Problem(key, value, _TITLES[expected])])


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False


def _cast_field(name: str, given: Mapping[str, object], declared: Mapping[str, Any], key: str) -> Any:
    field = dotted(key, name)
    if name not in declared:
        raise ConfigError([Problem(field, given[name], f"one of {', '.join(declared)}", nearest(name, declared))])
    if name not in given:
        raise ConfigError([Problem(field, None, "a value; there is no default")])
    return cast_type(given[name], declared[name], field)


def _required(dataclass: Any) -> list[str]:
    return [each.name for each in fields(dataclass) if each.default is MISSING and each.default_factory is MISSING]


def _construct(dataclass: Any, arguments: dict[str, Any], key: str) -> tuple[Any, list[Problem]]:
    try:
        return dataclass(**arguments), []
    except ValueError as error:
        # Structural on purpose: settings that check themselves need not know this package.
        found = getattr(error, "problems", None)
        if found is None:
            return None, [Problem(key, arguments, str(error))]
        return None, [Problem(dotted(key, each.key), each.value, each.allowed) for each in found]


def _expect(value: object, kind: Any, key: str, title: str) -> Any:
    if not isinstance(value, kind):
        raise ConfigError([Problem(key, value, title)])
    return value


def dotted(key: str, name: str) -> str:
    """The key of `name` under `key`, which is empty at the root."""
    return f"{key}.{name}" if key else name
