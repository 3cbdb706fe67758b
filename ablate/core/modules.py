"""The modules of a package, by name: what there is to choose from, where each choice is one file.

modules_of(ablate.design.__path__)                       # ("grid", "leave_one_out", …): adding one adds a file
declarations(folder, "FACTS", {"MetricInfo": MetricInfo})    # what each file says of itself, and none is imported
"""

from __future__ import annotations

import ast
import pkgutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["declarations", "modules_of"]


def modules_of(path: Iterable[str]) -> tuple[str, ...]:
    """The names of the modules in the folders of a package, in alphabetical order, without those that begin with _.
    None is imported."""
    names = (module.name for module in pkgutil.iter_modules(path))
    return tuple(sorted(name for name in names if not name.startswith("_")))


def declarations(folder: Path, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """What the modules of a folder assign to `name`, by module, read from their text: importing them may need a
    library that whoever asks goes without. Modules that assign nothing to it are left out.

    Args:
        known: what the assigned expression may name and call; apart from that it is made of literals and tuples.

    Raises:
        ValueError: when an expression is made of anything else.
    """
    texts = {module: (folder / f"{module}.py").read_text(encoding="utf-8") for module in modules_of([str(folder)])}
    found = {module: _assigned(ast.parse(text), name) for module, text in texts.items() if f"\n{name} = " in text}
    try:
        return {module: _value(node, known) for module, node in found.items() if node is not None}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{folder}: {name} names what cannot be read without importing it ({error})") from error


def _assigned(module: ast.Module, name: str) -> ast.expr | None:
    for statement in module.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return value
    return None


def _value(node: ast.expr, known: Mapping[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return known[name]
        case ast.Tuple(elts=items):
            return tuple(_value(item, known) for item in items)
        case ast.Call(func=ast.Name(id=name), args=positional, keywords=named):
            by_name = {str(each.arg): _value(each.value, known) for each in named}
            return known[name](*(_value(each, known) for each in positional), **by_name)
        case _:
            return ast.literal_eval(node)
