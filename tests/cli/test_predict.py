"""`ablate predict`, `interpolate` and `export`: what trained runs read, what lies between two, and runs as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ablate.cli import main
from ablate.datasets.photographs import FRAMES, prepare_digit, read_photograph
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.conftest import Said
from tests.json_schema import validated
from tests.words import changed

TINY = [
    *("model.hidden=[16]", "optimizer.learning_rate=0.02", "training.epochs=3", "training.batch_size=128"),
    *("numerics.engine=eager", "executor=inline", "--quiet"),
]
SWEEP = ["+sweep=dropout", "sweep.factors={model.dropout: [0.0, 0.1]}", "sweep.seeds=2"]
DIGITS = "ablate.datasets.digits.load"

Trained = Callable[..., Said]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a study whose weights were kept, and one whose were not; a few images."""
    folder = tmp_path_factory.mktemp("predict")
    places = [f"results_dir={folder}/results", f"reports_dir={folder}/reports"]
    assert main([*SWEEP, "study=kept", "keep=[weights]", *TINY, *places]) == 0
    bare = ["+sweep=dropout", "sweep.factors={model.dropout: [0.2]}", "sweep.baseline.model.dropout=0.2"]
    assert main([*bare, "sweep.seeds=1", "study=bare", *TINY, *places]) == 0
    draw_one(folder / "one.png")
    draw_one(folder / "again" / "one.png", paper=10, ink=240)
    Image.new("L", (60, 60), 200).save(folder / "blank.png")
    (folder / "torn.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    return folder


def draw_one(path: Path, paper: int = 230, ink: int = 30) -> None:
    image = Image.new("L", (200, 260), paper)
    ImageDraw.Draw(image).line([(100, 30), (100, 230)], fill=ink, width=36)
    path.parent.mkdir(exist_ok=True)
    image.save(path)


@pytest.fixture
def ablate(folder: Path, capsys: pytest.CaptureFixture[str]) -> Trained:
    def run(*words: str) -> Said:
        capsys.readouterr()
        code = main([*words, f"results_dir={folder}/results"])
        return Said(code, *capsys.readouterr())

    return run


def run_ids(folder: Path, study: str) -> list[str]:
    plan = StudyFolder(folder / "results", study).plan()
    assert plan is not None
    return [run.run_id for run in plan.runs if run.is_baseline]


def by_hand(folder: Path, run_id: str, image: Path) -> np.ndarray:
    """The probabilities, in numpy."""
    weights = RunStore(folder / "results").artefact(run_id, "weights")
    example = prepare_digit(read_photograph(image), FRAMES[DIGITS]).example.reshape(-1)
    hidden = np.maximum(example @ weights["hidden_1/kernel"] + weights["hidden_1/bias"], 0)
    exponentials = np.exp(hidden @ weights["logits/kernel"] + weights["logits/bias"])
    return exponentials / exponentials.sum()


def test_probabilities_are_those_of_the_weights(folder: Path, ablate: Trained) -> None:
    ids = run_ids(folder, "kept")
    said = ablate("predict", "kept:dropout=0.0", str(folder / "one.png"), "--json")
    assert (said.code, said.err) == (0, "")
    (reading,) = validated(said.out)["images"]
    expected = [by_hand(folder, run_id, folder / "one.png") for run_id in ids]
    assert [run["run_id"] for run in reading["runs"]] == ids
    for run, probabilities in zip(reading["runs"], expected, strict=True):
        assert run["probabilities"] == pytest.approx(probabilities, abs=1e-5)
    assert reading["probabilities"] == pytest.approx(np.mean(expected, axis=0), abs=1e-5)
    assert reading["predicted"] == int(np.mean(expected, axis=0).argmax())
    assert sum(reading["votes"].values()) == 2
    assert sum(reading["plainly_resized"]) == pytest.approx(1, abs=1e-4)


def test_one_line_an_image_and_a_figure_of_each(folder: Path, ablate: Trained, tmp_path: Path) -> None:
    run_id = run_ids(folder, "kept")[0]
    images = [str(folder / "one.png"), str(folder / "again" / "one.png")]
    said = ablate("predict", run_id[:10], *images, "--out", str(tmp_path))
    probabilities = by_hand(folder, run_id, folder / "one.png")
    best = int(probabilities.argmax())
    assert said.out.splitlines()[0] == f"one.png: {best} ({probabilities[best]:.3f})"
    assert len(said.out.splitlines()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.png", "one_2.png"]
    with Image.open(tmp_path / "one.png") as figure:
        assert figure.size[0] > 800


def test_a_report_shows_what_was_read(folder: Path, ablate: Trained) -> None:
    said = ablate("predict", "kept:dropout=0.0", str(folder / "one.png"), "--report", f"reports_dir={folder}/reports")
    assert said.code == 0
    assert "## Photographs" in (folder / "reports" / "kept" / "report.md").read_text()
    alone = ablate("predict", run_ids(folder, "kept")[0], str(folder / "one.png"), "--report")
    assert (alone.code, "has no report" in alone.err) == (2, True)


def test_the_line_between_two_arms_seed_by_seed(folder: Path, ablate: Trained, tmp_path: Path) -> None:
    arms = ("kept:dropout=0.0", "kept:dropout=0.1")
    said = ablate("interpolate", *arms, "--json", "--report", "--out", str(tmp_path), f"reports_dir={folder}/reports")
    assert said.code == 0
    found = validated(said.out)
    assert [line["seed"] for line in found["lines"]] == [0, 1]
    # At its ends a line passes through the runs: their losses in inference mode are those of their records.
    store = RunStore(folder / "results")
    for line, run_id in zip(found["lines"], run_ids(folder, "kept"), strict=True):
        at_best = np.min(store.get(run_id).history["val_loss"])
        assert line["validation_loss"][0] == pytest.approx(at_best, rel=1e-4)
        assert max(line["barrier"], 0) == line["barrier"]
    assert [path.name for path in tmp_path.iterdir()] == ["line-dropout=0.0-dropout=0.1.png"]
    assert "## Between two runs" in (folder / "reports" / "kept" / "report.md").read_text()
    assert (Path(found["figure"]).parent, found["report"]) == (tmp_path, f"{folder}/reports/kept/report.md")
    one = ablate("interpolate", *(run_id[:10] for run_id in run_ids(folder, "kept")))
    assert "(one seed)" in one.out


def test_images_that_cannot_be_read_leave_the_others(folder: Path, ablate: Trained) -> None:
    names = ("torn.png", "blank.png", "nowhere.png", "one.png")
    said = ablate("predict", run_ids(folder, "kept")[0], *(str(folder / name) for name in names))
    assert said.code == 4
    assert said.out.startswith("one.png: ")
    problems = said.err.splitlines()
    assert ["torn.png" in problems[0], "blank.png" in problems[1], "nowhere.png" in problems[2]] == [True] * 3
    assert "no image that can be read" in problems[0]
    assert "nothing is written" in problems[1]
    failed = validated(ablate("predict", run_ids(folder, "kept")[0], str(folder / "torn.png"), "--json").out)
    assert failed["images"] == []
    assert failed["failed"][0]["image"].endswith("torn.png")


def test_without_weights_the_command_that_keeps_them_is_named(folder: Path, ablate: Trained) -> None:
    for words in (("predict", "bare", "one.png"), ("export", "bare", "--format", "keras", "--out", "models")):
        said = ablate(*words)
        assert said.code == 2
        assert "has no weights saved. This keeps them: ablate +sweep=dropout" in said.err
        assert said.err.strip().endswith("'keep=[weights]'")
    alone = ablate("predict", run_ids(folder, "bare")[0], "one.png")
    assert (alone.code, "with keep=[weights] added" in alone.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["predict"], "Which run, and which images?"),
        (["predict", "kept:dropout=0.0"], "Which run, and which images?"),
        (["predict", "kept", "one.png"], "kept has several arms; name one of kept:"),
        (["predict", "ffffffffffff", "one.png"], "no run ffffffffffff in the store"),
        (["interpolate", "kept:dropout=0.0"], "Between which two?"),
        (["interpolate", "kept:dropout=0.0", "bare"], "bare:dropout=0.2 has no weights saved."),
        (["interpolate", "kept:dropout=0.0", "kept"], "kept has several arms; name one of kept:"),
        (["export", "--format", "keras", "--out", "models"], "Which run?"),
        (["export", "kept", "--format", "onnx", "--out", "models"], "invalid choice"),
    ],
)
def test_what_cannot_be_asked_is_refused(words: list[str], expected: str, ablate: Trained) -> None:
    said = ablate(*words)
    assert said.code == 2
    assert expected in said.err


def test_models_that_take_no_pictures_or_know_no_classes(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draws = np.random.default_rng(0)
    labels = np.arange(60) % 3
    np.savez(tmp_path / "flat.npz", x_train=draws.random((60, 10)), y_train=labels)
    places = [f"results_dir={tmp_path}/results", f"data_dir={tmp_path}"]
    for words in (["dataset=npz", "dataset.path=flat.npz", "dataset.classes=3"], ["dataset=diabetes", "loss=mse"]):
        assert main(changed([*words, *TINY], "training.batch_size=16", "keep=[weights]", *places)) == 0
    said = {}
    for run_id in RunStore(tmp_path / "results").ids():
        capsys.readouterr()
        code = main(["predict", run_id, str(folder / "one.png"), *places])
        said[code] = capsys.readouterr().err
    assert "an example of its data is 10" in said[4]
    assert "of a regression" in said[2]


def test_exported_models_are_those_of_the_runs(folder: Path, ablate: Trained, tmp_path: Path) -> None:
    from ablate.exporting._models import load_model

    said = ablate("export", "kept:dropout=0.0", "--format", "keras", "--out", str(tmp_path))
    assert [Path(line).name for line in said.out.split()] == [f"dropout=0.0_seed{seed}.keras" for seed in (0, 1)]
    model = load_model(tmp_path / "dropout=0.0_seed1.keras")
    example = prepare_digit(read_photograph(folder / "one.png"), FRAMES[DIGITS]).example
    logits = np.asarray(model(example.reshape(1, 8, 8, 1)))[0].astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum()
    expected = by_hand(folder, run_ids(folder, "kept")[1], folder / "one.png")
    assert probabilities == pytest.approx(expected, abs=1e-5)


def test_histories_go_to_tensorboard_once(folder: Path, ablate: Trained, tmp_path: Path) -> None:
    said = ablate("export", "kept", "--format", "tensorboard", "--out", str(tmp_path))
    assert len(said.out.split()) == 4
    assert all(list(path.glob("*/events.*")) for path in tmp_path.iterdir())
    again = ablate("export", "kept", "--format", "tensorboard", "--out", str(tmp_path))
    assert (again.code, "is there already" in again.err) == (2, True)
