"""From a leaf of conf/sweep to a checked `SweepSpec`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from ablate import design
from ablate.config.bounds import MOST_RUNS, bound_problems
from ablate.config.claims import Setting, claim_problems
from ablate.config.composing import SWEEP, Config
from ablate.config.hints import SWEEP_KEYS as KEYS
from ablate.config.overrides import Override
from ablate.config.problems import ConfigError, Problem, nearest, raise_any
from ablate.core.claims import is_side
from ablate.core.identity import Json
from ablate.core.records import METRICS
from ablate.core.specs import ALPHAS, CHOICES, SEEDS, SweepSpec, is_alpha

__all__ = ["laid_out", "optional_claims", "sweep_spec"]

REQUIRED = ("question", "factors", "design", "baseline", "seeds", "metric")
# The two keys whose values are mappings from factors, which have dotted keys themselves.
BY_FACTOR = ("factors", "baseline")
# Those that are taken as they are written.
PLAIN = ("size", "design_seed", "scale", "multiplicity", "confirm", "paired")
# Ways to add seeds until there are enough, which are yet to come.
SEQUENTIAL = ("auto", "anytime")
PERCENT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*%")


def sweep_spec(name: str, leaf: Config, overrides: Sequence[Override] = ()) -> SweepSpec:
    """The sweep that a leaf describes. Levels are as they were written, not yet cast.

    Args:
        overrides: of the sweep: `sweep.seeds=3`, `sweep.factors.model.dropout=[0.0,0.5]`.

    Raises:
        ConfigError: with everything about the leaf and the overrides that cannot be.
    """
    unknown = [list(_unknown_key(override, leaf)) for override in overrides]
    adjusted = _adjusted(
        leaf, [override for override, problems in zip(overrides, unknown, strict=True) if not problems]
    )
    arms, unlaid = _layout(adjusted)
    optional = optional_claims(leaf, overrides)
    claims = _claims(adjusted, arms)
    refused = [problem for claim in claims if claim not in optional for problem in claims[claim]]
    raise_any([*chain(*unknown), *_leaf_problems(adjusted), *unlaid, *refused])
    raise_any(_run_problems(len(arms or ()), _seeds(adjusted["seeds"]), adjusted.get("confirm") or 0))
    return _spec(name, adjusted)


def optional_claims(leaf: Config, overrides: Sequence[Override]) -> tuple[str, ...]:
    """The claims of a leaf that are left out where they cannot be, instead of refused.

    They are about the sweep as it stands in its leaf. Where overrides change what is asked, and take an arm or
    the metric away, the claims about these go with them; those that could never be, stay to be refused.
    """
    if not overrides or not leaf.get("claims") or any(override.key == f"{SWEEP}.claims" for override in overrides):
        return ()
    arms, _ = _layout(leaf)
    return tuple(claim for claim, problems in _claims(leaf, arms).items() if not problems)


def _claims(leaf: Config, arms: tuple[design.Assignment, ...] | None) -> dict[str, list[Problem]]:
    """Each claim of a leaf with what is wrong with it, so far as the leaf shows it."""
    claims, metric, margin = leaf.get("claims") or [], leaf.get("metric"), leaf.get("margin")
    if not _is_list_of_texts(claims):
        return {}
    is_sound = metric in tuple(METRICS) and not any(_margin_problems(margin))
    return claim_problems(claims, Setting(arms, metric if is_sound else None, margin))


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
        arms=tuple(leaf.get("arms") or ()),
        where=tuple(leaf.get("where") or ()),
        alpha=float(leaf.get("alpha") or SweepSpec.alpha),
        worst=None if leaf.get("worst") is None else float(leaf["worst"]),
        **{key: leaf[key] for key in PLAIN if leaf.get(key) is not None},
    )


def laid_out(
    name: str, factors: design.Factors, baseline: design.Levels, settings: design.DesignSettings
) -> tuple[design.Assignment, ...]:
    """The arms of the design called `name`.

    Raises:
        ConfigError: with everything that the design refuses, under the keys of the sweep.
    """
    try:
        return design.lay_out(name, factors, baseline, settings)
    except design.Unfit as error:
        raise ConfigError(
            Problem(f"sweep.{each.key}", each.value, each.allowed, each.nearest, span=each.span)
            for each in error.refusals
        ) from error


def _adjusted(leaf: Config, overrides: Sequence[Override]) -> Config:
    changed = dict(leaf)
    for override in overrides:
        _, key, *factor = override.key.split(".", 2)
        changed[key] = {**changed[key], factor[0]: override.value} if factor else override.value
    return changed


def _unknown_key(override: Override, leaf: Config) -> Iterator[Problem]:
    _, key, *factor = override.key.split(".", 2)
    if key not in KEYS:
        yield Problem(override.key, override.value, f"one of {_under_sweep(KEYS)}", nearest(override.key, _keys(KEYS)))
    elif factor and key not in BY_FACTOR:
        yield Problem(override.key, override.value, f"sweep.{key}, which has no keys of its own", f"sweep.{key}")
    elif factor and factor[0] not in (leaf.get(key) or {}):
        names = [f"{key}.{name}" for name in leaf.get(key) or {}]
        yield Problem(
            override.key, override.value, f"one of {_under_sweep(names)}", nearest(override.key, _keys(names))
        )


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
    yield from _count_problems(leaf.get("seeds"), leaf.get("confirm"))
    yield from _name_problems("metric", leaf.get("metric"), tuple(METRICS))
    for key, names in CHOICES.items():
        yield from _name_problems(key, leaf.get(key), names)
    yield from _number_problems(leaf, ("confirm", "alpha"))
    yield from _margin_problems(leaf.get("margin"))
    yield from _scale_problems(leaf)
    yield from _worst_problems(leaf.get("worst"), leaf.get("metric"))
    if type(leaf.get("paired")) not in (bool, type(None)):
        yield Problem("sweep.paired", leaf["paired"], "true or false")
    for key in ("question", "margin_reason"):
        if not isinstance(leaf.get(key) or "", str):
            yield Problem(f"sweep.{key}", leaf[key], "a sentence")
    yield from _text_problems(leaf, ("base", "claims"))


def _layout(leaf: Config) -> tuple[tuple[design.Assignment, ...] | None, list[Problem]]:
    """The arms of a leaf, or None, and what keeps them from being laid out. Levels are as written, which is
    enough to see how they lie; a key that is missing is no matter here."""
    factors, baseline, name = (leaf.get(key) for key in ("factors", "baseline", "design"))
    found = [
        *_factor_problems(factors),
        *_baseline_problems(baseline, factors),
        *_name_problems("design", name, design.available()),
        *_arm_problems(leaf.get("arms"), factors),
        *_number_problems(leaf, ("size", "design_seed")),
        *_text_problems(leaf, ("where",)),
    ]
    if found or factors is None or baseline is None or name is None:
        return None, found
    listed = {factor: tuple(levels) for factor, levels in factors.items()}
    settings = design.DesignSettings(
        arms=tuple(_as_listed(arm, listed) for arm in leaf.get("arms") or ()),
        size=leaf.get("size"),
        design_seed=leaf.get("design_seed") or 0,
        where=tuple(leaf.get("where") or ()),
    )
    try:
        return laid_out(name, listed, _as_listed(baseline, listed), settings), []
    except ConfigError as error:
        return None, list(error.problems)


def _as_listed(written: Mapping[str, Json], factors: Mapping[str, tuple[Json, ...]]) -> dict[str, Json]:
    """The same levels as the factors list them, which may have 0.0 where 0 is written."""
    named = {key: value for key, value in written.items() if key not in factors}
    listed = {
        factor: next(each for each in levels if _same_level(written[factor], each))
        for factor, levels in factors.items()
        if factor in written
    }
    return {**named, **listed}


def _arm_problems(arms: Any, factors: Any) -> Iterator[Problem]:
    if arms is None or not isinstance(factors, Mapping):
        return
    if not isinstance(arms, list) or not all(isinstance(arm, Mapping) for arm in arms):
        yield Problem("sweep.arms", arms, "a list of arms, as in [{optimizer: sgd}, {name: mine, model.dropout: 0.1}]")
        return
    for index, arm in enumerate(arms):
        for key, value in arm.items():
            where = f"sweep.arms[{index}].{key}"
            if key in factors:
                yield from _level_problems(where, value, factors[key])
            elif key != design.NAME:
                names = (design.NAME, *factors)
                yield Problem(where, value, f"one of {', '.join(names)}", nearest(key, names))
            elif not isinstance(value, str) or not is_side(value):
                yield Problem(where, value, "a name that a claim can use: without <, >, ~ or the words of a claim")


def _number_problems(leaf: Config, keys: Iterable[str]) -> Iterator[Problem]:
    """What of these numbers is out of its range."""
    for key in keys:
        value = leaf.get(key)
        if key in NUMBERS and value is not None and not NUMBERS[key][0](value):
            yield Problem(f"sweep.{key}", value, NUMBERS[key][1])


def _text_problems(leaf: Config, keys: Iterable[str]) -> Iterator[Problem]:
    for key in keys:
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
        yield from _level_problems(f"sweep.baseline.{factor}", baseline.get(factor), levels)


def _level_problems(key: str, level: Json, levels: Any) -> Iterator[Problem]:
    if isinstance(levels, list) and levels and not any(_same_level(level, each) for each in levels):
        texts = [str(each) for each in levels]
        yield Problem(key, level, f"one of {', '.join(texts)}", nearest(level, texts))


def _same_level(one: Json, other: Json) -> bool:
    """Whether two levels are equal as written: 0 and 0.0 are, 1 and true are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _count_problems(seeds: Any, confirm: Any) -> Iterator[Problem]:
    """What is wrong with the numbers of seeds; of those that are too many none is made."""
    counted = None if isinstance(seeds, list) else seeds
    too_many = [*bound_problems("sweep.seeds", counted), *bound_problems("sweep.confirm", confirm)]
    yield from too_many or _seed_problems(seeds, confirm)


def _run_problems(arms: int, seeds: Sequence[int], confirm: int) -> Iterator[Problem]:
    if arms * (len(seeds) + confirm) > MOST_RUNS:
        allowed = f"so many that {arms:,} arms have at most {MOST_RUNS:,} runs, those that confirm included"
        yield Problem("sweep.seeds", len(seeds), allowed)


def _seed_problems(seeds: Any, confirm: Any) -> Iterator[Problem]:
    allowed = f"a count from 1, or a list of distinct whole numbers from 0 to {SEEDS[-1]}"
    is_list = isinstance(seeds, list) and seeds and len(set(map(repr, seeds))) == len(seeds)
    is_good = all(map(_is_seed, seeds)) if is_list else _is_seed(seeds) and seeds > 0
    if isinstance(seeds, str) and seeds in SEQUENTIAL:
        later = "seeds that are added until there are enough come in a later version"
        yield Problem("sweep.seeds", seeds, f"a number of seeds, for {later}")
    elif seeds is not None and not is_good:
        yield Problem("sweep.seeds", seeds, allowed)
    elif seeds is not None and type(confirm) is int and confirm > SEEDS[-1] - max(_seeds(seeds)):
        left = SEEDS[-1] - max(_seeds(seeds))
        yield Problem("sweep.confirm", confirm, f"a whole number from 0 to {left}, as many seeds as follow the last")


def _name_problems(key: str, name: Any, names: tuple[str, ...]) -> Iterator[Problem]:
    if name is not None and name not in names:
        yield Problem(f"sweep.{key}", name, f"one of {', '.join(names)}", nearest(name, names))


def _scale_problems(leaf: Config) -> Iterator[Problem]:
    """A margin and a scale must fit each other, and logarithms need a metric with an error above 0."""
    metric, margin, scale = leaf.get("metric"), leaf.get("margin"), leaf.get("scale")
    is_relative = isinstance(margin, str) and PERCENT.fullmatch(margin)
    without_error = isinstance(metric, str) and metric in METRICS and not METRICS[metric].is_error
    if is_relative and without_error:
        yield Problem(
            "sweep.margin", margin, f"a number in the unit of {metric}, which may be 0 or less and has no parts"
        )
    if scale == "log_error" and without_error:
        yield Problem("sweep.scale", scale, f"raw, for {metric} may be 0 or less and has no logarithm")
    elif scale == "log_error" and margin is not None and not is_relative:
        yield Problem("sweep.scale", scale, "raw, or a margin that is a part of the error, as in sweep.margin=10%")
    elif scale == "raw" and is_relative:
        yield Problem("sweep.scale", scale, f"log_error, or a margin in the unit of {metric}, for {margin} is a ratio")


def _worst_problems(worst: Any, metric: Any) -> Iterator[Problem]:
    """It must be a value that the metric can have, at an end that is bad."""
    if worst is None:
        return
    info = METRICS.get(metric) if isinstance(metric, str) else None
    low, high = (-math.inf, math.inf) if info is None else info.range
    if type(worst) not in (int, float) or not math.isfinite(worst):
        yield Problem("sweep.worst", worst, "a number in the metric's unit, or null")
    elif info is not None and not info.sign:
        yield Problem("sweep.worst", worst, f"null, for no value of {metric} is worse than another")
    elif not low <= worst <= high:
        ends = [f"{word} {end:g}" for word, end in (("from", low), ("to", high)) if math.isfinite(end)]
        yield Problem("sweep.worst", worst, f"a value that {metric} can have, {' '.join(ends)}")


def _margin_problems(margin: Any) -> Iterator[Problem]:
    is_number = type(margin) in (int, float) and 0 < margin < math.inf
    is_percent = isinstance(margin, str) and PERCENT.fullmatch(margin)
    if margin is not None and not is_number and not is_percent:
        yield Problem("sweep.margin", margin, "a number above 0 in the metric's unit, a percentage as in 10%, or null")


def _is_seed(seed: object) -> bool:
    return type(seed) is int and seed in SEEDS


# What a number may be, and how that is said.
NUMBERS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "size": (lambda value: type(value) is int and value > 0, "a whole number from 1"),
    "design_seed": (_is_seed, f"a whole number from 0 to {SEEDS[-1]}"),
    "confirm": (lambda value: type(value) is int and value >= 0, "a whole number from 0"),
    "alpha": (lambda value: type(value) is float and is_alpha(value), f"a number {ALPHAS}"),
}


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _seeds(seeds: int | list[int]) -> tuple[int, ...]:
    return tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)


def _margin(margin: int | float | str | None) -> float | str | None:
    return float(margin) if isinstance(margin, int) else margin
