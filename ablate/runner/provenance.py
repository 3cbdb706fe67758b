"""Which code a command runs, and by which words it was asked for: what only the process that gave it knows.

    provenance = recorded_provenance(words, results_dir)    # merged into the record of every run of the command

Of each work tree of git that has a part in it (the one that holds this package, and the one of the current
folder, if that is another) the commit is recorded, and what was not committed as a patch. The patch is kept
once, under `results/patches/<sha256>.patch`; the record holds its sha256. `git apply` on that commit
gives the code that ran. Untracked files are part of it as new ones if they are code or configuration and small;
others may be anybody's data, and data is named in a spec by its digest.

Without git, or outside a work tree, nothing is recorded; nothing here is an error of a run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import ablate
from ablate.core.identity import Json, sha256_of_bytes
from ablate.core.versions import COMMAND
from ablate.sanitize.redact import public_words
from ablate.storage.atomic import WriteFailed, write_atomically

__all__ = ["PATCHES", "Checkout", "checkout_of", "recorded_provenance"]

PATCHES = "patches"
GIT_SECONDS = 10.0
TOO_LONG = f"git took longer than {GIT_SECONDS:g} s"
PATCH_BYTES = 2**20
UNTRACKED_SUFFIXES = (".py", ".yaml", ".yml", ".toml")
UNTRACKED_BYTES = 2**16
UNTRACKED_FILES = 200
# A work tree must not have its own programs run by being looked at.
HARMLESS = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
DIFF = ("diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv")


@dataclass(frozen=True)
class Checkout:
    """The state of a work tree.

    Attributes:
        patch: what was not committed, for `git apply`; None where everything was, or it was left out.
        left_out: why there is no patch although something was not committed.
    """

    commit: str
    patch: bytes | None = None
    left_out: str | None = None

    def to_json(self) -> dict[str, Json]:
        patch = None if self.patch is None else sha256_of_bytes(self.patch)
        return {"commit": self.commit, "patch": patch, **({"left_out": self.left_out} if self.left_out else {})}


def recorded_provenance(words: Sequence[str], results_dir: Path) -> dict[str, Json]:
    """What the records of a command say of it: `argv`, the words after `ablate` without places on this machine, and
    `git`, null or an object, of `ablate` and of the current folder (`here`). Patches are kept in `results_dir`;
    where they cannot be, the records bear their sha256 all the same.
    """
    found = _checkouts(Path.cwd())
    for checkout in found.values():
        if checkout.patch is not None:
            path = results_dir / PATCHES / f"{sha256_of_bytes(checkout.patch)}.patch"
            # A full disk will be said by the first record that finds no room.
            with suppress(WriteFailed):
                if not path.is_file():
                    write_atomically(path, checkout.patch)
    return {COMMAND: public_words(words), "git": {name: each.to_json() for name, each in found.items()} or None}


def checkout_of(folder: Path) -> Checkout | None:
    """The state of the work tree that `folder` is in; None where git knows of none, or takes too long."""
    top = _top(folder)
    if top is None:
        return None
    git = _Git(top, time.monotonic() + GIT_SECONDS)
    try:
        commit = git.text("rev-parse", "--verify", "HEAD")
    except _GitFailed:
        return None
    try:
        patch = _patch(git)
    except _GitFailed as failed:
        return Checkout(commit, left_out=str(failed))
    return Checkout(commit, patch or None)


@cache
def _checkouts(current: Path) -> dict[str, Checkout]:
    """By name, asked once: the code that a process runs is what stood there when it began."""
    package = Path(ablate.__file__).parent
    own = checkout_of(package) if _is_tracked(package / "__init__.py") else None
    here = None if own is not None and _top(current) == _top(package) else checkout_of(current)
    return {name: found for name, found in (("ablate", own), ("here", here)) if found is not None}


def _top(folder: Path) -> Path | None:
    with suppress(_GitFailed):
        return Path(_Git(folder, time.monotonic() + GIT_SECONDS).text("rev-parse", "--show-toplevel"))
    return None


def _is_tracked(file: Path) -> bool:
    """An installed package may lie inside a work tree that knows nothing of it."""
    with suppress(_GitFailed):
        _Git(file.parent, time.monotonic() + GIT_SECONDS).text("ls-files", "--error-unmatch", "--", file.name)
        return True
    return False


def _patch(git: _Git) -> bytes:
    """All that was not committed, staged or not, and untracked code, of the work tree whose top `git` stands in."""
    untracked = list(_untracked_code(git))
    if not untracked:
        return git.output(*DIFF)
    with tempfile.TemporaryDirectory() as folder:
        # In an index of our own, new files can be said to be intended, so that they show in the difference. What git
        # writes for it goes into the same folder: looking at a work tree adds nothing to it.
        index, objects = Path(folder) / "index", Path(folder) / "objects"
        objects.mkdir()
        with suppress(FileNotFoundError):
            shutil.copyfile(git.path("index"), index)
        git_variables = {
            "GIT_INDEX_FILE": str(index),
            "GIT_OBJECT_DIRECTORY": str(objects),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(git.path("objects")),
        }
        aside = replace(git, git_variables=git_variables)
        aside.output("add", "--intent-to-add", "--", *untracked)
        return aside.output(*DIFF)


def _untracked_code(git: _Git) -> list[str]:
    names = map(os.fsdecode, git.output("ls-files", "--others", "--exclude-standard", "-z").split(b"\0"))
    found = [name for name in names if name.endswith(UNTRACKED_SUFFIXES) and _is_small(git.folder / name)]
    return sorted(found)[:UNTRACKED_FILES]


def _is_small(file: Path) -> bool:
    with suppress(OSError):
        return file.lstat().st_size <= UNTRACKED_BYTES
    return False


class _GitFailed(Exception):
    """git is not there, does not know, takes too long, or says too much."""


@dataclass(frozen=True)
class _Git:
    """git in a folder, for as long as there is time: `until` is a moment of the monotonic clock.
    `git_variables` say where it keeps things."""

    folder: Path
    until: float
    git_variables: Mapping[str, str] = field(default_factory=dict)

    def text(self, *words: str) -> str:
        return os.fsdecode(self.output(*words)).strip()

    def path(self, name: str) -> Path:
        """Where something of the repository is, of a work tree beside others too."""
        return self.folder / self.text("rev-parse", "--git-path", name)

    def output(self, *words: str) -> bytes:
        """What it prints, of at most PATCH_BYTES.

        Raises:
            _GitFailed: when it prints more, fails, or has no time left.
        """
        left_seconds = self.until - time.monotonic()
        if left_seconds <= 0:
            raise _GitFailed(TOO_LONG)
        # Variables of a hook that this process runs in would lead it to another repository.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        try:
            process = subprocess.Popen(
                ["git", *HARMLESS, *words],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**inherited, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", **self.git_variables},
            )
        except OSError as error:
            raise _GitFailed(f"git cannot be run: {error}") from error
        late = threading.Timer(left_seconds, process.kill)
        late.start()
        with process:
            assert process.stdout is not None
            printed = process.stdout.read(PATCH_BYTES + 1)
            is_too_long = len(printed) > PATCH_BYTES
            if is_too_long:
                process.kill()
        late.cancel()
        if is_too_long:
            raise _GitFailed(f"larger than {PATCH_BYTES} bytes")
        if process.returncode < 0:
            raise _GitFailed(TOO_LONG)
        if process.returncode > 0:
            raise _GitFailed(f"git ended with code {process.returncode}")
        return printed
