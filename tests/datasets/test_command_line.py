"""Bad data through the real command line, and a regression from end to end."""

from __future__ import annotations

import csv
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ablate.cli import main
from tests.words import changed

GENERATOR = np.random.default_rng(0)
PIXELS = GENERATOR.integers(256, size=(40, 28, 28), dtype=np.uint8)
LABELS = np.arange(40, dtype=np.uint8) % 10
MNIST = {"x_train": PIXELS[:30], "y_train": LABELS[:30], "x_test": PIXELS[30:], "y_test": LABELS[30:]}
TABLE = "width,length,kind\n" + "".join(f"{row},{row * row},{'ab'[row % 2]}\n" for row in range(30))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder and data_dir, with sound data in it; the cache of facts is new."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setenv("ABLATE_DATA_DIR", str(place))
    np.savez(place / "mnist.npz", **MNIST)
    (place / "mine.csv").write_text(TABLE)
    for number, name in enumerate(("a/1.png", "a/2.png", "b/1.png")):
        (place / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PIXELS[number]).save(place / "images" / name)
    return place


def save(file: Path, **changes: np.ndarray) -> None:
    np.savez(file, **{**MNIST, **changes})


CSV = ["dataset=csv", "dataset.path=mine.csv", "dataset.target=kind", "dataset.classes=2"]
IMAGES = ["dataset=image_folder", "dataset.path=images"]
FAULTS = {
    "an archive cut short": (
        lambda place: (place / "mnist.npz").write_bytes((place / "mnist.npz").read_bytes()[:-100]),
        ["dataset=mnist"],
        r"mnist\.npz is not a readable archive",
    ),
    "labels out of range": (
        lambda place: save(place / "mnist.npz", y_train=LABELS[:30] + 1),
        ["dataset=mnist"],
        r"mnist\.npz cannot be trained on:\n- 3 of 30 .* training labels are outside 0 … 9 \(it is 10\): correct them",
    ),
    "images and labels of different numbers": (
        lambda place: save(place / "mnist.npz", y_test=LABELS[31:]),
        ["dataset=mnist"],
        "10 test features but 9 targets",
    ),
    "the test set among the training set": (
        lambda place: save(place / "mnist.npz", x_test=PIXELS[:10], y_test=LABELS[:10]),
        ["dataset=mnist"],
        "10 of 10 test examples are training examples as well: take the copies out",
    ),
    "a data_dir that is not there": (
        lambda place: None,
        ["dataset=mnist", "data_dir=nowhere"],
        "data_dir is nowhere, which is not a folder",
    ),
    "no path": (lambda place: None, ["dataset=npz"], r"dataset\.path is empty.*dataset\.path=mine"),
    "no such file": (lambda place: None, ["dataset=npz", "dataset.path=yours.npz"], r"there is no .*yours\.npz"),
    "no such column": (lambda place: None, changed(CSV, "dataset.target=kid"), "no column 'kid'.*width, length, kind"),
    "a value that is missing": (
        lambda place: (place / "mine.csv").write_text(TABLE.replace("7,49", "7,nan")),
        CSV,
        r"values are missing: length \(line 9\): .*dataset\.missing=drop \(leaves 29 of 30 rows\)",
    ),
    "a cell that is no number": (
        lambda place: (place / "mine.csv").write_text(TABLE.replace("7,49", "7,many")),
        CSV,
        r"mine\.csv cannot be read as it is:\n- cells are no numbers: length \('many' in line 9\)",
    ),
    "an image that is none": (lambda place: (place / "images/a/1.png").write_text("no"), IMAGES, r"1\.png is no image"),
    "another number of classes": (lambda place: None, changed(CSV, "dataset.classes=1"), "has 2 values, not 1"),
    "a row number without a name, in a file that is sorted by class": (
        lambda place: (place / "mine.csv").write_text(
            ",w,kind\n" + "".join(f"{n},{n % 3},{n // 15}\n" for n in range(30))
        ),
        CSV,
        r"no name: column_1, .*leave it out by dataset\.drop=\[column_1\]",
    ),
    "a label that is missing": (
        lambda place: (place / "mine.csv").write_text(TABLE.replace("7,49,b", "7,49,")),
        CSV,
        r"the target lacks a label: kind \(line 9\)",
    ),
    "what a table may not be asked": (
        lambda place: None,
        [*CSV, "dataset.categorical=[hue]"],
        r"no column 'hue' \(dataset\.categorical\); there are width, length, kind",
    ),
}


@pytest.mark.parametrize(("spoil", "words", "said"), FAULTS.values(), ids=FAULTS)
def test_bad_data_is_exit_code_4_and_nothing_is_trained(folder, capfd, spoil, words, said):
    spoil(folder)
    before = sorted(folder.iterdir())
    assert main(["plan", *words]) == 4
    printed = capfd.readouterr()
    assert re.search(said, printed.err), printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("words", [["dataset=mnist"], CSV, IMAGES], ids=lambda words: words[0])
def test_the_same_data_unspoilt_is_planned(folder, words, capfd):
    assert main(["plan", "training.batch_size=1", "dataset.validation_fraction=0.5", *words]) == 0
    assert "1 to train" in capfd.readouterr().out


MESSY = "größe;ort;preis\n" + "".join(f"{n},5;{('Wien', 'Graz', '')[n % 3]};1{n},25\n" for n in range(30))
HOW = ["dataset.target=preis", "dataset.categories=onehot", "dataset.missing=mean", "loss=mse"]


def test_the_settings_of_a_message_can_be_typed_as_it_says_them(folder, capfd):
    """Each message is obeyed, its words split as a shell splits them, until there is none."""
    (folder / "mine.csv").write_text(MESSY, encoding="utf-8-sig")
    words = ["dataset=csv", "dataset.path=mine.csv", *HOW, "training.batch_size=1"]
    for expected in (["delimiter", "decimal"], []):
        code = main(["plan", *words])
        told = re.findall(r"'dataset\.\w+=\"[^']*'", capfd.readouterr().err)
        assert [re.split("[.=]", each)[1] for each in told] == expected
        words += shlex.split(" ".join(told))
    assert code == 0


def test_columns_of_any_name_are_dropped_as_the_message_says(folder, capfd):
    names = ["it's", '"quoted"', "two words", "a,b", "null", "12", "größe", "a$b"]
    with (folder / "mine.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*names, "x", "kind"], *(["t"] * len(names) + [n, "ab"[n % 2]] for n in range(30))])
    words = [*CSV, "training.batch_size=1"]
    assert main(["plan", *words]) == 4
    (told,) = re.findall(r"by ('dataset\.drop=.*'), or", capfd.readouterr().err)
    assert main(["plan", *words, *shlex.split(told)]) == 0, told


def test_a_process_of_its_own_says_the_same(folder):
    (folder / "mnist.npz").write_bytes(b"<html>")
    command = [sys.executable, "-m", "ablate", "plan", "dataset=mnist"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "mnist.npz is not a readable archive" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_sweep_of_a_regression_ends_in_a_report(folder):
    words = "dataset=diabetes loss=mse sweep.metric=val_mse sweep.seeds=2 training.epochs=3 executor=inline"
    assert main(["+sweep=dropout", "model.hidden=[8]", *words.split()]) == 0
    runs = pd.read_csv("results/studies/dropout/runs.csv")
    assert len(runs) == 8
    assert set(runs["status"]) == {"completed"}
    # By definition, and with the variance of the test targets, which is not far from the 1 of all targets.
    variance = runs["test_mse"] / (1 - runs["test_r2"])
    np.testing.assert_allclose(variance, variance.iloc[0], rtol=1e-5)
    assert 0.5 < variance.iloc[0] < 2
    assert (runs["test_mae"] ** 2 <= runs["test_mse"]).all()
    report = Path("reports/dropout/report.md").read_text()
    assert "validation mean squared error" in report
    assert not list(Path("reports/dropout/figures").glob("*confusion*"))
