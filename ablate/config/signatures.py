"""Which arguments a target takes, read from its source: importing it would often import TensorFlow.

>>> parameters("ablate.models.mlp.mlp")[:2]
('input_shape', 'outputs')
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ablate.config.moved_targets import current_path

__all__ = ["parameters"]

# Their `**kwargs` hold what earlier versions of Keras took; everything else in it they refuse.
_TAKES_NO_OTHERS = "keras.optimizers."


@cache
def parameters(target: str) -> tuple[str, ...] | None:
    """The names of the arguments that the function or class at a dotted path takes.

    None where the source does not say: when it is not found, is made by other code than a plain definition,
    or takes `**kwargs`.
    """
    module, _, name = current_path(target).rpartition(".")
    definition = _definition(module, name)
    if isinstance(definition, ast.ClassDef):
        definition = _find(definition.body, "__init__")
    if not isinstance(definition, ast.FunctionDef):
        return None
    taken = definition.args
    if taken.kwarg is not None and not target.startswith(_TAKES_NO_OTHERS):
        return None
    return tuple(each.arg for each in (*taken.args, *taken.kwonlyargs) if each.arg != "self")


def _definition(module: str, name: str) -> ast.stmt | None:
    """Where `name` of a module is defined, in another module if it is imported from there."""
    source = _source(module)
    found = None if source is None else _find(ast.parse(source.read_bytes()).body, name)
    if isinstance(found, ast.ImportFrom):
        original = next(alias.name for alias in found.names if name in (alias.asname, alias.name))
        return _definition(found.module or "", original)
    return found


def _find(statements: Sequence[ast.stmt], name: str) -> ast.stmt | None:
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
    return next((path for path in (folder.with_suffix(".py"), folder / "__init__.py") if path.is_file()), None)
