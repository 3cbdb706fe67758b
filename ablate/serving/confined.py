"""Links that lead out of a results folder are not followed: a store that was sent shows nothing of this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ablate.storage.atomic import StoreError

__all__ = ["LeadsOut", "check_inside"]


class LeadsOut(StoreError):
    """Something of a results folder is a link to what lies outside of it."""

    @property
    def hint(self) -> str:
        return "It is not opened here. To look at what lies there, start ablate serve with its own results_dir."


def check_inside(root: Path, paths: Iterable[Path]) -> None:
    """Whether all of these lie in `root`, links on the way to them followed. What is not there lies nowhere.

    Raises:
        LeadsOut: naming the first that does not.
    """
    real_root = os.path.realpath(root)
    # A folder is followed once for all that lies in it: tables ask this of every run that they show.
    folders: dict[Path, str] = {}
    for path in paths:
        if path.parent not in folders:
            folders[path.parent] = os.path.realpath(path.parent)
        leads_elsewhere = path.is_symlink() or path.name in ("", "..")
        real = os.path.realpath(path) if leads_elsewhere else f"{folders[path.parent]}{os.sep}{path.name}"
        if real != real_root and not real.startswith(real_root.rstrip(os.sep) + os.sep):
            raise LeadsOut(f"{path} is a link that leads out of the results folder")
