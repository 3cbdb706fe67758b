"""Settings under the names that the command line uses, and where they differ.

>>> flatten({"model": {"target": "ablate.models.mlp.mlp", "arguments": {"dropout": 0.3}}})
{'model': 'ablate.models.mlp.mlp', 'model.dropout': 0.3}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ablate.core.identity import Json
from ablate.core.versions import apart_from_the_command

__all__ = ["ABSENT", "differing_names", "flat_environments", "flatten", "setting_text"]

# Unlike None, which is a value: `model.dropout` is absent where the model knows no dropout.
ABSENT = "(absent)"


def flatten(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Json]:
    """Dotted name to value, sorted by name; a component stands for its target, its arguments below it."""
    flat: dict[str, Json] = {}
    for key, value in settings.items():
        flat |= _flatten_value(f"{prefix}{key}", value)
    return dict(sorted(flat.items()))


def _flatten_value(name: str, value: Any) -> dict[str, Json]:
    if not isinstance(value, Mapping):
        return {name: value}
    if set(value) == {"target", "arguments"}:
        return {name: value["target"], **flatten(value["arguments"], f"{name}.")}
    return flatten(value, f"{name}.")


def flat_environments(environments: Iterable[Mapping[str, Json]]) -> list[dict[str, Json]]:
    """Each environment of a record without the words of the command, flat. Those of a study are nearly all alike, and
    one that was seen before is the same object."""
    found: dict[str, dict[str, Json]] = {}
    texts = [(repr(environment), environment) for environment in environments]
    for text, environment in texts:
        if text not in found:
            found[text] = flatten(apart_from_the_command(environment))
    return [found[text] for text, _ in texts]


def differing_names(settings: Iterable[Mapping[str, Json]]) -> tuple[str, ...]:
    """The names, sorted, whose value is not the same in all of these flat settings."""
    each = list(settings)
    names = sorted({name for flat in each for name in flat})
    return tuple(name for name in names if len({setting_text(flat.get(name, ABSENT)) for flat in each}) > 1)


def setting_text(value: Json) -> str:
    """A value as a reader sees it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(_plain(value), sort_keys=True)


def _plain(value: Json) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
