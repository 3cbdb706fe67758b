import numpy as np
import pytest
import tensorflow as tf

from ablate.layers.threefry import threefry, uniform

# The known answers that come with the reference code of Salmon et al. (kat_vectors, threefry2x32 20 rounds).
KNOWN_ANSWERS = [
    ((0x00000000, 0x00000000), (0x00000000, 0x00000000), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


def words(*values: int) -> tf.Tensor:
    return tf.constant(values, tf.uint32)


@pytest.mark.parametrize(("key", "counter", "expected"), KNOWN_ANSWERS)
def test_known_answers(key, counter, expected):
    first, second = words(*counter)
    assert tuple(int(word) for word in threefry(words(*key), first, second)) == expected


def test_bits_are_equal_eagerly_in_a_graph_and_under_xla():
    def draw(step: tf.Tensor) -> tf.Tensor:
        return uniform(words(3, 4), (7, 5), step)

    step = tf.constant(9, tf.uint32)
    eager = draw(step).numpy()
    np.testing.assert_array_equal(tf.function(draw)(step).numpy(), eager)
    np.testing.assert_array_equal(tf.function(draw, jit_compile=True)(step).numpy(), eager)


def test_uniform_numbers_fill_the_interval_evenly():
    numbers = uniform(words(1, 2), (100, 1000), tf.constant(0, tf.uint32)).numpy().ravel()
    assert numbers.min() >= 0
    assert numbers.max() < 1
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    chi_square = np.sum((counts - 5000) ** 2 / 5000)
    assert chi_square < 43.8  # the 99.9 % point of chi-square with 19 degrees of freedom
    assert len(np.unique(numbers)) > 0.99 * len(numbers)


@pytest.mark.parametrize("shape", [(1,), (3,), (4, 5)])
def test_another_step_or_key_gives_other_numbers(shape):
    def draw(key: tuple[int, int], step: int) -> tuple[float, ...]:
        return tuple(uniform(words(*key), shape, tf.constant(step, tf.uint32)).numpy().ravel())

    assert len({draw((0, 0), 0), draw((0, 0), 1), draw((1, 0), 0), draw((0, 1), 0)}) == 4
