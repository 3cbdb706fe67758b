"""Where a target is defined and which arguments it takes, read from its source: importing it would often import
TensorFlow.

>>> parameters("ablate.models.mlp.mlp")[:2]
('input_shape', 'outputs')
>>> home("keras.optimizers.Adam")
'keras.src.optimizers.adam'
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ablate.config.moved_targets import current_path

__all__ = ["definitions", "home", "parameters"]

# Their `**kwargs` hold what earlier versions of Keras took; everything else in it they refuse.
_TAKES_NO_OTHERS = "keras.optimizers."


@cache
def parameters(target: str) -> tuple[str, ...] | None:
    """The names of the arguments that the function or class at a dotted path takes.

    None where the source does not say: when it is not found, is made by other code than a plain definition,
    or takes `**kwargs`.
    """
    _, found = _definition(target)
    made_by = _find(found.body, "__init__") if isinstance(found, ast.ClassDef) else found
    if not isinstance(made_by, ast.FunctionDef):
        return None
    taken = made_by.args
    if taken.kwarg is not None and not target.startswith(_TAKES_NO_OTHERS):
        return None
    return tuple(each.arg for each in (*taken.args, *taken.kwonlyargs) if each.arg != "self")


@cache
def home(target: str) -> str | None:
    """The module that defines the function or class at a dotted path: another than it is named by where that one
    imports it from there. None where the source defines no such thing."""
    module, definition = _definition(target)
    return None if definition is None else module


def definitions(module: str) -> tuple[str, ...]:
    """The names of the functions and classes that a module defines; none where its source is not found."""
    return tuple(each.name for each in _statements(module) if isinstance(each, (ast.FunctionDef, ast.ClassDef)))


def _definition(target: str) -> tuple[str, ast.FunctionDef | ast.ClassDef | None]:
    """Where something is defined, and how; in another module if it is imported from there."""
    module, _, name = current_path(target).rpartition(".")
    found = _find(_statements(module), name)
    if isinstance(found, ast.ImportFrom):
        original = next(alias.name for alias in found.names if name in (alias.asname, alias.name))
        path = f"{found.module}.{original}"
        # A package that imports a module of its own says no more of it.
        return (module, None) if path == f"{module}.{name}" else _definition(path)
    return module, found


def _statements(module: str) -> Sequence[ast.stmt]:
    source = _source(module)
    return [] if source is None else ast.parse(source.read_bytes()).body


def _find(statements: Sequence[ast.stmt], name: str) -> ast.FunctionDef | ast.ClassDef | ast.ImportFrom | None:
    for statement in statements:
        match statement:
            case ast.FunctionDef() | ast.ClassDef() if statement.name == name:
                return statement
            case ast.ImportFrom(level=0) if any((each.asname or each.name) == name for each in statement.names):
                return statement
    return None


def _source(module: str) -> Path | None:
    """The file of a module. Only its top-level package is looked up, for that imports nothing."""
    package, *inner = module.split(".")
    try:
        found = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    # Modules of the interpreter itself come from no file.
    if found is None or found.origin is None or not found.has_location:
        return None
    if not found.submodule_search_locations:
        return Path(found.origin) if not inner else None
    folder = Path(found.origin).parent.joinpath(*inner)
    try:
        return next((path for path in (folder.with_suffix(".py"), folder / "__init__.py") if path.is_file()), None)
    except OSError:  # a name that no file can have
        return None
