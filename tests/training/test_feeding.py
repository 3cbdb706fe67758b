import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from ablate.training import feeding
from ablate.training.feeding import Split, consecutive, pieces

STEPS = 4


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(feeding, "PIECE_STEPS", STEPS)


def split(examples: int, stream: bool) -> Split:
    """Features that say which example they are."""
    return Split.of(np.arange(examples, dtype=np.int32)[:, None], np.arange(examples, dtype=np.int32), stream)


def trained_on(used: Split, order: np.ndarray, batch_size: int) -> list[list[int]]:
    """The examples of every step of an epoch."""
    batches = []
    for piece in pieces(used, order, batch_size):
        rows = [*piece.batches.numpy(), *([] if piece.last_batch is None else [piece.last_batch.numpy()])]
        assert len(rows) == piece.steps
        batches += [piece.features.numpy()[batch, 0].tolist() for batch in rows]
    return batches


@given(examples=st.integers(1, 60), batch_size=st.integers(1, 9), seed=st.integers(0, 3))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_both_ways_give_the_same_batches_in_the_same_order(examples, batch_size, seed):
    order = np.random.default_rng(seed).permutation(examples).astype(np.int32)
    expected = [order[start : start + batch_size].tolist() for start in range(0, examples, batch_size)]
    assert trained_on(split(examples, stream=False), order, batch_size) == expected
    assert trained_on(split(examples, stream=True), order, batch_size) == expected


@pytest.mark.parametrize("examples", [1, 31, 32, 33, 64, 70])
def test_all_pieces_but_the_last_have_one_shape(examples):
    """A program is compiled for two shapes: that of a piece, and that of the last one."""
    found = list(pieces(split(examples, stream=True), np.arange(examples, dtype=np.int32), batch_size=8))
    assert [piece.last_batch is None for piece in found] == [True] * (len(found) - 1) + [False]
    assert {tuple(piece.batches.shape) for piece in found[:-1]} <= {(STEPS, 8)}


def test_examples_are_paired_with_their_targets():
    for piece in pieces(split(50, stream=True), np.arange(50, dtype=np.int32)[::-1].copy(), batch_size=8):
        np.testing.assert_array_equal(piece.features[:, 0], piece.targets)


def test_a_split_is_evaluated_in_parts_only_where_it_is_streamed(monkeypatch):
    monkeypatch.setattr(feeding, "EVALUATION_PIECE", 20)
    assert [len(targets) for _, targets in consecutive(split(50, stream=False))] == [50]
    parts = list(consecutive(split(50, stream=True)))
    assert [len(targets) for _, targets in parts] == [20, 20, 10]
    assert np.concatenate([features for features, _ in parts])[:, 0].tolist() == list(range(50))


@pytest.mark.parametrize("stream", [False, True])
def test_of_a_split_the_first_examples_may_be_enough(stream, monkeypatch):
    monkeypatch.setattr(feeding, "EVALUATION_PIECE", 20)
    parts = list(consecutive(split(50, stream), most=30))
    assert [len(targets) for _, targets in parts] == ([20, 10] if stream else [30])
    assert np.concatenate([targets for _, targets in parts]).tolist() == list(range(30))
    assert [len(targets) for _, targets in consecutive(split(10, stream), most=30)] == [10]


def test_large_features_are_streamed_unless_told_otherwise(monkeypatch):
    features, targets = np.zeros((10, 4), np.uint8), np.zeros(10, np.int32)
    assert not Split.of(features, targets).is_streamed
    monkeypatch.setattr(feeding, "RESIDENT_BYTES", 39)
    assert Split.of(features, targets).is_streamed
    assert not Split.of(features, targets, stream=False).is_streamed
