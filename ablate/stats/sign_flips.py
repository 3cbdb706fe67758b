"""The exact test that needs no distribution: under "no effect" every difference could as well have had the other sign.

    >>> sign_flip_p([0.4, 0.1, 0.3, 0.25, 0.6, -0.05])
    0.0625

A second opinion beside the t test, never the verdict: with n seeds it cannot fall below 2/2ⁿ.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["EXACT_UP_TO", "sign_flip_p", "smallest_sign_flip_p"]

# Up to so many differences every sign flip is counted.
EXACT_UP_TO = 40
_RANDOM_FLIPS = 99_999
_SEED = 20_260_101

Floats = npt.NDArray[np.float64]


def sign_flip_p(differences: Sequence[float]) -> float | None:
    """P(|Σ ±D| ≥ |Σ D|) over all sign flips: two-sided (Fisher 1935, chapter III); None for no differences.

    Valid when "no effect" leaves every difference as likely with the other sign.

    Exact for up to `EXACT_UP_TO` differences by meeting in the middle (Horowitz and Sahni 1974): the signed sums of
    each half, one half sorted, hence 2^(n/2) steps instead of 2^n. Beyond, 99,999 random flips from a fixed generator,
    the observed one counted among them (Phipson and Smyth 2010). Sums within 1e-12 · Σ|D| of the observed one are ties,
    which count.

    Args:
        differences: [seeds] of finite values in one unit, an arm against the baseline.
    """
    data = np.asarray(differences, dtype=np.float64)
    if data.size == 0:
        return None
    least = abs(float(data.sum())) - 1e-12 * float(np.abs(data).sum())
    if least <= 0:
        return 1.0
    return _exact(data, least) if data.size <= EXACT_UP_TO else _sampled(data, least)


def smallest_sign_flip_p(n: int) -> float:
    """2/2ⁿ: what `n` differences of one sign reach; 1 for none. Below six seeds it lies above 0.05."""
    return 1.0 if n < 1 else 2.0 ** (1 - n)


def _exact(data: Floats, least: float) -> float:
    first, second = _signed_sums(data[: data.size // 2]), _signed_sums(data[data.size // 2 :])
    second.sort()
    above = second.size - np.searchsorted(second, least - first, side="left")
    # Every flip has a mirror image, so both tails hold the same number.
    return float(2 * int(above.sum()) / 2.0**data.size)


def _signed_sums(data: Floats) -> Floats:
    sums = np.zeros(1)
    for value in data:
        sums = np.concatenate([sums - value, sums + value])
    return sums


def _sampled(data: Floats, least: float) -> float:
    generator = np.random.default_rng(_SEED)
    extreme = 1
    for start in range(0, _RANDOM_FLIPS, 1000):
        signs = generator.integers(0, 2, (min(1000, _RANDOM_FLIPS - start), data.size), dtype=np.int8) * 2 - 1
        extreme += int(np.count_nonzero(np.abs(signs @ data) >= least))
    return extreme / (_RANDOM_FLIPS + 1)
