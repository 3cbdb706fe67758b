"""The loss between two runs whose weights are known, and where it is shown."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.core.specs import Sweep
from ablate.operations.as_json import to_json
from ablate.operations.interpolate import interpolate
from ablate.publishing.evidence import INTERPOLATIONS
from tests.json_schema import validated

FIRST, ZERO = "dropout:dropout=0.0", "dropout:dropout=0.3"


def test_the_line_between_two_arms_passes_through_both(settings: Settings) -> None:
    found = interpolate(FIRST, ZERO, settings=settings)
    assert (found.interpolations.first, found.interpolations.second) == (FIRST, ZERO)
    assert (found.figure, found.report) == (None, None)
    # Of seed 1 the weights were not kept on both sides.
    assert list(found.interpolations.by_seed) == [0]
    line = found.interpolations.by_seed[0]
    assert (line.positions[0], line.positions[-1]) == (0.0, 1.0)
    # Whose weights are zero finds all ten classes alike.
    assert (line.train_loss[-1], line.validation_loss[-1]) == pytest.approx((math.log(10), math.log(10)), rel=1e-5)
    assert abs(line.train_loss[0] - math.log(10)) > 0.01
    back = interpolate(ZERO, FIRST, settings=settings).interpolations.by_seed[0]
    assert back.train_loss[::-1] == pytest.approx(line.train_loss, rel=1e-5)
    told = validated(json.dumps(to_json(found)))
    assert (told["lines"][0]["seed"], told["lines"][0]["train_loss"]) == (0, line.train_loss.tolist())
    assert (told["first"], told["barrier"]) == (FIRST, line.barrier)


@pytest.mark.usefixtures("no_reports")
def test_where_it_is_shown(settings: Settings, tmp_path: Path) -> None:
    found = interpolate(FIRST, ZERO, settings=settings, out=tmp_path, report=True)
    assert found.figure is not None
    assert found.figure.read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.iterdir()) == [found.figure]
    assert found.report == settings.reports_dir / "dropout" / "report.md"
    assert (settings.results_dir / "studies" / "dropout" / INTERPOLATIONS).is_file()


def test_two_runs_are_a_pair_whatever_their_seeds(settings: Settings, weighted_sweep: Sweep) -> None:
    first, second = (weighted_sweep.baseline.spec.with_seed(seed).run_id for seed in (0, 1))
    found = interpolate(first, second, settings=settings)
    assert list(found.interpolations.by_seed) == [0]
    with pytest.raises(UsageError, match="has no report") as raised:
        interpolate(first, second, settings=settings, report=True)
    assert raised.value.exit_code == 2


def test_a_path_has_two_ends(settings: Settings) -> None:
    with pytest.raises(UsageError, match="a path has two ends"):
        interpolate(FIRST, FIRST, settings=settings)


def test_without_weights_there_is_nothing_between(settings: Settings, weighted_sweep: Sweep) -> None:
    bare = weighted_sweep.arms[1].spec.with_seed(1).run_id
    with pytest.raises(UsageError, match="has no weights saved") as raised:
        interpolate(FIRST, bare, settings=settings)
    assert raised.value.exit_code == 2
