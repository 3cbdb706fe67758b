"""Which folders are meant: of configurations, of results, of reports; without composing a configuration where the words
are plain, for that takes longer than to list ten thousand runs.

    results_dir_of(["results_dir=/data/results"])    # as `read_settings` of them would give it
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ablate.config.files import read_yaml
from ablate.config.tree import PRIMARY, ConfigTree, find_tree
from ablate.core.errors import UsageError
from ablate.sanitize.paths import user_folder
from ablate.sanitize.redact import PATH_KEYS

__all__ = ["ConfigFolders", "reports_folder", "results_dir_of", "results_folder", "split_settings"]

# With a slash in it, it is neither a number nor a null nor anything else to Hydra's grammar.
_PLAIN_PATH = re.compile(r"results_dir=([\w.-]*/[\w./-]*)", re.ASCII)


@dataclass(frozen=True)
class ConfigFolders:
    """Where configs are looked up beside the package's and the current folder's conf/.

    Attributes:
        config_dirs: further folders like conf/.
        allow_targets: packages beside ablate and Keras that a `_target_` may name.
    """

    config_dirs: tuple[Path, ...] = ()
    allow_targets: tuple[str, ...] = ()

    def tree(self) -> ConfigTree:
        """The folders, seen from the current one. Allowed packages may be imported from there from then on."""
        here = Path.cwd()
        tree = find_tree(here, self.config_dirs, self.allow_targets)
        if tree.allow_targets and str(here) not in sys.path:
            # Packages of one's own stand in the current folder, where `python -m` looks and a console script does not.
            sys.path.append(str(here))
        return tree


def results_dir_of(words: Sequence[str] = (), folders: ConfigFolders = ConfigFolders()) -> Path:
    """The results folder of these words (`results_dir=…`), the usual one of none.

    Raises:
        ConfigError: when it cannot be.
    """
    tree = folders.tree()
    plain = _plain(words, tree)
    if plain is not None:
        return plain
    from ablate.config.requests import load_settings

    return load_settings(tuple(words), tree).results_dir


def _plain(words: Sequence[str], tree: ConfigTree) -> Path | None:
    """None where a configuration has to be composed, which says what is wrong, too. No leaf, whoever wrote it, and no
    file of the user's says where results are."""
    found = _PLAIN_PATH.fullmatch(words[0]) if len(words) == 1 else None
    given = found[1] if found else None if words else read_yaml(tree.shipped / PRIMARY)["results_dir"]
    try:
        return None if given is None or "$" in given else user_folder(given)
    except ValueError:
        return None


def results_folder(given: Path | str | None) -> Path:
    """The results folder that is meant: the one given, else that of the configuration seen from the current folder.

    Raises:
        UsageError: when it is empty, or no folder stands where it should.
    """
    return results_dir_of() if given is None else _folder("results_dir", given)


def reports_folder(given: Path | str | None) -> Path:
    """The same of the reports."""
    if given is not None:
        return _folder("reports_dir", given)
    from ablate.config.requests import load_settings

    return load_settings((), ConfigFolders().tree()).reports_dir


def _folder(key: str, given: Path | str) -> Path:
    try:
        return user_folder(given)
    except ValueError as error:
        raise UsageError(f"{key} {error}") from error


def split_settings(words: Sequence[str], also: tuple[str, ...] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words that are about settings, and the names among them.

    Args:
        also: root keys that are settings here beside PATH_KEYS.
    """
    roots = (*PATH_KEYS, *also)
    about = tuple(word for word in words if "=" in word and _root(word) in roots)
    return about, tuple(word for word in words if word not in about)


def _root(word: str) -> str:
    return word.partition("=")[0].lstrip("+").partition(".")[0]
