"""What the process that reads pictures answers: the numbers of `ablate predict`, and words for what cannot be."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow, ImageDraw

from ablate.config.runs import Settings
from ablate.core.specs import Component
from ablate.datasets.photographs import FRAMES, prepare_digit, read_photograph
from ablate.operations.as_json import to_json
from ablate.operations.request import read_settings
from ablate.serving.reader import Limits, Reader, Step
from ablate.serving.reading_process import Models, answered
from ablate.serving.readings import News, Question, Reading, SideReading
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.kept import keep
from tests.damage import state
from tests.synthetic import completed_runs, dropout_sweep

DIGITS = "ablate.datasets.digits.load"
SIDES = ("kept:dropout=0.0", "kept:dropout=0.1")
TRAINED = (
    *("+sweep=dropout", "study=kept", "sweep.factors={model.dropout: [0.0, 0.1]}", "sweep.seeds=2", "dataset=digits"),
    *("model.hidden=[16]", "optimizer.learning_rate=0.02", "training.epochs=3", "numerics.engine=eager"),
    *("keep=[weights]", "executor.workers=1", "--quiet"),
)


def ablate(folder: Path, *words: str) -> str:
    """What a command of its own process prints."""
    done = subprocess.run(
        [sys.executable, "-m", "ablate", *words, f"results_dir={folder}/results", f"reports_dir={folder}/reports"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms of two trained runs each, with their weights; a photograph of a 1."""
    folder = tmp_path_factory.mktemp("readers")
    ablate(folder, "run", *TRAINED)
    (folder / "one.png").write_bytes(drawn("PNG"))
    return folder


@pytest.fixture(scope="module")
def settings(folder: Path) -> Settings:
    return read_settings((f"results_dir={folder}/results", f"reports_dir={folder}/reports"))


def drawn(format_name: str) -> bytes:
    image = Pillow.new("L", (200, 260), 230)
    ImageDraw.Draw(image).line([(100, 30), (100, 230)], fill=30, width=36)
    content = BytesIO()
    image.save(content, format_name)
    return content.getvalue()


@pytest.fixture(scope="module")
def reading(folder: Path, settings: Settings) -> Reading:
    """Both arms asked by way of the process, with the hidden units of the second seed; the store stays as it is."""
    before = state(folder / "results")
    reader = Reader(settings, Limits(answer_seconds=300.0))
    number = reader.ask(Question(SIDES, (folder / "one.png").read_bytes(), "one.png", seed=1))
    deadline = time.monotonic() + 300
    while not (found := reader.state(number)) or not found.step.is_last:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    reader.close()
    assert found.step is Step.DONE, found.said
    assert found.reading is not None
    assert state(folder / "results") == before
    return found.reading


def test_predictions_are_those_of_the_command_line(folder: Path, reading: Reading) -> None:
    for name, side in zip(SIDES, reading.sides, strict=True):
        assert (side.side, side.problem) == (name, "")
        told = json.loads(ablate(folder, "predict", name, str(folder / "one.png"), "--json"))
        ours = json.loads(json.dumps(to_json(side.found)))
        assert ours.keys() == told.keys()
        (mine,), (theirs,) = ours.pop("images"), told.pop("images")
        assert ours == told
        for key in ("image", "predicted", "class_name", "majority", "votes"):
            assert mine[key] == theirs[key]
        assert [run["run_id"] for run in mine["runs"]] == [run["run_id"] for run in theirs["runs"]]
        for key in ("probability", "probabilities", "plainly_resized"):
            assert mine[key] == pytest.approx(theirs[key], abs=1e-6)
        for one, other in zip(mine["runs"], theirs["runs"], strict=True):
            assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)


def test_hidden_units_are_those_of_the_weights(folder: Path, reading: Reading) -> None:
    plan = StudyFolder(folder / "results", "kept").plan()
    assert plan is not None
    example = prepare_digit(read_photograph(folder / "one.png"), FRAMES[DIGITS]).example
    for side in reading.sides:
        (run_id,) = [run.run_id for run in plan.runs if side.side.endswith(run.arm) and run.seed == 1]
        weights = RunStore(folder / "results").artefact(run_id, "weights")
        units = np.maximum(example.reshape(-1) @ weights["hidden_1/kernel"] + weights["hidden_1/bias"], 0)
        (layer,) = side.layers
        assert (side.seed, layer.shape, layer.shown) == (1, (16,), 16)
        assert layer.strongest == pytest.approx(units.max(), rel=1e-5)
        assert layer.silent == np.sum(units == 0)
        shown = np.asarray(Pillow.open(BytesIO(layer.image.png)))[..., 3]
        columns, cell = 6, (layer.image.width + 2) // 6
        places = [divmod(number, columns) for number in range(16)]
        strengths = [shown[row * cell + cell // 2, column * cell + cell // 2] for row, column in places]
        assert strengths == pytest.approx(255 * units / units.max(), abs=0.51)


def test_the_preparation_is_shown_once_for_both(reading: Reading) -> None:
    (preparation,) = reading.preparations
    titles = [image.title for image in preparation.steps]
    assert titles == ["grey", "ink", "cropped", "fitted in 8×8", "centred in 8×8"]
    assert preparation.plain is not None
    assert (preparation.steps[-1].width, preparation.steps[-1].height) == (8, 8)
    assert [side.preparation for side in reading.sides] == [0, 0]


# without TensorFlow ----------------------------------------------------------------------------------


def said(news: News) -> None:
    """Nobody listens."""


def read_by(results_dir: Path, *sides: str, picture: bytes = b"", allow: tuple[str, ...] = ()) -> Reading:
    settings = Settings(results_dir, results_dir, None, Component("a.b", {}), allow_targets=allow)
    return answered(Question(sides, picture), Models(settings, said))


def only(reading: Reading) -> SideReading:
    (side,) = reading.sides
    return side


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(side: int) -> bytes:
    """A PNG that says it has so many pixels each way."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


HOSTILE = {
    "a bomb": (bomb(60_000), "pixels"),
    "more than a telephone takes": (bomb(8_500), "72,250,000|8,500 × 8,500"),
    "a JPEG cut short": (drawn("JPEG")[:700], "truncated"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "none of BMP"),
    "text": (b"seven" * 1000, "none of BMP"),
    "a header alone": (b"\x89PNG\r\n\x1a\n", "none of BMP"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n", "none of BMP"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_is_no_picture_is_refused_in_words_before_anything_is_loaded(what: str, tmp_path: Path) -> None:
    picture, why = HOSTILE[what]
    found = read_by(tmp_path / "nowhere", "kept:adam", picture=picture)
    assert found.sides == ()
    assert found.problem.startswith("What was sent is no image")
    assert any(each in found.problem for each in why.split("|"))
    assert not list(tmp_path.iterdir()), "it was written nowhere"


def store(folder: Path, change: Callable[[Component], Component], weights: bool = True) -> Path:
    """A study of runs that nobody trained, whose models are another component."""
    sweep = dropout_sweep(rates=(0.0, 0.3), seeds=2)
    arms = tuple(replace(arm, spec=replace(arm.spec, model=change(arm.spec.model))) for arm in sweep.arms)
    sweep = replace(sweep, arms=arms)
    runs = completed_runs(sweep)
    if weights:
        runs = {name: replace(run, artefacts={"weights": {"a": np.zeros(3, np.float32)}}) for name, run in runs.items()}
    keep(folder, sweep, runs)
    return folder


@pytest.mark.parametrize("target", ["os.system", "elsewhere.models.make"])
def test_models_of_targets_that_are_not_allowed_are_not_built(target: str, tmp_path: Path) -> None:
    results = store(tmp_path / "results", lambda model: Component(target, {}))
    side = only(read_by(results, "dropout:dropout=0.0", picture=drawn("PNG")))
    assert side.found is None
    assert target in side.problem
    assert "elsewhere" not in sys.modules


def test_runs_without_weights_say_what_keeps_them(tmp_path: Path) -> None:
    side = only(read_by(store(tmp_path / "results", lambda model: model, weights=False), "dropout:dropout=0.0"))
    assert "has no weights saved" in side.problem
    # A name keeps its first letter, and a command ends where it ends.
    assert side.problem.startswith("dropout:dropout=0.0 has")
    assert side.problem.endswith("'keep=[weights]'")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("none:adam", "No study none"),
        ("dropout", "several arms"),
        ("dropout:none", "names no arm"),
        ("0000", "No run 0000"),
    ],
)
def test_who_is_not_there_is_said_and_the_others_are_asked(name: str, why: str, tmp_path: Path) -> None:
    results = store(tmp_path / "results", lambda model: model, weights=False)
    first, second = read_by(results, name, "dropout:dropout=0.3").sides
    assert why in first.problem
    assert "no weights saved" in second.problem


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    results = store(tmp_path / "results", lambda model: model)
    folder = next((results / "runs").glob("*/*"))
    (folder / "artefacts").rename(tmp_path / "elsewhere")
    (folder / "artefacts").symlink_to(tmp_path / "elsewhere")
    problems = [only(read_by(results, f"dropout:dropout={rate}")).problem for rate in ("0.0", "0.3")]
    assert sum("leads out of the results folder" in problem for problem in problems) == 1
