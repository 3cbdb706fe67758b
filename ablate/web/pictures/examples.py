"""Test examples as a run reads them, and how often each class occurs.

The images of a picture are cut out of one PNG, which stands in the page once.
"""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from PIL import Image

from ablate.analysis.examples import Example, ShownExamples
from ablate.analysis.results import SweepResults
from ablate.core.class_names import label_of
from ablate.sanitize.text import one_line
from ablate.web.picture import Picture

__all__ = ["MOST_PIXELS", "PICTURES", "Sprite", "examples_picture", "sprite_of"]

ACROSS = 10
# Along the longer side of an image; a larger one is shown smaller, which the picture says.
MOST_PIXELS = 96


@dataclass(frozen=True)
class Sprite:
    """Images of one size in rows of `ACROSS`, as PNG."""

    png: bytes
    count: int
    width: int
    height: int

    def corner(self, index: int) -> tuple[int, int]:
        """Where the left upper corner of an image lies, in pixels."""
        return index % ACROSS * self.width, index // ACROSS * self.height

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of all, in pixels."""
        return min(self.count, ACROSS) * self.width, math.ceil(self.count / ACROSS) * self.height


def sprite_of(images: Sequence[npt.NDArray[np.floating]]) -> Sprite:
    """One PNG of images in [0, 1], [height, width] or [height, width, 3], all of one shape; the same bytes of the same
    images under one version of Pillow."""
    tiles = [_reduced(Image.fromarray(np.rint(image * 255).clip(0, 255).astype(np.uint8))) for image in images]
    width, height = tiles[0].size
    sprite = Sprite(b"", len(tiles), width, height)
    sheet = Image.new(tiles[0].mode, sprite.size)
    for index, tile in enumerate(tiles):
        sheet.paste(tile, sprite.corner(index))
    written = io.BytesIO()
    sheet.save(written, format="PNG", optimize=True)
    return Sprite(written.getvalue(), len(tiles), width, height)


def _reduced(image: Image.Image) -> Image.Image:
    longest = max(image.size)
    if longest <= MOST_PIXELS:
        return image
    width, height = (max(1, round(side * MOST_PIXELS / longest)) for side in image.size)
    return image.resize((width, height), Image.Resampling.BOX)


def sample_predictions(results: SweepResults) -> Picture:
    shown = _examples_of(results)
    return examples_picture(shown.random, shown, f"sample_predictions {results.planned.spec.name}")


def surest_mistakes(results: SweepResults) -> Picture:
    shown = _examples_of(results)
    return examples_picture(shown.mistakes, shown, f"surest_mistakes {results.planned.spec.name}")


def examples_picture(examples: Sequence[Example], shown: ShownExamples, name: str) -> Picture:
    """Examples with what they are read as and what they are; of examples that are no images the text alone.

    Args:
        name: tells the picture from others of a page.
    """
    images = [example.image for example in examples if example.image is not None]
    sprite = sprite_of(images) if images and len(images) == len(examples) else None
    key = "" if sprite is None else "sprite-" + hashlib.sha256(name.encode() + sprite.png).hexdigest()[:12]
    items = Markup("\n").join(
        _item(example, shown.class_names, Markup() if sprite is None else _tile(sprite, key, index, example, shown))
        for index, example in enumerate(examples)
    )
    return Picture(
        Markup('{}<ul class="examples">\n{}\n</ul>{}').format(
            Markup() if sprite is None else _sheet(sprite, key), items, _said_of_size(images[0].shape if images else ())
        )
    )


def _sheet(sprite: Sprite, key: str) -> Markup:
    """The PNG, seen nowhere itself."""
    width, height = sprite.size
    data = base64.b64encode(sprite.png).decode("ascii")
    return Markup(
        '<svg class="sprite" width="0" height="0" aria-hidden="true"><defs><image id="{}" width="{}" height="{}" '
        'image-rendering="pixelated" href="data:image/png;base64,{}"/></defs></svg>\n'
    ).format(key, width, height, data)


def _tile(sprite: Sprite, key: str, index: int, example: Example, shown: ShownExamples) -> Markup:
    x, y = sprite.corner(index)
    label = f"Test example {example.index}, labelled {one_line(label_of(example.label, shown.class_names))}"
    return Markup('<svg viewBox="{} {} {} {}" role="img" aria-label="{}"><use href="#{}"/></svg>').format(
        x, y, sprite.width, sprite.height, label, key
    )


def _item(example: Example, names: Sequence[str], tile: Markup) -> Markup:
    is_right = example.predicted == example.label
    read, truth = (one_line(label_of(number, names)) for number in (example.predicted, example.label))
    of_truth = float(example.probabilities[example.label]) if example.label < len(example.probabilities) else 0.0
    said = (
        Markup('<span class="tone-good">{} ({})</span>').format(read, _probability(example.confidence))
        if is_right
        else Markup('<span class="tone-bad">{} ({})</span> <span>is {} ({})</span>').format(
            read, _probability(example.confidence), truth, _probability(of_truth)
        )
    )
    return Markup('<li class="{}">{}<p>{}</p></li>').format("is-right" if is_right else "is-wrong", tile, said)


def _probability(value: float) -> str:
    """In three digits; what rounding would make certain is not."""
    if value < 1 and f"{value:.3f}" == "1.000":
        return ">0.999"
    return "<0.001" if value > 0 and f"{value:.3f}" == "0.000" else f"{value:.3f}"


def _said_of_size(shape: Sequence[int]) -> Markup:
    if max(shape[:2], default=0) <= MOST_PIXELS:
        return Markup()
    return Markup('\n<p class="curves-note">Shown smaller than they are: {} × {} pixels.</p>').format(
        shape[1], shape[0]
    )


def class_distribution(results: SweepResults) -> Picture:
    """A row a class, with its count, its share and a bar for each split."""
    shown = _examples_of(results)
    classes = max(map(len, shown.classes.values()), default=0)
    most = max((count / max(sum(counts), 1) for counts in shown.classes.values() for count in counts), default=1.0)
    header = Markup().join(
        Markup('<th scope="col" data-numeric>{} <small>{} examples</small></th>').format(split, f"{sum(counts):,}")
        for split, counts in shown.classes.items()
    )
    rows = Markup("\n").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            one_line(label_of(number, shown.class_names)),
            Markup().join(_share(counts, number, most) for counts in shown.classes.values()),
        )
        for number in range(classes)
    )
    return Picture(
        Markup(
            '<div class="scroll" tabindex="0" role="group" aria-label="How often each class occurs">'
            '<table class="classes">\n<thead><tr><th scope="col">class</th>{}</tr></thead>\n<tbody>\n{}\n</tbody>'
            "</table></div>"
        ).format(header, rows)
    )


def _share(counts: Sequence[int], number: int, most: float) -> Markup:
    count = counts[number] if number < len(counts) else 0
    share = count / max(sum(counts), 1)
    return Markup(
        '<td data-numeric>{} <small>{} %</small><svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="6"/></svg></td>'
    ).format(f"{count:,}", f"{100 * share:.1f}", f"{100 * share / (most or 1):.2f}".rstrip("0").rstrip("."))


def _examples_of(results: SweepResults) -> ShownExamples:
    if results.examples is None:
        raise ValueError(f"no run of {results.planned.spec.name} kept examples")
    return results.examples


PICTURES = {
    "sample_predictions": sample_predictions,
    "surest_mistakes": surest_mistakes,
    "class_distribution": class_distribution,
}
