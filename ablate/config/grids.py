"""A question that is asked in the words of a command line: `-m optimizer=sgd,adam model.dropout=0.0,0.3 seed=0,1`.

Keys with several values are factors, and their first values the baseline; `seed=` gives the seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ablate.config.composing import SWEEP
from ablate.config.overrides import Overrides, parse_choices, raise_repeated
from ablate.config.problems import ConfigError, Problem, gather, raise_any
from ablate.config.study_declaration import EXPERIMENT
from ablate.core.identity import Json, digest
from ablate.core.specs import Sweep

__all__ = ["GRID", "grid_leaf", "grid_name", "grid_overrides"]

GRID = "grid"
NAME_FORMAT = 1
NAME_DIGITS = 8
DEFAULT_SEEDS = (0,)


def grid_overrides(texts: Sequence[str]) -> tuple[dict[str, tuple[Json, ...]], Overrides]:
    """The keys that are given several values, with these, and the overrides of all other keys.

    The seed counts as one of the former, however many there are.

    Raises:
        ConfigError: with every text that is no override in Hydra's grammar, or asks for another study; or else with
            every key that is given twice.
    """
    choices = gather(parse_choices, texts)
    raise_repeated(overrides[0] for overrides in choices)
    raise_any(
        Problem(override.key, override.value, "either this or -m, not both")
        for overrides in choices
        for override in overrides
        if override.key in (SWEEP, EXPERIMENT)
    )
    several = [overrides for overrides in choices if len(overrides) > 1 or overrides[0].key == "seed"]
    plain = tuple(overrides[0] for overrides in choices if overrides not in several)
    return {overrides[0].key: tuple(override.value for override in overrides) for overrides in several}, plain


def grid_leaf(values: Mapping[str, tuple[Json, ...]]) -> dict[str, Any]:
    """What a leaf of conf/sweep would say of the grid of these values.

    Raises:
        ConfigError: when there is no factor.
    """
    factors = {key: list(levels) for key, levels in values.items() if key != "seed"}
    if not factors:
        raise ConfigError([Problem("-m", "-m", "at least one key with several values, as in optimizer=sgd,adam")])
    return {
        "question": f"What changes with {' and '.join(factors)}?",
        "factors": factors,
        "design": GRID,
        "baseline": {key: levels[0] for key, levels in factors.items()},
        "seeds": list(values.get("seed", DEFAULT_SEEDS)),
        "metric": "val_loss",
    }


def grid_name(sweep: Sweep) -> str:
    """`grid-` and eight digits: equal grids have equal names, whatever their seeds."""
    return f"{GRID}-{digest(GRID, NAME_FORMAT, sweep.definition())[:NAME_DIGITS]}"
