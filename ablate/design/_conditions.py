"""Conditions on levels: `model.dropout < 0.5 or optimizer == "sgd"`.

Comparisons of factors with values (numbers, quoted texts, True, False, None, lists of these), `in`,
`and`, `or`, `not` and brackets, written and meant as in Python; nothing else is read, so nothing else can
happen. A factor goes by its dotted name, or by its last part where no other factor shares that.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ablate.core.identity import Json
from ablate.core.parse_error import Unreadable, nearest
from ablate.design._names import factor_names

__all__ = ["Condition", "parse_condition"]

LONGEST = 500
_Evaluate = Callable[[Mapping[str, Json]], Any]
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, items: item in items,
    ast.NotIn: lambda item, items: item not in items,
}


@dataclass(frozen=True)
class Condition:
    """What the levels of an arm must satisfy; `text` is as written, in one line."""

    text: str
    evaluate: _Evaluate

    def holds(self, levels: Mapping[str, Json]) -> bool:
        """Whether these levels, one for every factor, satisfy it.

        Raises:
            Unreadable: when it compares what cannot be compared, such as a text with a number.
        """
        return bool(self.evaluate(levels))


def parse_condition(text: str, factors: Collection[str]) -> Condition:
    """The condition that `text` states about `factors`.

    Raises:
        Unreadable: with the word that is no part of the language, or no factor.
    """
    line = re.sub(r"\s", " ", text).strip()
    if len(line) > LONGEST:
        raise Unreadable(line, LONGEST, len(line), f"the end after at most {LONGEST} characters")
    reader = _Reader(line, {**{factor: factor for factor in factors}, **factor_names(factors)})
    return Condition(line, reader.compiled(_parsed(line)))


def _parsed(line: str) -> ast.expr:
    try:
        with warnings.catch_warnings():
            # Python warns of odd escapes and of `is` with a number; neither gets past the reader.
            warnings.simplefilter("ignore")
            return ast.parse(line, mode="eval").body
    except SyntaxError as error:
        start = min(max((error.offset or 1) - 1, 0), len(line))
        end = re.compile(r"\w*").match(line, start).end()  # type: ignore[union-attr]
        raise Unreadable(
            line, start, max(end, min(start + 1, len(line))), "a condition as in model.dropout < 0.5"
        ) from error
    except (ValueError, MemoryError, RecursionError) as error:
        raise Unreadable(line, 0, len(line), "a condition as in model.dropout < 0.5") from error


@dataclass(frozen=True)
class _Reader:
    """Makes functions of the levels out of Python's syntax tree, of the part of it that is allowed."""

    line: str
    factors: Mapping[str, str]

    def compiled(self, node: ast.expr) -> _Evaluate:
        match node:
            case ast.BoolOp(op=joint, values=values):
                parts = [self.compiled(value) for value in values]
                combine = all if isinstance(joint, ast.And) else any
                return lambda levels: combine(part(levels) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.compiled(operand)
                return lambda levels: not inner(levels)
            case ast.Compare():
                return self._comparison(node)
            case ast.Name() | ast.Attribute():
                factor = self._factor(node)
                return lambda levels: levels[factor]
            case _:
                value = self._value(node)
                return lambda _: value

    def _comparison(self, node: ast.Compare) -> _Evaluate:
        sides = [self.compiled(side) for side in (node.left, *node.comparators)]
        if any(type(sign) not in _COMPARISONS for sign in node.ops):
            raise self._refused(node, "a comparison with ==, !=, <, <=, >, >=, in or not in")
        signs = [_COMPARISONS[type(sign)] for sign in node.ops]

        def compare(levels: Mapping[str, Json]) -> bool:
            values = [side(levels) for side in sides]
            try:
                return all(sign(one, other) for sign, (one, other) in zip(signs, pairwise(values), strict=True))
            except TypeError as error:
                shown = " with ".join(map(repr, values))
                raise self._refused(node, f"levels that can be compared, which {shown} cannot,") from error

        return compare

    def _factor(self, node: ast.Name | ast.Attribute) -> str:
        written = ast.unparse(node)
        if written not in self.factors:
            names = tuple(dict.fromkeys(self.factors.values()))
            expected = f"a factor ({', '.join(names)}) or a quoted text"
            raise self._refused(node, expected, nearest(written, self.factors))
        return self.factors[written]

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=None | bool() | int() | float() | str()):
                return node.value
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item) for item in items]
        raise self._refused(node, "a factor, a value, a comparison, and, or, not")

    def _refused(self, node: ast.expr, expected: str, closest: str | None = None) -> Unreadable:
        # Python counts bytes of UTF-8.
        raw = self.line.encode()
        start, end = (len(raw[:offset].decode(errors="ignore")) for offset in (node.col_offset, node.end_col_offset))
        return Unreadable(self.line, start, end, expected, closest)
