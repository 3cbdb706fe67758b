"""Where in a file of YAML a key stands, for the messages about it."""

from __future__ import annotations

from pathlib import Path

import yaml

__all__ = ["location"]


def location(file: Path, key: str) -> str:
    """`file:line` of the dotted `key`, or of as much of it as the file has: `conf/sweep/mine.yaml:4`.

    Args:
        key: as in `factors.model.dropout` or `sweeps[0].claims`; the keys of the file may contain dots.
    """
    root = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = 1 if root is None else _line(root, key, 1)
    return f"{_shown(file)}:{line}"


def _line(node: yaml.Node, key: str, line: int) -> int:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            rest = key.removeprefix(str(name.value))
            if rest != key and (not rest or rest[0] in ".["):
                return _line(value, rest.removeprefix("."), name.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode) and key.startswith("["):
        index, _, rest = key[1:].partition("]")
        item = node.value[int(index)]
        return _line(item, rest.removeprefix("."), item.start_mark.line + 1)
    return line


def _shown(file: Path) -> Path:
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
