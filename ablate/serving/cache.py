"""What was computed and will be asked for again: the last few answers, each under what it depends on."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

__all__ = ["Cache"]

Value = TypeVar("Value")


class Cache:
    """The `most` values that were asked for last, as long as they weigh no more than `most_weight` together; the last
    one stays whatever it weighs. Two threads that ask for the same make it once.

    Args:
        weigh: of a value, how heavy it is.
    """

    def __init__(self, most: int, most_weight: float = math.inf, weigh: Callable[[Any], float] = lambda _: 0) -> None:
        self._most, self._most_weight, self._weigh = most, most_weight, weigh
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def known(self, key: Hashable) -> object | None:
        """What is kept under a key; None where nothing is."""
        with self._lock:
            return self._kept.get(key)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value under a key, which says all that it depends on; made where it is not kept. An error is not."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]  # type: ignore[return-value]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key]  # type: ignore[return-value]
            try:
                value = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            with self._lock:
                self._kept[key] = value
                while len(self._kept) > 1 and self._is_too_much():
                    self._kept.popitem(last=False)
            return value

    def _is_too_much(self) -> bool:
        return len(self._kept) > self._most or sum(map(self._weigh, self._kept.values())) > self._most_weight
