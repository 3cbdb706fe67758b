"""What a study is to contain, before its sweeps are resolved.

A declaration is read from experiments/NAME/study.yaml (`+experiment=NAME`) or made of the sweeps that are named
on the command line (`+sweep=[dropout,l2]`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ablate.config.casting import cast_fields
from ablate.config.composing import SWEEP
from ablate.config.files import read_yaml
from ablate.config.overrides import Override
from ablate.config.problems import ConfigError, Problem, nearest, raise_any
from ablate.config.ranges import name_problems, range_problems
from ablate.config.tree import ConfigTree
from ablate.config.yaml_lines import location
from ablate.core.specs import Conclusion, Original

__all__ = ["EXPERIMENT", "StudyDeclaration", "SweepDeclaration", "declaration_of"]

EXPERIMENT = "experiment"


@dataclass(frozen=True)
class SweepDeclaration:
    """A sweep as a study asks for it.

    Attributes:
        sweep: a leaf of conf/sweep; none where the study asks something of its own.
        asks: what is asked, in the keys of such a leaf, over what the leaf says.
        overrides: what holds for its arms, or changes the sweep itself (`sweep.seeds=4`), in this study.
        claims: statements to test beside the leaf's own.
        fixed: overrides that hold for its arms even against the command line: what the sweep could not be asked
            without, where a study asks the others of whatever data set or model it is given.
        name: the leaf's name, unless there is none, or a study asks for one leaf twice.
        setup, original, conclusions: see `specs.SweepSpec`; the claims of conclusions are tested as the others.
    """

    sweep: str = ""
    asks: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    name: str = ""
    setup: str = ""
    original: Original | None = None
    conclusions: tuple[Conclusion, ...] = ()
    fixed: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.name or self.sweep


@dataclass(frozen=True)
class StudyDeclaration:
    """A study to be. `base` holds overrides for all of its sweeps; without a question it asks theirs; `keep` names
    the artefacts that its report needs of every run."""

    sweeps: tuple[SweepDeclaration, ...]
    question: str = ""
    base: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    name: str = ""


def declaration_of(overrides: Sequence[Override], tree: ConfigTree) -> StudyDeclaration | None:
    """The study that `+sweep=` or `+experiment=` asks for; None when there is neither.

    Raises:
        ConfigError: with every sweep or experiment that does not exist, or that is named twice.
    """
    named = {override.key: override.value for override in overrides if override.key in (SWEEP, EXPERIMENT)}
    if len(named) == 2:
        raise ConfigError([Problem(EXPERIMENT, named[EXPERIMENT], "either an experiment or sweeps, not both")])
    if EXPERIMENT in named:
        declaration = _experiment(named[EXPERIMENT], tree)
    elif named.get(SWEEP) is not None:
        value = named[SWEEP]
        names = value if isinstance(value, list) else [value]
        declaration = StudyDeclaration(tuple(SweepDeclaration(str(name)) for name in names))
    else:
        return None
    raise_any(_declaration_problems(declaration, tree))
    return replace(declaration, name=declaration.name or "+".join(sweep.title for sweep in declaration.sweeps))


def _experiment(name: object, tree: ConfigTree) -> StudyDeclaration:
    file = tree.experiments_by_name.get(str(name))
    if file is None:
        names = tuple(tree.experiments_by_name)
        raise ConfigError([Problem(EXPERIMENT, name, f"one of {', '.join(names)}", nearest(name, names))])
    content = _read(file)
    try:
        declaration: StudyDeclaration = cast_fields(StudyDeclaration, content, key="")
    except ConfigError as error:
        raise ConfigError(replace(each, location=location(file, each.key)) for each in error.problems) from error
    return replace(declaration, name=declaration.name or file.parent.name)


def _read(file: Path) -> object:
    try:
        return read_yaml(file)
    except ConfigError as error:
        raise ConfigError(replace(each, key=EXPERIMENT) for each in error.problems) from error


def _declaration_problems(declaration: StudyDeclaration, tree: ConfigTree) -> Iterator[Problem]:
    choices = tree.groups.get(SWEEP, ())
    yield from range_problems("keep", list(declaration.keep))
    if not declaration.sweeps:
        yield Problem(SWEEP, [], f"at least one of {', '.join(choices)}")
    for each in declaration.sweeps:
        if each.sweep not in choices and (each.sweep or not each.asks):
            yield Problem(SWEEP, each.sweep, f"one of {', '.join(choices)}", nearest(each.sweep, choices))
        asks: object = each.asks
        if not isinstance(asks, Mapping):
            yield Problem("asks", asks, "a mapping with the keys of a sweep")
        # What is no sweep at all has been refused above, whatever its name.
        is_known = each.sweep in choices or bool(each.name)
        if not each.title:
            yield Problem("name", each.name, "a name for a sweep of the study's own")
        elif is_known or not each.sweep:
            yield from name_problems("name" if each.name else SWEEP, each.title)
    for title, count in Counter(each.title for each in declaration.sweeps).items():
        if count > 1:
            yield Problem(SWEEP, title, "each sweep once, or under a name of its own")
