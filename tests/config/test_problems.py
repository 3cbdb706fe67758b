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


def test_behind_a_long_list_the_nearest_would_not_be_seen() -> None:
    short, long = (Problem("a", "b", f"one of {', '.join(['name'] * count)}", "c") for count in (2, 100))
    assert str(short) == "a=b: allowed is one of name, name; did you mean c?"
    assert str(long).startswith("a=b: did you mean c? Allowed is one of name, name, ")


def test_a_text_that_looks_like_something_else_is_shown_in_quotes() -> None:
    shown = [
        str(Problem("a", value, "b")) for value in ("1", "-1e5", "nan", "true", "null", "x1", "016", 1, None, ["1"])
    ]
    expected = ["'1'", "'-1e5'", "'nan'", "'true'", "'null'", "x1", "016", "1", "null", '["1"]']
    assert shown == [f"a={text}: allowed is b" for text in expected]


def test_the_mark_stands_below_the_word_in_quotes_too() -> None:
    said = str(Problem("a", "12", "b", span=(1, 2))).splitlines()
    assert said == ["a='12': allowed is b", "    ^"]
