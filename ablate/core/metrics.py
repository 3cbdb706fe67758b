"""Metrics that training does not measure: each is asked for by name, and measured of runs that are stored.

    metric = OpenMetric(info, Component("ablate.metrics.balanced_accuracy.balanced_accuracy"), code, takes)
    metric.artefact          # "test_balanced_accuracy@0f3c…": under this name its value of a run is kept
    metric.needs             # (): what a run keeps anyway is enough

The metrics of `ablate.core.records.BUILT_IN` stand in every record. One of these is measured where a sweep, or one of
its claims, names it; its value is an artefact of the run. The artefact's name holds the digest of the code that
measures it, so that other code makes another artefact, and what the former has measured stays. What a plan says of such
a metric is all that tables and reports need: they are made without its code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ablate.core.identity import Json, digest
from ablate.core.records import BUILT_IN, CLASSIFICATION, PREDICTION, REGRESSION, TEST, Guess, MetricInfo
from ablate.core.specs import Component, SweepSpec
from ablate.sanitize.types import as_declared

__all__ = ["PREFIX", "TAKES", "OpenMetric", "described", "open_metrics", "wrong_fact"]

# They are measured on the test examples, whose predictions every completed run keeps.
PREFIX = "test_"
PROBABILITIES = "probabilities"
# What the function of a metric may take, by the names of its arguments, and the artefacts that it is found in: labels
# and predictions stand among the arrays of every run.
TAKES: Mapping[str, tuple[str, ...]] = {"labels": (), "predictions": (), PROBABILITIES: (PROBABILITIES,)}
DIGITS = 16
_NAME = re.compile(r"test_[A-Za-z0-9_]{1,80}", re.ASCII)
# Of a plan that comes from elsewhere they are shown in a report.
_TITLE = re.compile(r"[\w .,:()/÷²−-]{1,120}")
_UNIT = re.compile(r"[\w ./²%-]{0,40}")


@dataclass(frozen=True)
class OpenMetric:
    """One of them: what its number means, the function that measures it, and the digest of the function's sources.

    Attributes:
        takes: which of `TAKES` the function is given.
    """

    info: MetricInfo
    source: Component
    code: str
    takes: tuple[str, ...]

    def __post_init__(self) -> None:
        wrong = wrong_fact(self.info)
        if wrong or not set(self.takes) <= TAKES.keys():
            raise ValueError(wrong or f"{self.info.name} takes {', '.join(self.takes)}, not of {', '.join(TAKES)}")

    @property
    def artefact(self) -> str:
        """The name under which its value of a run is kept."""
        made_by: dict[str, Json] = {"source": self.source.to_json(), "code": self.code}
        return f"{self.info.name}@{digest('metric', 1, made_by)[:DIGITS]}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The artefacts that it is measured from, beside what every run keeps."""
        return tuple(dict.fromkeys(name for taken in self.takes for name in TAKES[taken]))

    def to_json(self) -> dict[str, Json]:
        info = {name: value for name, value in asdict(self.info).items() if name != "range"}
        bounds = [bound if math.isfinite(bound) else None for bound in self.info.range]
        return {
            "info": {**info, "range": bounds},
            "source": self.source.to_json(),
            "code": self.code,
            "takes": list(self.takes),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> OpenMetric:
        """
        Raises:
            KeyError, TypeError, ValueError: when `data` is not the JSON of one.
        """
        low, high = data["info"]["range"]
        worst = data["info"]["worst"]
        info = as_declared(
            MetricInfo(
                **{
                    **data["info"],
                    "range": (-math.inf if low is None else low, math.inf if high is None else high),
                    "worst": Guess(worst) if isinstance(worst, str) else worst,
                }
            )
        )
        source = Component.from_json(data["source"])
        return as_declared(cls(info, source, code=data["code"], takes=tuple(data["takes"])))


def described(facts: MetricInfo, leaf: str) -> MetricInfo:
    """The facts that the file of a metric states, of the metric that the leaf of this name makes of it."""
    return replace(facts, name=f"{PREFIX}{leaf}", title=f"test {facts.title}", measure=leaf, split=TEST, is_final=True)


def wrong_fact(info: MetricInfo) -> str:
    """What of the facts of an open metric cannot be; empty where all can."""
    low, high = info.range
    best = {1: high, -1: low}.get(info.sign, 0.0)
    checks = (
        (_NAME.fullmatch(info.name) and info.name not in BUILT_IN, "a name of letters, digits and _ of its own"),
        (_TITLE.fullmatch(info.title) and _UNIT.fullmatch(info.unit), "a title and a unit in plain words"),
        (info.direction in ("min", "max", ""), "a direction, min, max or empty"),
        (info.task in (CLASSIFICATION, REGRESSION, PREDICTION), "a task whose runs predict something"),
        (info.split == TEST and info.is_final, "the test examples, and one value of a run"),
        (low < high, "a range from the least to the largest value"),
        (not info.is_error or (info.sign and math.isfinite(best)), "a best value, where it is an error"),
        (not info.counts_examples or info.range == (0.0, 1.0), "a range from 0 to 1, where it counts examples"),
        (not isinstance(info.worst, float) or low <= info.worst <= high, "a worst value within its range"),
        (info.resolution is None or info.resolution > 0, "a resolution above 0"),
    )
    return next((f"{info.name} needs {needed}" for is_so, needed in checks if not is_so), "")


def open_metrics(sweep: SweepSpec) -> tuple[OpenMetric, ...]:
    """The open metrics that a sweep asks for.

    Raises:
        KeyError, TypeError, ValueError: when what its plan says of one is not the JSON of one.
    """
    return tuple(map(OpenMetric.from_json, sweep.metrics))
