from __future__ import annotations

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ablate.analysis.examples import Example, ShownExamples
from ablate.analysis.results import study_results
from ablate.web.pictures import pictures
from ablate.web.pictures.examples import MOST_PIXELS, class_distribution, examples_picture, sprite_of, surest_mistakes
from tests.kept_examples import SWEEP, with_examples
from tests.synthetic import completed_runs, plan_of, with_class_names

RUNS = with_examples(completed_runs(SWEEP))


def results_of(runs=RUNS):
    return study_results(plan_of(SWEEP), runs).sweeps[0]


def sheet_of(markup: str) -> Image.Image:
    [data] = re.findall(r'href="data:image/png;base64,([^"]+)"', markup)
    return Image.open(io.BytesIO(base64.b64decode(data)))


def tiles_of(markup: str) -> list[np.ndarray]:
    """What each picture cuts out of the sheet."""
    sheet = np.asarray(sheet_of(markup))
    boxes = [tuple(map(int, box.split())) for box in re.findall(r'<svg viewBox="([\d ]+)" role="img"', markup)]
    return [sheet[y : y + height, x : x + width] for x, y, width, height in boxes]


def example(image=None, label=0, probabilities=(0.75, 0.25), index=7) -> Example:
    return Example(index, label, np.array(probabilities), image)


def shown(*examples: Example, names=()) -> ShownExamples:
    return ShownExamples("one", 0, examples, (), {"train": (1, 3), "test": (0, 2)}, names)


@pytest.mark.parametrize("figure", ["sample_predictions", "surest_mistakes"])
def test_what_is_cut_out_are_the_pixels_of_the_examples(figure):
    results = results_of()
    examples = results.examples.random if figure == "sample_predictions" else results.examples.mistakes
    markup = str(pictures()[figure](results).markup)
    tiles = tiles_of(markup)
    assert len(tiles) == len(examples) > 0
    which = "random" if figure == "sample_predictions" else "mistake"
    first = min(
        (run for run in RUNS.values() if run.spec.seed == 0), key=lambda run: run.spec.model.arguments["dropout"]
    )
    kept = first.artefacts["samples"][f"{which}/image"]
    for tile, image in zip(tiles, kept, strict=True):
        np.testing.assert_array_equal(tile, image[..., 0])


def test_colours_stay_and_rows_break():
    images = [np.random.default_rng(seed).integers(0, 256, (5, 4, 3)) / np.float32(255) for seed in range(13)]
    picture = examples_picture([example(image) for image in images], shown(), "a")
    for tile, image in zip(tiles_of(str(picture.markup)), images, strict=True):
        np.testing.assert_array_equal(tile, np.rint(image * 255))


def test_equal_images_are_equal_bytes():
    images = [np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)] * 3
    assert sprite_of(images).png == sprite_of(images).png


def test_large_images_are_shown_smaller_and_said_to_be():
    image = np.zeros((2 * MOST_PIXELS, MOST_PIXELS, 3), np.float32)
    markup = str(examples_picture([example(image)], shown(), "a").markup)
    assert sheet_of(markup).size == (MOST_PIXELS // 2, MOST_PIXELS)
    assert f"Shown smaller than they are: {MOST_PIXELS} × {2 * MOST_PIXELS} pixels" in markup
    assert "smaller" not in examples_picture([example(image[:5, :5])], shown(), "a").markup


def test_the_key_of_a_sprite_tells_it_from_those_of_other_pictures():
    examples = [example(np.zeros((2, 2), np.float32))]
    keys = {
        re.search(r'<image id="([^"]+)"', examples_picture(examples, shown(), name).markup).group(1) for name in "ab"
    }
    assert len(keys) == 2
    for name in "ab":
        markup = str(examples_picture(examples, shown(), name).markup)
        assert set(re.findall(r'<use href="#([^"]+)"', markup)) <= keys


def test_truth_prediction_and_probabilities_are_text():
    wrong, right = example(label=1, probabilities=(0.9996, 0.0004)), example(label=0)
    items = str(examples_picture([wrong, right], shown(), "a").markup).split("</li>")
    texts = [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in items]
    assert texts[:2] == ["0 (>0.999) is 1 (&lt;0.001)".replace(">", "&gt;"), "0 (0.750)"]
    assert "tone-bad" in items[0]
    assert "tone-good" in items[1]


def test_examples_that_are_no_images_are_text_alone():
    markup = examples_picture([example()], shown(), "a").markup
    assert "<svg" not in markup
    assert "0 (0.750)" in markup


def test_classes_have_their_names():
    markup = str(surest_mistakes(results_of(with_class_names(RUNS, ("rose", "tulip", "<b>lily")))).markup)
    assert "tulip (" in markup
    assert "labelled rose" in markup
    assert "<b>" not in markup
    assert "style=" not in markup


def test_the_classes_of_every_split_are_counted():
    results = replace(results_of(), examples=shown(names=("rose", '<b onclick="x">')))
    markup = str(class_distribution(results).markup)
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>.*?</td>", markup)]
    assert cells == ["1 25.0 %", "0 0.0 %", "3 75.0 %", "2 100.0 %"]
    assert re.findall(r'<rect width="([\d.]+)"', markup) == ["25", "0", "75", "100"]
    assert "<b " not in markup


def test_without_examples_there_is_no_picture():
    with pytest.raises(ValueError, match="kept examples"):
        surest_mistakes(results_of(completed_runs(SWEEP)))
