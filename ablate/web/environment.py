"""The templates: what the shell of every page is, and who may fill it.

    environment().get_template("report.html").render(title="optimizers", …)

Everything that is filled in is escaped, unless it is `Markup`, which `markup` and the pictures make.
"""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

__all__ = ["TEMPLATES", "environment"]

TEMPLATES = Path(__file__).with_name("templates")


def environment(*folders: Path) -> Environment:
    """The templates of this room, and those of `folders`, which may extend them. A name without a value is an error."""
    return Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
