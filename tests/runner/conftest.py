"""What several files of tests compare with."""

from __future__ import annotations

from collections.abc import Callable

import psutil
import pytest

from tests.runner.lives import TABLES, Undisturbed, live_undisturbed, scripted_life


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory) -> Undisturbed:
    """The scripted study, which one worker trained as two did."""
    first, second = (
        live_undisturbed(scripted_life, tmp_path_factory.mktemp("undisturbed"), workers) for workers in (2, 1)
    )
    assert first.results == second.results
    assert len(second.results) == 2 * second.runs + len(TABLES)
    return second


@pytest.fixture
def children() -> Callable[[], list[psutil.Process]]:
    """Says which processes this one has started since the test began: the server that lives are forked from stays."""
    before = psutil.Process().children()
    return lambda: [process for process in psutil.Process().children() if process not in before]
