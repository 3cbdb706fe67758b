"""The folders that configs are read from.

Ablate's own conf/ and experiments/ stand beside the package in a checkout and inside it once installed.
Users add leaves in a `conf/` and studies in an `experiments/` of the current folder, or in folders named
by hand. A user's leaf adds a choice; it cannot take the name of one of ablate's, so that `optimizer=adam`
means the same everywhere.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ablate.config.files import read_yaml
from ablate.config.problems import ConfigError, Problem, nearest, raise_any
from ablate.sanitize.files import stands

__all__ = ["ConfigTree", "find_tree", "laid_over"]

PRIMARY = "config.yaml"
STUDY = "study.yaml"
ALLOW_TARGETS = "allow_targets"
# ablate's own conf/ has a hundredth of it.
MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class ConfigTree:
    """Where leaves and experiments are, and which packages a `_target_` may name.

    Attributes:
        shipped: ablate's own conf/, with the primary config.
        added: the user's, in the order of search.
        experiments: folders of experiments, in the order of search.
        allow_targets: packages outside ablate and keras. Only the user's own config file or command line
            names them: a sweep or an experiment that somebody else wrote cannot.
    """

    shipped: Path
    added: tuple[Path, ...]
    experiments: tuple[Path, ...]
    allow_targets: tuple[str, ...]

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Each config group with the names of its leaves, in alphabetical order."""
        leaves: dict[str, set[str]] = defaultdict(set)
        for folder in (self.shipped, *self.added):
            for group, choice in _leaves(folder):
                leaves[group].add(choice)
        return {group: tuple(sorted(choices)) for group, choices in sorted(leaves.items())}

    def is_shipped(self, leaf: Path) -> bool:
        """Whether ablate itself comes with a leaf; others may have been written by anybody."""
        return leaf.is_relative_to(self.shipped)

    def leaf(self, group: str, choice: str) -> Path:
        """The file of a leaf that is there; whatever stands in its place is found out by reading it."""
        files = (folder / group / f"{choice}.yaml" for folder in (self.shipped, *self.added))
        return next(file for file in files if stands(file))

    @cached_property
    def experiments_by_name(self) -> Mapping[str, Path]:
        """The study.yaml of each experiment by the name of its folder, in alphabetical order."""
        found = [study for folder in reversed(self.experiments) for study in folder.glob(f"*/{STUDY}")]
        return dict(sorted((study.parent.name, study) for study in found))


def find_tree(current: Path, config_dirs: Sequence[Path] = (), allow_targets: Sequence[str] = ()) -> ConfigTree:
    """The folders as seen from the folder `current`.

    Args:
        config_dirs: more folders laid out like conf/.
        allow_targets: packages that a `_target_` may name, besides those of the user's conf/config.yaml.

    Raises:
        ConfigError: when one of `config_dirs` is no folder, a leaf takes the name of another, a user's
            config.yaml holds anything but `allow_targets`, or one of these is no name of a package.
    """
    shipped = _shipped("conf", marker=PRIMARY)
    added = _added(shipped, current / "conf", config_dirs)
    raise_any(_folder_problems(shipped, added, current))
    # A folder named by --config-dir may be somebody else's.
    listed = [name for folder in (shipped, current / "conf") for name in _primary(folder).get(ALLOW_TARGETS, [])]
    raise_any(_package_problems((*listed, *allow_targets)))
    return ConfigTree(
        shipped=shipped,
        added=added,
        experiments=(current / "experiments", _shipped("experiments")),
        allow_targets=tuple(dict.fromkeys([*listed, *allow_targets])),
    )


def laid_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`under` with what `over` says in its place, mapping by mapping: a leaf over what the primary config says of its
    group. Anything else, a list too, is replaced whole."""
    both = {**under, **over}
    nested = [key for key in under if isinstance(under[key], Mapping) and isinstance(over.get(key), Mapping)]
    return both | {key: laid_over(under[key], over[key]) for key in nested}


def _shipped(name: str, marker: str = "") -> Path:
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent / name
    is_checkout = (package.parent / "conf" / PRIMARY).is_file() and (checkout / marker).exists()
    return checkout if is_checkout else package / name


def _added(shipped: Path, here: Path, config_dirs: Sequence[Path]) -> tuple[Path, ...]:
    wanted = [*config_dirs, *([here] if here.is_dir() else [])]
    return tuple(folder for folder in dict.fromkeys(path.resolve() for path in wanted) if folder != shipped)


def _leaves(folder: Path) -> Iterator[tuple[str, str]]:
    """The group and the name of every leaf of a folder.

    Raises:
        ConfigError: when it has more in it than a folder of leaves can have, as /proc has.
    """
    leaves, seen = [], 0
    for place, folders, files in os.walk(folder):
        seen += len(folders) + len(files)
        if seen > MOST_ENTRIES:
            allowed = f"a folder of leaves like conf/, with at most {MOST_ENTRIES:,} files and folders in it"
            raise ConfigError([Problem("--config-dir", str(folder), allowed)])
        if Path(place) != folder:
            leaves += [Path(place, name) for name in (*folders, *files) if name.endswith(".yaml")]
    for leaf in sorted(leaves):
        yield leaf.parent.relative_to(folder).as_posix(), leaf.stem


def _primary(folder: Path) -> Mapping[str, list[str]]:
    primary = folder / PRIMARY
    content = read_yaml(primary) if stands(primary) else {}
    if not isinstance(content, dict) or not isinstance(content.get(ALLOW_TARGETS, []), list):
        raise ConfigError([Problem(str(primary), str(primary), f"{ALLOW_TARGETS}: [package, …]")])
    return content


def _package_problems(names: Sequence[object]) -> Iterator[Problem]:
    for name in names:
        if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
            yield Problem(ALLOW_TARGETS, name, "the name of a package")


def _folder_problems(shipped: Path, added: tuple[Path, ...], current: Path) -> Iterator[Problem]:
    owner = dict.fromkeys(_leaves(shipped), shipped)
    for folder in added:
        if not folder.is_dir():
            yield Problem("--config-dir", str(folder), "a folder that exists")
        for group, choice in _leaves(folder):
            first = owner.setdefault((group, choice), folder)
            if first != folder:
                leaf = f"{group}/{choice}.yaml"
                yield Problem(str(folder / leaf), choice, f"a name other than that of {first / leaf}")
        for key in _primary(folder):
            if key != ALLOW_TARGETS:
                allowed = f"{ALLOW_TARGETS} alone; other keys belong on the command line"
                yield Problem(str(folder / PRIMARY), key, allowed, nearest(key, [ALLOW_TARGETS]))
            elif folder != (current / "conf").resolve():
                allowed = "--allow-target on the command line, for this folder may be somebody else's"
                yield Problem(str(folder / PRIMARY), key, allowed)
