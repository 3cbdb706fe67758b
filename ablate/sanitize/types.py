"""Whether data from a file has the types that its dataclass declares.

    as_declared(Divergence(epoch=3, step=7))         # itself
    as_declared(Divergence(epoch="3", step=7))       # TypeError: epoch is a str, not what Divergence declares

Whoever reads such an object may then rely on it: what is no number cannot surprise a table of numbers later.
A float may be given as a whole number, as JSON has it. Annotations other than those of plain data let all pass.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

__all__ = ["as_declared"]

Instance = TypeVar("Instance")
# Whether a value may stand where a type is declared.
_Check = Callable[[Any], bool]

_SCALARS: Mapping[Any, tuple[type, ...]] = {
    bool: (bool,),
    int: (int,),
    float: (float, int),
    str: (str,),
    types.NoneType: (types.NoneType,),
}


def as_declared(instance: Instance) -> Instance:
    """The dataclass instance, if every field of it has the type that is declared for it, at any depth.

    Raises:
        TypeError: with the first field that has not.
    """
    for name, check in _checks(type(instance)):  # type: ignore[arg-type]  # a class is hashable
        if not check(getattr(instance, name)):
            found, declared = type(getattr(instance, name)).__name__, type(instance).__name__
            raise TypeError(f"{name} is a {found}, or holds something, that is not what {declared} declares")
    return instance


@cache
def _checks(dataclass: Any) -> tuple[tuple[str, _Check], ...]:
    hints = typing.get_type_hints(dataclass)
    return tuple((each.name, _check(hints[each.name])) for each in fields(dataclass))


def _check(annotation: Any) -> _Check:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    options = _options(annotation)
    if set(options) >= _SCALARS.keys():  # Json
        return _anything
    if allowed := _scalar_types(annotation):
        return lambda value: type(value) in allowed
    if len(options) > 1:
        checks = [_check(option) for option in options]
        return lambda value: any(check(value) for check in checks)
    if origin is tuple:
        if of_items := _scalar_types(arguments[0]):
            return lambda value: isinstance(value, tuple) and of_items.issuperset(map(type, value))
        of_item = _check(arguments[0])
        return lambda value: isinstance(value, tuple) and all(map(of_item, value))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        if of_values := _scalar_types(arguments[1]):
            return lambda value: isinstance(value, Mapping) and of_values.issuperset(map(type, value.values()))
        of_value = _check(arguments[1])
        if of_value is _anything:
            return lambda value: isinstance(value, Mapping)
        return lambda value: isinstance(value, Mapping) and all(map(of_value, value.values()))
    if is_dataclass(annotation):
        return lambda value: isinstance(value, annotation) and _has_declared(value)  # type: ignore[arg-type]
    if isinstance(annotation, type):
        return lambda value: isinstance(value, annotation)
    return _anything


def _options(annotation: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    return typing.get_args(annotation) if is_union else (annotation,)


def _scalar_types(annotation: Any) -> frozenset[type]:
    """The exact types that may stand where only scalars are declared, for True is an int to isinstance; none where
    others are declared too."""
    options = _options(annotation)
    if not set(options) <= _SCALARS.keys():
        return frozenset()
    return frozenset(kind for option in options for kind in _SCALARS[option])


def _anything(value: Any) -> bool:
    del value
    return True


def _has_declared(instance: Any) -> bool:
    return all(check(getattr(instance, name)) for name, check in _checks(type(instance)))  # type: ignore[arg-type]
