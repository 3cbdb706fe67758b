"""Where a person says that something lies: one reading of it for data, results and reports.

user_path("~/results")        # Path("/home/me/results")
user_folder("results")        # the same, and refused where a file stands, or would have to be gone through
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["user_folder", "user_path"]


def user_path(given: Path | str) -> Path:
    """The path that is meant, with `~` as the home folder.

    Raises:
        ValueError: for an empty text, as a variable of the shell gives that is not set, and for the home of nobody.
    """
    if given == "":
        raise ValueError("is empty, as a variable that is not set; the current folder is .")
    try:
        return Path(given).expanduser()
    except RuntimeError as error:
        raise ValueError(f"is {given}, and nobody's home is known by that name") from error


def user_folder(given: Path | str) -> Path:
    """The folder that is meant; it need not be there yet.

    Raises:
        ValueError: as `user_path`, and where something that is no folder stands in its place or above it.
    """
    path = user_path(given)
    try:
        standing = next((place for place in (path, *path.parents) if place.exists() or place.is_symlink()), None)
    except OSError:  # of what may not be looked at nothing is said: whoever uses the folder will be told
        return path
    if standing is not None and not standing.is_dir():
        where = "which" if standing == path else f"and {standing}"
        raise ValueError(f"is {path}, {where} is no folder")
    return path
