from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest

from ablate.analysis.confusion import Confusion
from ablate.analysis.results import study_results
from ablate.web.pictures import pictures
from ablate.web.pictures.confusion import MOST_CLASSES, confusion, confusion_picture
from tests.synthetic import completed_runs, optimizer_sweep, plan_of

SWEEP = optimizer_sweep(seeds=3)


class Tables(HTMLParser):
    """The cells of the tables of a page as (element, attributes, text), row by row."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tables: list[list[list[tuple[str, dict[str, str | None], str]]]] = []
        self.open: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append((tag, dict(attrs), ""))

    def handle_endtag(self, tag):
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            tag, attributes, text = self.tables[-1][-1][-1]
            between = "|" if self.open[-1] == "small" else ""
            self.tables[-1][-1][-1] = (tag, attributes, text + between + data)


def tables_of(*matrices: Confusion):
    return Tables(str(confusion_picture(matrices).markup)).tables


def test_counts_are_those_of_the_predictions_and_rows_sum():
    runs = completed_runs(SWEEP)
    results = study_results(plan_of(SWEEP), runs).sweeps[0]
    drawn = Tables(str(confusion(results).markup)).tables
    assert len(drawn) == len(results.confusions) == 2
    baseline = next(arm for arm in SWEEP.arms if arm.is_baseline)
    pairs = Counter(
        pair
        for seed in range(3)
        for arrays in [runs[baseline.spec.with_seed(seed).run_id].arrays]
        for pair in zip(arrays["test/label"].tolist(), arrays["test/prediction"].tolist(), strict=True)
    )
    _, *rows = drawn[0]
    for true, (head, *cells, total) in enumerate(rows):
        assert (head[0], head[1]["scope"], head[2]) == ("th", "row", str(true))
        counts = [int(text.partition("|")[0]) for _, _, text in cells]
        assert counts == [pairs[true, predicted] for predicted in range(len(rows))]
        assert int(total[2]) == sum(counts)


def test_the_diagonal_is_marked_and_equal_shares_have_equal_shades_in_every_matrix():
    one = Confusion("a", ((90, 10), (5, 95)), 1)
    other = Confusion("b", ((80, 20), (0, 200)), 1)
    classes = [[[cell[1].get("class") for cell in row[1:-1]] for row in table[1:]] for table in tables_of(one, other)]
    assert classes == [
        [["is-right", "shade-5"], ["shade-3", "is-right"]],
        [["is-right", "shade-9"], ["none", "is-right"]],
    ]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ((9999, 1), ["9999|>99.9", "1|0.01"]),
        ((100000, 1), ["100000|>99.9", "1|<0.01"]),
        ((7, 1), ["7|87.5", "1|12.5"]),
        ((7, 0), ["7|100.0", "0"]),
    ],
)
def test_shares_never_round_a_mistake_away(row, shown):
    [[_, first, _]] = tables_of(Confusion("a", (row, (0, 1)), 1))
    assert [cell[2] for cell in first[1:-1]] == shown


def test_a_class_without_examples_is_a_row_of_zeros():
    [[_, _, second]] = tables_of(Confusion("a", ((3, 1), (0, 0)), 1))
    assert [cell[2] for cell in second[1:]] == ["0", "0", "0"]


def test_headers_have_names_and_scopes():
    [[header, *_]] = tables_of(Confusion("a", ((3, 1), (0, 2)), 1, ("rose", "tulip")))
    assert [cell[2] for cell in header] == ["true ↓ predicted →", "rose", "tulip", "examples"]
    assert {cell[1]["scope"] for cell in header} == {"col"}


def test_of_many_classes_the_most_frequent_mistakes_are_listed_and_said_to_be_some():
    classes = MOST_CLASSES + 1
    counts = np.random.default_rng(0).integers(0, 5, (classes, classes))
    np.fill_diagonal(counts, 50)
    counts[3, 7], counts[9, 1] = 40, 30
    matrix = Confusion("a", tuple(map(tuple, counts.tolist())), 1)
    picture = confusion_picture([matrix])
    [[_, *rows]] = Tables(str(picture.markup)).tables
    assert [[cell[2] for cell in row[:3]] for row in rows[:2]] == [["3", "7", "40"], ["9", "1", "30"]]
    [said] = re.findall(
        r"(\d+) of (\d+) kinds of mistakes among (\d+) classes: (\d+) of (\d+) mistakes", picture.markup
    )
    kinds = int((counts > 0).sum() - classes)
    assert tuple(map(int, said)) == (
        len(rows),
        kinds,
        classes,
        sum(int(row[2][2]) for row in rows),
        int(counts.sum() - np.trace(counts)),
    )


def test_hostile_names_stay_text():
    hostile = '<b onclick="x">\u202e'
    picture = confusion_picture([Confusion(hostile, ((3, 1), (0, 2)), 1, (hostile, "b"))])
    assert "<b " not in picture.markup
    assert "\u202e" not in picture.markup
    assert "style=" not in picture.markup


def test_it_is_found_under_the_name_of_its_figure():
    assert pictures()["confusion"] is confusion
