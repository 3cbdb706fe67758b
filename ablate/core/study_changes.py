"""In what a study differs from the one of its name, in the words of whoever asked for it.

    sentences(kept.definition(), asked.definition())
    # ("the arm dropout=0.5 is new", "training.epochs was 5, is 7")

A definition holds the settings of every arm, of which one word of a command line changes dozens. Told is what was
changed, once: arms that came or went, then what is another in the arms of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ablate.core.identity import Json, canonical

__all__ = ["sentences"]

# Fields that follow from the arms: they are told where the arms say nothing.
FROM_ARMS = ("factors", "base", "baseline", "arms")
MOST_NAMES = 3
ABSENT = object()


def sentences(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[str, ...]:
    """What is another in the definition `asked` than in `kept`, in one sentence each; see `StudyPlan.definition`."""
    found = [*_came_and_went("sweep", kept, asked)]
    for name in (name for name in asked if name in kept):
        place = f" in {name}" if len(asked) > 1 else ""
        found += [f"{sentence}{place}" for sentence in _of_sweep(kept[name], asked[name])]
    return tuple(found)


def _of_sweep(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    changed = [*_came_and_went("arm", kept["arms"], asked["arms"]), *_settings(kept["arms"], asked["arms"])]
    yield from changed
    for key in dict.fromkeys((*kept, *asked)):
        if key not in FROM_ARMS or (not changed and key != "arms"):
            yield from _changed(f"sweep.{key}", kept.get(key), asked.get(key))


def _came_and_went(kind: str, kept: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    for names, what in (([*asked], "new"), ([*kept], "gone")):
        other = kept if what == "new" else asked
        found = [name for name in names if name not in other]
        if found:
            yield f"the {kind} {found[0]} is {what}" if len(found) == 1 else f"the {kind}s {_listed(found)} are {what}"


def _listed(names: Sequence[str]) -> str:
    shown, left_out = names[:MOST_NAMES], len(names) - MOST_NAMES
    last = f"{left_out} more" if left_out > 0 else shown[-1]
    return f"{', '.join(shown if left_out > 0 else shown[:-1])} and {last}"


def _settings(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    """What is another in the arms of both: once where it is in all of them, else with the arms."""
    both = [name for name in asked if name in kept]
    arms: dict[str, list[str]] = {}
    for arm in both:
        ours, theirs = dict(_words(kept[arm])), dict(_words(asked[arm]))
        for key in dict.fromkeys((*ours, *theirs)):
            if not _is_below_another(key, ours, theirs):
                for sentence in _changed(key, ours.get(key, ABSENT), theirs.get(key, ABSENT)):
                    arms.setdefault(sentence, []).append(arm)
    for sentence, names in arms.items():
        yield sentence if len(names) == len(both) else f"{sentence} in {_listed(names) if names[1:] else names[0]}"


def _words(value: Any, key: str = "") -> Iterator[tuple[str, Json]]:
    """Dotted key, as it is typed, and value of everything in an arm's settings."""
    if isinstance(value, Mapping) and set(value) == {"target", "arguments"}:
        # The loader's arguments are keys of the data set.
        key = key.removesuffix(".source")
        yield key, str(value["target"]).rpartition(".")[2]
        yield from _words(value["arguments"], key)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _words(item, f"{key}.{name}" if key else str(name))
    else:
        yield key, value


def _is_below_another(key: str, ours: Mapping[str, Json], theirs: Mapping[str, Json]) -> bool:
    """Whether a key is an argument of a component that is another one: what it is given follows from that."""
    parts = key.split(".")
    above = [".".join(parts[:length]) for length in range(1, len(parts))]
    return any(ours.get(name) != theirs.get(name) for name in above)


def _changed(key: str, kept: object, asked: object) -> Iterator[str]:
    if _text(kept) == _text(asked):
        return
    if key == "dataset.digest" or key.startswith("code."):
        yield f"the {'data' if key == 'dataset.digest' else f'code of {key[5:]}'} changed"
    elif kept is ABSENT or asked is ABSENT:
        yield f"{key}={_text(asked)} is new" if kept is ABSENT else f"{key}={_text(kept)} is gone"
    else:
        yield f"{key} was {_text(kept)}, is {_text(asked)}"


def _text(value: Any) -> str:
    if value is ABSENT:
        return "(absent)"
    return value if isinstance(value, str) else canonical(value)
