"""Files of YAML that somebody else wrote: leaves, studies and a user's config.yaml.

    read_yaml(Path("experiments/theirs/study.yaml"))     # dicts, lists and scalars; nothing is resolved
    read_leaf(Path("conf/model/theirs.yaml"))            # what Hydra may be given to read

YAML can do more than say values. A tag can ask for objects, which the loader of OmegaConf refuses; a few lines
of aliases can stand for gigabytes; and the header of a leaf, or a list of defaults in it, can put values where
nobody looks for them, such as another folder for results.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from ablate.config.numbers import is_decimal
from ablate.config.problems import ConfigError, Problem, raise_any
from ablate.sanitize.files import read_file

__all__ = ["read_leaf", "read_yaml"]

# The longest file of ablate's own has a tenth of it.
MOST_BYTES = 2**18
# Aliases included, as many times as they are used.
MOST_VALUES = 100_000
DEEPEST = 50
_PACKAGE = re.compile(r"^\s*#.*@\s*package\b", re.MULTILINE)
# A zero before another digit or the letter of a base, or digits around a colon; `_number_problems` looks closer.
_MAYBE_NOT_DECIMAL = re.compile(r"\b0[0-9_xXbB]|\d_*:\d")
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
# Keys that Hydra takes from a leaf for itself.
OF_HYDRA = ("defaults", "hydra")


def read_yaml(file: Path) -> Any:
    """What `file` says; `{}` where it is empty.

    Raises:
        ConfigError: when it is no file of YAML in UTF-8, asks for objects, says a key twice, or stands for more
            than a config can mean.
    """
    return _parsed(file, _text(file))


def read_leaf(file: Path) -> dict[str, Any]:
    """What `file` says, which is values for its own group, and nothing to Hydra.

    Raises:
        ConfigError: with everything else that it holds, and as `read_yaml`.
    """
    text = _text(file)
    content = _parsed(file, text)
    raise_any(_leaf_problems(file, text, content))
    return dict(content)


def _leaf_problems(file: Path, text: str, content: Any) -> Iterator[Problem]:
    if not isinstance(content, dict):
        yield Problem(str(file), str(file), "a mapping with the keys of a leaf")
        return
    if _PACKAGE.search(text):
        yield Problem(str(file), "@package", "no such header, for a leaf sets what is in its own group")
    for key in OF_HYDRA:
        if key in content:
            yield Problem(str(file), key, "values alone: other leaves are chosen on the command line")


def _text(file: Path) -> str:
    try:
        return read_file(file, MOST_BYTES).decode("utf-8").replace("\r\n", "\n")
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error


def _parsed(file: Path, text: str) -> Any:
    try:
        if "*" in text and _is_too_large(yaml.compose(text, Loader=yaml.SafeLoader)):
            allowed = f"at most {MOST_VALUES:,} values, {DEEPEST} deep, aliases written out"
            raise ConfigError([Problem(str(file), str(file), allowed)])
        if _MAYBE_NOT_DECIMAL.search(text):
            raise_any(_number_problems(file, yaml.compose(text, Loader=yaml.SafeLoader)))
        return OmegaConf.to_container(OmegaConf.load(io.StringIO(text)))
    except ConfigError:
        raise
    # Not only YAMLError: a number of ten thousand digits stops the loader itself.
    except (yaml.YAMLError, OmegaConfBaseException, OSError, ValueError, TypeError, RecursionError) as error:
        raise _unreadable(file, error) from error


def _number_problems(file: Path, root: yaml.Node | None, key: str = "") -> Iterator[Problem]:
    """Every number that YAML reads otherwise than the command line does: 016 as 14, 1:30 as 90."""
    if isinstance(root, yaml.MappingNode):
        for name, value in root.value:
            yield from _number_problems(file, value, f"{key}.{name.value}" if key else str(name.value))
    elif isinstance(root, yaml.SequenceNode):
        for index, item in enumerate(root.value):
            yield from _number_problems(file, item, f"{key}[{index}]")
    elif isinstance(root, yaml.ScalarNode) and root.tag in _NUMBERS and not is_decimal(root.value):
        allowed = "a decimal number, as in 16 or 0.5, or a text in quotes"
        yield Problem(key, root.value, allowed, location=f"{file}:{root.start_mark.line + 1}")


def _is_too_large(root: yaml.Node | None) -> bool:
    """Whether the document has too many values, or is too deep, once its aliases are written out; a document that
    contains itself is."""
    waiting = [] if root is None else [(root, 0)]
    for _ in range(MOST_VALUES):
        if not waiting:
            return False
        node, depth = waiting.pop()
        if depth > DEEPEST:
            return True
        if isinstance(node, yaml.MappingNode):
            waiting.extend((part, depth + 1) for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend((item, depth + 1) for item in node.value)
    return bool(waiting)


def _unreadable(file: Path, error: Exception) -> ConfigError:
    mark, first = getattr(error, "problem_mark", None), next(iter(str(error).splitlines()), type(error).__name__)
    reason = first if mark is None else error.problem  # type: ignore[attr-defined]
    place = str(file) if mark is None else f"{file}:{mark.line + 1}"
    return ConfigError([Problem(place, place, f"a file of YAML ({reason})")])
