"""Hydra takes some 60 ms to compose: the leaves of the checkout are composed once for all tests."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from ablate.config import composing

NO_ADDED_FOLDER = "hydra.searchpath=[]"


@cache
def _remembered(name: str, overrides: tuple[str, ...]) -> Any:
    return _hydra_compose(name, list(overrides))


_hydra_compose = composing.hydra_compose


def _compose(name: str, overrides: list[str]) -> Any:
    if NO_ADDED_FOLDER in overrides:
        return _remembered(name, tuple(overrides))
    return _hydra_compose(name, overrides)


@pytest.fixture(autouse=True)
def remember_compositions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "hydra_compose", _compose)
