"""What runs whose weights are known read in a picture, what could not be read, and where it is shown."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ablate.config.runs import Settings
from ablate.core.errors import UsageError
from ablate.core.specs import Sweep
from ablate.datasets.photographs import FRAMES, prepare_digit, read_photograph
from ablate.operations.as_json import to_json
from ablate.operations.predict import predict
from ablate.publishing.evidence import PHOTO_PREDICTIONS
from tests.json_schema import validated
from tests.operations.conftest import logits, made_up

ARM, UNCERTAIN = "dropout:dropout=0.0", "dropout:dropout=0.3"


@pytest.fixture
def one(tmp_path: Path) -> Path:
    """A photograph of a 1."""
    image = Image.new("L", (200, 260), 230)
    ImageDraw.Draw(image).line([(100, 30), (100, 230)], fill=30, width=36)
    image.save(tmp_path / "one.png")
    return tmp_path / "one.png"


def by_hand(seed: int, image: Path) -> np.ndarray:
    example = prepare_digit(read_photograph(image), FRAMES["ablate.datasets.digits.load"]).example
    exponentials = np.exp(logits(made_up(seed, 0.3), example))
    return exponentials / exponentials.sum()


def test_every_seed_of_an_arm_is_asked(settings: Settings, weighted_sweep: Sweep, one: Path) -> None:
    found = predict(ARM, [one], settings=settings)
    assert (found.side, found.seeds, found.unasked, found.problems) == (ARM, 2, 0, {})
    assert (found.figures, found.report) == ((), None)
    (reading,) = found.predictions
    run_ids = [weighted_sweep.baseline.spec.with_seed(seed).run_id for seed in (0, 1)]
    assert [opinion.run_id for opinion in reading.opinions] == run_ids
    expected = [by_hand(seed, one) for seed in (0, 1)]
    assert [opinion.probabilities for opinion in reading.opinions] == pytest.approx(np.array(expected), abs=1e-5)
    assert reading.predicted == int(np.mean(expected, axis=0).argmax())
    (told,) = validated(json.dumps(to_json(found)))["images"]
    assert (told["image"], told["predicted"], told["majority"]) == ("one.png", reading.predicted, reading.majority)
    assert told["probabilities"] == pytest.approx(np.mean(expected, axis=0), abs=1e-5)
    assert [run["predicted"] for run in told["runs"]] == [int(each.argmax()) for each in expected]


def test_seeds_without_weights_are_counted(settings: Settings, one: Path) -> None:
    found = predict(UNCERTAIN, [one], settings=settings)
    assert (found.seeds, found.unasked) == (2, 1)
    (reading,) = found.predictions
    assert reading.probabilities == pytest.approx(np.full(10, 0.1))


def test_an_image_that_cannot_be_read_leaves_the_others(settings: Settings, one: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.png"
    torn.write_bytes(b"\x89PNG\r\n\x1a\n torn")
    found = predict(ARM, [torn, one], settings=settings)
    assert [reading.name for reading in found.predictions] == ["one.png"]
    assert list(found.problems) == [torn]
    failed = validated(json.dumps(to_json(found)))["failed"]
    assert failed == [{"image": str(torn), "error": found.problems[torn]}]


@pytest.mark.usefixtures("no_reports")
def test_where_it_is_shown(settings: Settings, one: Path, tmp_path: Path) -> None:
    found = predict(ARM, [one], settings=settings, out=tmp_path / "read", report=True)
    assert found.figures == (tmp_path / "read" / "one.png",)
    assert found.figures[0].read_bytes().startswith(b"\x89PNG")
    assert found.report == settings.reports_dir / "dropout" / "report.md"
    assert (settings.results_dir / "studies" / "dropout" / PHOTO_PREDICTIONS).is_file()


@pytest.mark.parametrize(
    ("name", "report", "message"),
    [("dropout", False, "has several arms"), ("nope:adam", False, "No study nope"), ("RUN", True, "has no report")],
)
def test_who_cannot_be_asked(
    settings: Settings, weighted_sweep: Sweep, one: Path, name: str, report: bool, message: str
) -> None:
    named = weighted_sweep.baseline.spec.run_id if name == "RUN" else name
    with pytest.raises(UsageError, match=message) as raised:
        predict(named, [one], settings=settings, report=report)
    assert raised.value.exit_code == 2
