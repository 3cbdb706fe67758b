"""What there is to choose from: the table of conf/README.md, read from the leaves themselves.

python tests/choices.py        # prints the rows as they should stand there
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import yaml

CONF = Path(__file__).resolve().parents[1] / "conf"


def described(leaf: Path) -> str:
    """The question of a sweep; of any other leaf the comment that it begins with."""
    text = leaf.read_text()
    if leaf.parent.name == "sweep":
        return str(yaml.safe_load(text)["question"])
    lines = takewhile(lambda line: line.startswith("# "), text.splitlines())
    return " ".join(line.removeprefix("# ") for line in lines)


def rows(group: str) -> Iterator[str]:
    """A row of the table for every leaf of a group, in alphabetical order."""
    for leaf in sorted((CONF / group).glob("*.yaml")):
        yield f"| `{leaf.stem}` | {described(leaf)} |"


def groups() -> list[str]:
    """The folders of conf/ that leave something to choose."""
    return sorted(folder.name for folder in CONF.iterdir() if len([*folder.glob("*.yaml")]) > 1)


if __name__ == "__main__":
    for group in groups():
        print(f"## {group}\n", *rows(group), sep="\n", end="\n\n")  # noqa: T201
