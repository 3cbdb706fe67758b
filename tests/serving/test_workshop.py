"""What takes long: made once, one after the other, and nobody waits longer than they have patience for."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pytest

from ablate.serving.cache import Cache
from ablate.serving.workshop import Busy, Made, Workshop

LONG = 20.0


def workshop(most: int = 3, most_waiting: int = 3, most_weight: float = 100.0) -> Workshop[str]:
    return Workshop(most, most_waiting, most_weight, len)


def test_what_is_made_soon_is_waited_for_and_kept() -> None:
    shop = workshop()
    assert shop.get("a", 1, lambda: "first", LONG) == Made("first", True)
    assert shop.get("a", 1, lambda: pytest.fail("made twice"), LONG) == Made("first", True)
    assert shop.known("a", 1) == "first"
    assert shop.known("a", 2) is None


def test_nobody_waits_longer_than_said_and_it_is_there_later() -> None:
    shop, may_go = workshop(), threading.Event()

    def slow() -> str:
        assert may_go.wait(LONG)
        return "slow"

    began = time.monotonic()
    assert shop.get("a", 1, slow, 0.05) is None
    assert time.monotonic() - began < LONG / 2
    assert shop.get("a", 1, lambda: pytest.fail("asked for twice"), 0.0) is None
    may_go.set()
    assert shop.get("a", 1, lambda: pytest.fail("asked for twice"), LONG) == Made("slow", True)


def test_the_former_version_is_shown_while_another_is_made() -> None:
    shop, may_go = workshop(), threading.Event()
    shop.get("a", 1, lambda: "old", LONG)

    def new() -> str:
        assert may_go.wait(LONG)
        return "new"

    assert shop.get("a", 2, new, 0.0) == Made("old", False)
    may_go.set()
    assert shop.get("a", 2, new, LONG) == Made("new", True)


def test_an_error_is_told_and_then_tried_again() -> None:
    shop = workshop()

    def broken() -> str:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        shop.get("a", 1, broken, LONG)
    assert shop.get("a", 1, lambda: "mended", LONG) == Made("mended", True)


def test_so_many_wait_and_no_more() -> None:
    shop, may_go = workshop(most_waiting=2), threading.Event()

    def slow() -> str:
        assert may_go.wait(LONG)
        return "slow"

    for name in ("a", "b"):
        assert shop.get(name, 1, slow, 0.0) is None
    with pytest.raises(Busy):
        shop.get("c", 1, slow, 0.0)
    may_go.set()
    for name in ("a", "b", "c"):
        assert shop.get(name, 1, slow, LONG) == Made("slow", True)


def test_failures_that_nobody_asked_about_keep_nobody_out() -> None:
    shop, told = workshop(most_waiting=1), threading.Event()

    def broken() -> str:
        told.set()
        raise ValueError("broken")

    with suppress(ValueError):
        shop.get("a", 1, broken, 0.0)
    assert told.wait(LONG)
    deadline = time.monotonic() + LONG
    while time.monotonic() < deadline:
        try:
            assert shop.get("b", 1, lambda: "made", LONG) == Made("made", True)
            return
        except Busy:
            time.sleep(0.01)
    pytest.fail("kept out")


@pytest.mark.parametrize(("most", "most_weight"), [(2, 100.0), (9, 10.0)])
def test_what_is_kept_is_bounded_in_number_and_weight(most: int, most_weight: float) -> None:
    shop, cache = workshop(most, 3, most_weight), Cache(most, most_weight, len)
    for name in "abcd":
        shop.get(name, 1, lambda: "12345", LONG)
        cache.get(name, lambda: "12345")
    assert [name for name in "abcd" if shop.known(name, 1)] == ["c", "d"]
    assert [name for name in "abcd" if cache.known(name)] == ["c", "d"]
    # One that weighs more than all may is shown all the same.
    shop.get("e", 1, lambda: "x" * 1000, LONG)
    cache.get("e", lambda: "x" * 1000)
    assert shop.known("e", 1) is not None
    assert cache.known("e") is not None
