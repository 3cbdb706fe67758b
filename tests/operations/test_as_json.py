"""Any frozen result becomes plain JSON by its declared fields, and by nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ablate
from ablate.core.records import METRICS, MetricInfo, RunRecord
from ablate.core.specs import RunSpec
from ablate.operations import as_json
from ablate.operations.as_json import document, shows, to_json
from tests.synthetic import completed_run, run_spec


class Colour(StrEnum):
    RED = "red"


@shows("name", "loudness=voice.loudness", "is_loud")
@dataclass(frozen=True)
class Animal:
    name: str
    voice: Any
    store: object = None

    @property
    def is_loud(self) -> bool:
        return self.voice.loudness > 1


@dataclass(frozen=True)
class Voice:
    loudness: float


@dataclass(frozen=True)
class Everything:
    """A result of an operation that holds a value of every type."""

    nothing: None = None
    truth: bool = True
    number: int = 3
    share: float = 0.5
    text: str = "π"
    colour: Colour = Colour.RED
    path: Path = Path("a") / "b"
    when: datetime = datetime(2024, 2, 29, 12, tzinfo=UTC)
    numbers: tuple[float, ...] = (1.0, math.nan, math.inf, -math.inf)
    names: frozenset[str] = frozenset("ba")
    array: Any = field(default_factory=lambda: np.array([[1.0, np.nan], [2.0, -np.inf]], np.float32))
    scalars: Any = (np.float32(0.5), np.int64(7), np.float64("nan"), np.bool_(True))
    by_seed: Mapping[Any, Any] = field(default_factory=lambda: {3: (1, 2), Path("x"): None, Colour.RED: Voice(2.0)})
    metric: MetricInfo = METRICS["val_loss"]
    nested: Animal = Animal("cow", Voice(2.0), object())


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Everything` is a result in these tests only: it has no place in the schema."""
    monkeypatch.setattr(as_json, "_documents", {**as_json.documents()})
    document("everything", version=4)(Everything)


def test_every_type_has_its_json() -> None:
    assert to_json(Everything()) == {
        "kind": "everything",
        "version": 4,
        "nothing": None,
        "truth": True,
        "number": 3,
        "share": 0.5,
        "text": "π",
        "colour": "red",
        "path": str(Path("a/b")),
        "when": "2024-02-29T12:00:00+00:00",
        "numbers": [1.0, None, None, None],
        "names": ["a", "b"],
        "array": [[1.0, None], [2.0, None]],
        "scalars": [0.5, 7, None, True],
        "by_seed": {"3": [1, 2], "x": None, "red": {"loudness": 2.0}},
        "metric": "val_loss",
        "nested": {"name": "cow", "loudness": 2.0, "is_loud": True},
    }


def test_it_is_plain_whoever_reads_it() -> None:
    assert json.loads(json.dumps(to_json(Everything()), allow_nan=False)) == to_json(Everything())


def test_specs_and_records_are_as_they_are_stored() -> None:
    run = completed_run(run_spec(seed=3))
    spec, record = json.loads(json.dumps(to_json(Everything(array=(run.spec, run.record)))))["array"]
    assert RunSpec.from_json(spec) == run.spec
    assert RunRecord.from_json(record) == run.record


def test_several_results_are_a_list() -> None:
    assert to_json((Everything(number=1), Everything(number=2))) == [
        to_json(Everything(number=1)),
        to_json(Everything(number=2)),
    ]
    assert to_json(()) == []


@pytest.mark.parametrize("other", [Voice(1.0), {"kind": "gc"}, 3, None])
def test_what_no_operation_gives_is_refused(other: object) -> None:
    with pytest.raises(TypeError, match="is no result of an operation"):
        to_json(other)


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="complex has no JSON"):
        to_json(Everything(array=1j))


def test_a_kind_is_declared_once_and_hides_no_field() -> None:
    with pytest.raises(ValueError, match="there is a kind verdict already"):
        document("verdict", version=2)(Voice)

    @dataclass(frozen=True)
    class Kinder:
        kind: str

    with pytest.raises(ValueError, match="Kinder shows a kind"):
        document("kinder", version=1)(Kinder)


def test_it_is_public() -> None:
    rows = [(arm, seed, 0.9 + gain + seed / 100) for arm, gain in (("sgd", 0.0), ("adam", 0.05)) for seed in range(4)]
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows, columns=["arm", "seed", "accuracy"])
    (verdict,) = ablate.to_json(ablate.judge(frame, metric="accuracy", direction="max"))  # type: ignore[misc]
    assert (verdict["kind"], verdict["subject"], verdict["metric"], verdict["n"]) == ("verdict", "adam", "accuracy", 4)
    assert verdict["differences"] == pytest.approx({str(seed): 0.05 for seed in range(4)})
