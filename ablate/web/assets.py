"""The style and the scripts of a page: set within an offline file, served beside the pages of the application.

    style(), script()                  # each as one text
    hash_of(script())                  # 'sha256-…', by which a content security policy allows exactly this text
    assets()["style.css"].content      # what the application serves

A script more is a file more in `assets/`: `uPlot` comes first, then all others by their names. `theme.js` alone runs
before anything is drawn, so that no page is light for the moment before it is dark.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Asset", "assets", "early_script", "hash_of", "script", "scripts", "style", "styles"]

FOLDER = Path(__file__).with_name("assets")
VENDORED = "uPlot"
EARLY = "theme.js"
# Of what a page is set in; licences, and whatever else lies beside them, are not sent.
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    """A file of `assets/`, by its path there."""

    name: str
    content: str

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[Path(self.name).suffix]


@cache
def assets() -> Mapping[str, Asset]:
    """Every style and script, by name, in the order in which a page takes them."""
    paths = sorted(path for path in FOLDER.rglob("*") if path.suffix in MEDIA_TYPES)
    vendored = [path for path in paths if path.parent.name == VENDORED]
    found = [*vendored, *(path for path in paths if path not in vendored)]
    names = [path.relative_to(FOLDER).as_posix() for path in found]
    return {name: Asset(name, path.read_text(encoding="utf-8")) for name, path in zip(names, found, strict=True)}


def styles() -> tuple[Asset, ...]:
    return tuple(asset for name, asset in assets().items() if name.endswith(".css"))


def scripts() -> tuple[Asset, ...]:
    """All but what runs early."""
    return tuple(asset for name, asset in assets().items() if name.endswith(".js") and name != EARLY)


def style() -> str:
    return "\n".join(asset.content.strip() for asset in styles())


def script() -> str:
    return "\n".join(asset.content.strip() for asset in scripts())


def early_script() -> str:
    """What has to have run before anything is drawn."""
    return assets()[EARLY].content.strip()


def hash_of(text: str) -> str:
    """What allows an element with exactly this content in a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
