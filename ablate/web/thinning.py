"""Long curves, drawn with fewer places than they have epochs, so that what is seen of them stays.

buckets = Buckets.of(epochs=2000, places=600)
buckets.places, thinned(curve, buckets)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ablate.core.identity import Json

__all__ = ["DRAWN_OF_A_BUCKET", "Buckets", "thinned"]

# A bucket is drawn by three values: as many epochs stand for themselves.
DRAWN_OF_A_BUCKET = 3


@dataclass(frozen=True)
class Buckets:
    """Which epochs are drawn as one: the first and the last stand for themselves, the others `size` by `size`.

    A bucket is drawn by its lowest and its highest value in the order in which they came, with the mean between them.
    """

    epochs: int
    size: int = 1

    @classmethod
    def of(cls, epochs: int, places: int) -> Buckets:
        """Those that need at most `places` places."""
        if epochs <= places:
            return cls(epochs)
        # A last bucket of one to three epochs needs as many places as it has epochs, no more than another.
        fitting = math.ceil((epochs - 2) / max((places - 2) // DRAWN_OF_A_BUCKET, 1))
        return cls(epochs, max(fitting, DRAWN_OF_A_BUCKET + 1))

    @property
    def ranges(self) -> tuple[range, ...]:
        """Positions of epochs, from 0, in each."""
        if self.size == 1:
            return tuple(range(each, each + 1) for each in range(self.epochs))
        last = self.epochs - 1
        between = (range(start, min(start + self.size, last)) for start in range(1, last, self.size))
        return range(1), *between, range(last, last + 1)

    def explained(self, across: str) -> str:
        """What is to be said beside curves that are drawn so, as a sentence; nothing where every epoch is drawn."""
        if self.size == 1:
            return ""
        return (
            f"Drawn: every {self.size} of {self.epochs} {across}s as their lowest and highest value with their mean "
            "between them."
        )

    @property
    def places(self) -> tuple[float, ...]:
        """Where on the axis of epochs, which begins at 1, what `thinned` gives is drawn."""
        return tuple(place for each in self.ranges for place in _places(each))

    @property
    def stops(self) -> list[Json]:
        """[index among `places`, the epochs that its value is of], where numbers are to be read; a mean in a bucket."""
        found: list[Json] = []
        index = 0
        for each in self.ranges:
            if len(each) > DRAWN_OF_A_BUCKET:
                found.append([index + 1, f"{each[0] + 1}–{each[-1] + 1}"])
                index += DRAWN_OF_A_BUCKET
                continue
            found.extend([index + offset, str(position + 1)] for offset, position in enumerate(each))
            index += len(each)
        return found


def thinned(values: Sequence[float], buckets: Buckets) -> list[float | None]:
    """What is drawn of a curve at the places of the buckets, as far as it goes; None where it is no number."""
    drawn: list[float | None] = []
    for each in buckets.ranges:
        here = values[each.start : each.stop]
        drawn.extend(_of_bucket(here) if len(each) > DRAWN_OF_A_BUCKET and here else map(_finite, here))
    return drawn


def _places(bucket: range) -> list[float]:
    if len(bucket) <= DRAWN_OF_A_BUCKET:
        return [position + 1 for position in bucket]
    first, last = bucket[0] + 1, bucket[-1] + 1
    return [first, (first + last) / 2, last]


def _of_bucket(values: Sequence[float]) -> list[float | None]:
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return [None] * DRAWN_OF_A_BUCKET
    low, high = min(known), max(known)
    first, second = (low, high) if known.index(low) <= known.index(high) else (high, low)
    # Not beyond the extremes by the last bit of a sum.
    return [first, min(max(math.fsum(known) / len(known), low), high), second]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
