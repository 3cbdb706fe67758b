"""From a leaf of conf/sweep to a checked `SweepSpec`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any

from ablate import design
from ablate.config.composing import SWEEP, Config
from ablate.config.problems import Problem, nearest, raise_any
from ablate.config.words import Word
from ablate.identity import Json
from ablate.records import METRICS
from ablate.specs import SEEDS, SweepSpec

__all__ = ["sweep_spec"]

KEYS = tuple(each.name for each in fields(SweepSpec) if each.name != "name")
REQUIRED = ("question", "factors", "design", "baseline", "seeds", "metric")
# The two keys whose values are mappings from factors, which have dotted keys themselves.
BY_FACTOR = ("factors", "baseline")
PERCENT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*%")


def sweep_spec(name: str, leaf: Config, words: Sequence[Word] = ()) -> SweepSpec:
    """The sweep that a leaf describes. Levels are as they were written, not yet cast.

    Args:
        words: overrides of the sweep: `sweep.seeds=3`, `sweep.factors.model.dropout=[0.0,0.5]`.

    Raises:
        ConfigError: with everything about the leaf and the words that cannot be.
    """
    unknown = [list(_unknown_key(word, leaf)) for word in words]
    adjusted = _adjusted(leaf, [word for word, problems in zip(words, unknown, strict=True) if not problems])
    raise_any([*chain(*unknown), *_leaf_problems(adjusted)])
    return _spec(name, adjusted)


def _spec(name: str, leaf: Config) -> SweepSpec:
    return SweepSpec(
        name=name,
        question=leaf["question"],
        factors={factor: tuple(levels) for factor, levels in leaf["factors"].items()},
        design=leaf["design"],
        baseline={factor: leaf["baseline"][factor] for factor in leaf["factors"]},
        seeds=_seeds(leaf["seeds"]),
        metric=leaf["metric"],
        margin=_margin(leaf.get("margin")),
        margin_reason=leaf.get("margin_reason") or "",
        base=tuple(leaf.get("base") or ()),
        claims=tuple(leaf.get("claims") or ()),
    )


def _adjusted(leaf: Config, words: Sequence[Word]) -> Config:
    changed = dict(leaf)
    for word in words:
        _, key, *factor = word.key.split(".", 2)
        changed[key] = {**changed[key], factor[0]: word.value} if factor else word.value
    return changed


def _unknown_key(word: Word, leaf: Config) -> Iterator[Problem]:
    _, key, *factor = word.key.split(".", 2)
    if key not in KEYS:
        yield Problem(word.key, word.value, f"one of {_under_sweep(KEYS)}", nearest(word.key, _keys(KEYS)))
    elif factor and key not in BY_FACTOR:
        yield Problem(word.key, word.value, f"sweep.{key}, which has no keys of its own", f"sweep.{key}")
    elif factor and factor[0] not in (leaf.get(key) or {}):
        names = [f"{key}.{name}" for name in leaf.get(key) or {}]
        yield Problem(word.key, word.value, f"one of {_under_sweep(names)}", nearest(word.key, _keys(names)))


def _keys(names: Iterable[str]) -> list[str]:
    return [f"{SWEEP}.{name}" for name in names]


def _under_sweep(names: Iterable[str]) -> str:
    return ", ".join(_keys(names))


def _leaf_problems(leaf: Config) -> Iterator[Problem]:
    for key in leaf:
        if key not in KEYS:
            yield Problem(f"sweep.{key}", leaf[key], f"one of {_under_sweep(KEYS)}", nearest(key, KEYS))
    for key in REQUIRED:
        if leaf.get(key) is None:
            yield Problem(f"sweep.{key}", None, "a value; a sweep has no default for it")
    yield from _factor_problems(leaf.get("factors"))
    yield from _baseline_problems(leaf.get("baseline"), leaf.get("factors"))
    yield from _seed_problems(leaf.get("seeds"))
    yield from _name_problems(leaf)
    yield from _margin_problems(leaf.get("margin"))
    for key in ("base", "claims"):
        if not _is_list_of_texts(leaf.get(key) or []):
            yield Problem(f"sweep.{key}", leaf[key], "a list of texts")


def _factor_problems(factors: Any) -> Iterator[Problem]:
    if factors is None:
        return
    if not isinstance(factors, Mapping) or not factors:
        yield Problem("sweep.factors", factors, "a mapping from each factor to the list of its levels")
        return
    for factor, levels in factors.items():
        if not isinstance(levels, list) or not levels:
            yield Problem(f"sweep.factors.{factor}", levels, "a list of at least one level")


def _baseline_problems(baseline: Any, factors: Any) -> Iterator[Problem]:
    if baseline is None or not isinstance(factors, Mapping) or not factors:
        return
    if not isinstance(baseline, Mapping):
        yield Problem("sweep.baseline", baseline, "a mapping from each factor to one of its levels")
        return
    for factor in baseline:
        if factor not in factors:
            names = ", ".join(factors)
            yield Problem(f"sweep.baseline.{factor}", baseline[factor], f"one of {names}", nearest(factor, factors))
    for factor, levels in factors.items():
        yield from _baseline_level_problems(factor, baseline.get(factor), levels)


def _baseline_level_problems(factor: str, level: Json, levels: Any) -> Iterator[Problem]:
    if isinstance(levels, list) and levels and not any(_same_level(level, each) for each in levels):
        texts = [str(each) for each in levels]
        yield Problem(f"sweep.baseline.{factor}", level, f"one of {', '.join(texts)}", nearest(level, texts))


def _same_level(one: Json, other: Json) -> bool:
    """Whether two levels are equal as written: 0 and 0.0 are, 1 and true are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _seed_problems(seeds: Any) -> Iterator[Problem]:
    allowed = f"a count from 1, or a list of distinct whole numbers from 0 to {SEEDS[-1]}"
    is_list = isinstance(seeds, list) and seeds and len(set(map(repr, seeds))) == len(seeds)
    is_good = all(map(_is_seed, seeds)) if is_list else _is_seed(seeds) and seeds > 0
    if seeds is not None and not is_good:
        yield Problem("sweep.seeds", seeds, allowed)


def _name_problems(leaf: Config) -> Iterator[Problem]:
    for key, names in (("design", design.available()), ("metric", tuple(METRICS))):
        name = leaf.get(key)
        if name is not None and name not in names:
            yield Problem(f"sweep.{key}", name, f"one of {', '.join(names)}", nearest(name, names))
    for key in ("question", "margin_reason"):
        if not isinstance(leaf.get(key) or "", str):
            yield Problem(f"sweep.{key}", leaf[key], "a sentence")


def _margin_problems(margin: Any) -> Iterator[Problem]:
    is_number = type(margin) in (int, float) and 0 < margin < math.inf
    is_percent = isinstance(margin, str) and PERCENT.fullmatch(margin)
    if margin is not None and not is_number and not is_percent:
        yield Problem("sweep.margin", margin, "a number above 0 in the metric's unit, a percentage as in 10%, or null")


def _is_seed(seed: object) -> bool:
    return type(seed) is int and seed in SEEDS


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _seeds(seeds: int | list[int]) -> tuple[int, ...]:
    return tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)


def _margin(margin: int | float | str | None) -> float | str | None:
    return float(margin) if isinstance(margin, int) else margin
