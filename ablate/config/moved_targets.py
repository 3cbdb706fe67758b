"""Targets whose code has moved: the path that they are stored under, and the path where they are now.

The dotted path of a target is hashed into the id of every run that is made of it. So a target keeps the path
that it was first stored under, wherever its code goes: configs and records may name either path, composed
configs say the stored one, and only what imports a target, or reads its source, asks where it is.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["current_path", "stored_path"]

# Stored path to current path, each the whole dotted path of one function or class: a row for a module would let
# configs name whatever else stands in it.
MOVED: Mapping[str, str] = {}


def current_path(target: str) -> str:
    """Where the code of a target is, whichever of its paths is given."""
    return MOVED.get(target, target)


def stored_path(target: str) -> str:
    """What a target is called in specs and their hashes, whichever of its paths is given."""
    return next((stored for stored, current in MOVED.items() if current == target), target)
