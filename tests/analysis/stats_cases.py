"""Published and independently recomputed results that the statistics have to reproduce."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

CASES = Path(__file__).parents[1] / "data" / "stats_cases.json"


@lru_cache
def _cases() -> dict[str, Any]:
    return {case["id"]: case for case in json.loads(CASES.read_text())}


def given(name: str) -> Any:
    return _cases()[name]["input"]


def expected(name: str) -> Any:
    return _cases()[name]["expected"]
