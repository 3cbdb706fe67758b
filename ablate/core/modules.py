"""The modules of a package, by name: what there is to choose from, where each choice is one file.

modules_of(ablate.design.__path__)     # ("grid", "leave_one_out", …): adding one adds a file and edits nothing
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable

__all__ = ["modules_of"]


def modules_of(path: Iterable[str]) -> tuple[str, ...]:
    """The names of the modules in the folders of a package, in alphabetical order, without those that begin with _.
    None is imported."""
    names = (module.name for module in pkgutil.iter_modules(path))
    return tuple(sorted(name for name in names if not name.startswith("_")))
