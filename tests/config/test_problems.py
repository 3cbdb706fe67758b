"""Problems: how they are said."""

from __future__ import annotations

from ablate.config.problems import Problem, unreadable_problem
from ablate.core.parse_error import Unreadable


def test_a_wrong_word_is_marked_below_where_it_stands() -> None:
    problem = unreadable_problem("sweep.claims[0]", Unreadable("a < bb on gap", 4, 6, "an arm", "b"))
    said, marks = str(problem).split("\n")
    assert said == "sweep.claims[0]=a < bb on gap: allowed is an arm in place of 'bb'; did you mean b?"
    assert said[marks.index("^") : marks.rindex("^") + 1] == "bb"


def test_the_place_moves_the_mark() -> None:
    problem = Problem("k", "abc", "abd", location="conf/sweep/mine.yaml:4", span=(2, 3))
    said, marks = str(problem).split("\n")
    assert said[len(marks) - 1] == "c"


def test_a_word_that_is_not_shown_is_not_marked() -> None:
    assert "\n" not in str(Problem("k", "a" * 100, "less", span=(90, 95)))
    assert "^" in str(Problem("k", "a" * 100, "less", span=(70, 80)))


def test_where_nothing_stands_is_marked_by_one() -> None:
    assert str(Problem("k", "ab", "more", span=(2, 2))).endswith("\n    ^")
