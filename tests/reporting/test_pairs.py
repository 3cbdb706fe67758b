"""A report on a table of tasks speaks of tasks."""

from __future__ import annotations

import pytest

from ablate.reporting.blocks import Code, Heading, Prose, Strong, bullets, table, text
from ablate.reporting.markdown import render
from ablate.reporting.pairs import in_words_of, noun_of


@pytest.mark.parametrize(
    ("key", "noun"),
    [
        ("seed", "seed"),
        ("Seeds", "seed"),
        ("task", "task"),
        ("Tasks", "task"),
        ("data_set", "data set"),
        ("Data Sets", "data set"),
        ("fold", "fold"),
        ("Datensatz", "pair"),
        ("uid", "pair"),
        ("s", "pair"),
        ("", "run"),
    ],
)
def test_a_column_that_is_a_noun_names_the_pairs(key: str, noun: str) -> None:
    assert noun_of(key) == noun


BLOCKS = [
    Heading(1, text("seed_score")),
    Prose(text("Seeds of ", Code("seed"), ": one seed, ", Strong(text("8 seeds")), ".")),
    bullets(["per seed"]),
    table(["arm", "seeds for 80% power"], [["a", "4 seeds"]], numeric=[1]),
]


def test_words_are_changed_and_names_are_not() -> None:
    said = render(in_words_of(BLOCKS, "task"))
    assert "Tasks of `seed`: one task, **8 tasks**." in said
    assert "- per task" in said
    assert "tasks for 80% power" in said
    assert "4 tasks" in said
    assert render([Heading(1, text("seed_score"))]) in said


def test_a_table_of_seeds_stays_as_it_is() -> None:
    assert in_words_of(BLOCKS, "seed") == BLOCKS
