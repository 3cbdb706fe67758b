"""Importing Keras without what it imports only to offer wrappers of it: a third of a worker's start.

with without(*WRAPPED):
    import keras
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["WRAPPED", "without"]

# Keras does without each of them where it is not installed. A run uses none of the wrappers.
WRAPPED = ("matplotlib", "pandas", "sklearn")


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Imports of these packages fail in here, as if they were not installed; afterwards they can be imported as ever.
    One that has been imported before stays."""
    held_back = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(held_back))  # type: ignore[arg-type]  # None is how Python says "not to be found"
    try:
        yield
    finally:
        for name in held_back:
            del sys.modules[name]
