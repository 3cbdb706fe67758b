"""The key that was probably meant: what others call it, the same word in another place, or the nearest in letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields

from ablate.config.problems import nearest
from ablate.core.specs import ABOUT_AN_ORIGINAL, SweepSpec

__all__ = ["SWEEP_KEYS", "meant_key", "usual_name"]

# What a leaf of conf/sweep may say.
SWEEP_KEYS = tuple(each.name for each in fields(SweepSpec) if each.name not in ("name", "metrics", *ABOUT_AN_ORIGINAL))
# What other tools call it.
ALIASES: Mapping[str, str] = {
    "lr": "learning_rate",
    "wd": "weight_decay",
    "eps": "epsilon",
    "bs": "batch_size",
    "batch": "batch_size",
    "n_epochs": "epochs",
    "num_epochs": "epochs",
    "n_seeds": "seeds",
    "num_seeds": "seeds",
    "units": "hidden",
    "hidden_units": "hidden",
    "hidden_size": "hidden",
}
MOST_NAMED = 3


def usual_name(name: str) -> str:
    """What is meant here by a name that others use."""
    return ALIASES.get(name, name)


def meant_key(key: str, near: Iterable[str], everywhere: Iterable[str]) -> str | None:
    """The dotted key that `key`, which is none, was probably meant to be.

    Args:
        near: the keys beside it, which it may be a slip of.
        everywhere: all keys, of which it may have the last word.
    """
    beside = tuple(near)
    word = usual_name(key.rpartition(".")[2])
    for keys in (beside, everywhere):
        same = [each for each in keys if each.rpartition(".")[2] == word]
        if same:
            return " or ".join(same[:MOST_NAMED])
    return nearest(key, beside)
