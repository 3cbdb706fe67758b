"""What others wrote and the package carries: to the byte as it was published."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import pytest

# uPlot 1.6.32, of the package that its author publishes.
PUBLISHED = {
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}
FOLDER = files("ablate.web") / "assets" / "uPlot"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_it_is_what_was_published(name):
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == PUBLISHED[name]


def test_its_license_goes_with_it():
    assert {each.name for each in FOLDER.iterdir()} == set(PUBLISHED)
    assert "MIT" in (FOLDER / "LICENSE").read_text()
    assert "https://github.com/leeoniya/uPlot" in (FOLDER / "uPlot.iife.min.js").read_text()
