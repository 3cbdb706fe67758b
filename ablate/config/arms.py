"""From a question to its arms: each level is composed once, and arms are merged of what their levels change.

Composing takes milliseconds, and a grid has as many arms as its levels multiply to. So each level is composed
once, with the other factors at the baseline; an arm whose levels change different keys is the baseline's
config with all of these changes, and only an arm whose levels change the same keys is composed itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from ablate import design
from ablate.config.claims import Setting, claim_problems
from ablate.config.composing import Composer, Config, lookup
from ablate.config.overrides import Overrides, layered, write_override
from ablate.config.problems import Problem, gather, raise_any, sift
from ablate.config.questions import laid_out
from ablate.config.runs import SpecMaker
from ablate.core.identity import Json, canonical
from ablate.core.specs import Arm, Sweep, SweepSpec

__all__ = ["ArmConfigs", "resolve"]

KeyPath = tuple[str, ...]
# What a level changes: the new value of every path, and the paths that are gone.
Change = tuple[Mapping[KeyPath, Any], frozenset[KeyPath]]


def resolve(
    question: SweepSpec, overrides: Overrides, composer: Composer, maker: SpecMaker, optional: Collection[str] = ()
) -> Sweep:
    """The sweep with its levels cast and an arm for each assignment of the design.

    Args:
        overrides: what holds for every arm; the levels are applied after them.
        optional: claims that are left out where they cannot be, instead of refused.

    Raises:
        ConfigError: with every factor, level, setting of the design, claim and override that cannot be, and every
            repeated level.
    """
    raise_any(_override_problems(question, overrides, composer))
    typed = _cast(question, ArmConfigs(composer, overrides, question.baseline))
    raise_any(_repeated_levels(typed))
    configs = ArmConfigs(composer, overrides, typed.baseline)

    def arm(assignment: design.Assignment) -> Arm:
        config = {**configs.of(assignment.levels), "seed": typed.seeds[0]}
        return Arm(assignment.name, assignment.levels, assignment.is_baseline, maker.spec(config, typed.metric))

    settings = design.DesignSettings(typed.arms, typed.size, typed.design_seed, typed.where)
    assignments = laid_out(typed.design, typed.factors, typed.baseline, settings)
    arms, problems = sift(arm, assignments)
    setting = Setting(assignments, typed.metric, typed.margin, maker.task(configs.composed(typed.baseline)))
    found = claim_problems(typed.claims, setting)
    refused = [problem for claim in found if claim not in optional for problem in found[claim]]
    raise_any([*problems, *refused])
    claims = tuple(claim for claim in typed.claims if not found[claim])
    return Sweep(replace(typed, claims=claims), tuple(arm for _, arm in arms))


class ArmConfigs:
    """The config of every arm around one baseline."""

    def __init__(self, composer: Composer, overrides: Overrides, baseline: Mapping[str, Json]) -> None:
        self._composer = composer
        self._words = overrides
        self._baseline = baseline
        self._changes: dict[tuple[str, str], Change] = {}

    def of(self, levels: Mapping[str, Json]) -> Config:
        """The config with these levels, a level for every factor."""
        changed = {factor: level for factor, level in levels.items() if not _is_same(level, self._baseline[factor])}
        if len(changed) < 2:
            return self.composed(levels)
        changes = [self._change(factor, level) for factor, level in changed.items()]
        return self._merged(changes) if _are_apart(list(changed), changes) else self.composed(levels)

    def composed(self, levels: Mapping[str, Json]) -> Config:
        """The same config, composed: what `of` must equal."""
        return self._composer.compose(layered(self._words, [write_override(*item) for item in levels.items()]))

    def level(self, factor: str, level: Json) -> Json:
        """`level` as the config has it: cast to the type of its key."""
        config = self.composed({**self._baseline, factor: level})
        return level if self._composer.is_group(factor) else lookup(config, factor)

    def _change(self, factor: str, level: Json) -> Change:
        key = (factor, canonical(level))
        if key not in self._changes:
            changed = self.composed({**self._baseline, factor: level})
            self._changes[key] = _difference(dict(_leaves(self.composed(self._baseline))), dict(_leaves(changed)))
        return self._changes[key]

    def _merged(self, changes: list[Change]) -> Config:
        leaves = dict(_leaves(self.composed(self._baseline)))
        for values, gone in changes:
            leaves = {path: value for path, value in leaves.items() if path not in gone}
            leaves.update(values)
        return _nested(leaves)


def _difference(baseline: Mapping[KeyPath, Any], changed: Mapping[KeyPath, Any]) -> Change:
    unchanged = {path for path in baseline.keys() & changed.keys() if _is_same(baseline[path], changed[path])}
    values = {path: value for path, value in changed.items() if path not in unchanged}
    return values, frozenset(baseline.keys() - changed.keys())


def _is_same(one: Json, other: Json) -> bool:
    return canonical(one) == canonical(other)


def _are_apart(factors: list[str], changes: list[Change]) -> bool:
    """Whether the changes can be made one after the other: no factor lies under another, and no two
    change the same path or one inside the other's."""
    keys = [{tuple(factor.split("."))} for factor in factors]
    paths = [values.keys() | gone for values, gone in changes]
    return not any(_touch(one, other) for sets in (keys, paths) for one, other in combinations(sets, 2))


def _touch(one: set[KeyPath], other: set[KeyPath]) -> bool:
    return bool(one & _with_parents(other)) or bool(_with_parents(one) & other)


def _with_parents(paths: set[KeyPath]) -> set[KeyPath]:
    return {path[:length] for path in paths for length in range(1, len(path) + 1)}


def _leaves(config: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """KeyPath and value of everything in a config that is no mapping, or an empty one."""
    if isinstance(config, Mapping) and config:
        for key, value in config.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path, config


def _nested(leaves: Mapping[KeyPath, Any]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, value in leaves.items():
        folder = root
        for key in path[:-1]:
            folder = folder.setdefault(key, {})
        folder[path[-1]] = value
    return root


def _override_problems(question: SweepSpec, overrides: Overrides, composer: Composer) -> list[Problem]:
    baseline = [write_override(factor, level) for factor, level in question.baseline.items()]
    levels = [write_override(factor, level) for factor, levels in question.factors.items() for level in levels]
    chosen = layered(overrides, baseline)
    return composer.check((*chosen, *levels), among=chosen)


def _cast(question: SweepSpec, configs: ArmConfigs) -> SweepSpec:
    def cast_levels(factor: str) -> tuple[Json, ...]:
        return tuple(gather(lambda level: configs.level(factor, level), question.factors[factor]))

    factors = dict(zip(question.factors, gather(cast_levels, question.factors), strict=True))
    baseline = {factor: configs.level(factor, level) for factor, level in question.baseline.items()}
    arms = tuple(
        {key: configs.level(key, value) if key in factors else value for key, value in arm.items()}
        for arm in question.arms
    )
    return replace(question, factors=factors, baseline=baseline, arms=arms)


def _repeated_levels(question: SweepSpec) -> Iterator[Problem]:
    for factor, levels in question.factors.items():
        seen: set[str] = set()
        for level in levels:
            if canonical(level) in seen:
                yield Problem(f"sweep.factors.{factor}", level, "each level once")
            seen.add(canonical(level))
