import keras
import numpy as np

from ablate.models.mlp import mlp
from ablate.training.randomness import epoch_order, initialise, stream_key


def test_keys_differ_by_seed_salt_and_purpose():
    keys = {stream_key(0, 0, "order", 1), stream_key(1, 0, "order", 1), stream_key(0, 1, "order", 1)}
    keys |= {stream_key(0, 0, "order", 2), stream_key(0, 0, "order"), stream_key(0, 0, "weights", 1)}
    assert len(keys) == 6
    assert stream_key(1, 23, "order") != stream_key(12, 3, "order")  # no confusion where numbers meet


def test_the_order_is_a_permutation_that_depends_on_seed_salt_and_epoch():
    order = epoch_order(100, seed=3, salt=0, epoch=1)
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(100))
    np.testing.assert_array_equal(order, epoch_order(100, seed=3, salt=0, epoch=1))
    others = [epoch_order(100, 4, 0, 1), epoch_order(100, 3, 1, 1), epoch_order(100, 3, 0, 2)]
    assert not any(np.array_equal(order, other) for other in others)


def test_the_order_is_what_it_has_always_been():
    # A change here changes every run ever made: raise identity.RUN_FORMAT with it.
    assert epoch_order(10, seed=0, salt=0, epoch=1).tolist() == [0, 3, 2, 7, 1, 4, 8, 9, 5, 6]


def built(seed: int, salt: int = 0, **arguments) -> dict[str, np.ndarray]:
    keras.utils.clear_session(free_memory=False)
    model = mlp((8, 8, 1), outputs=10, hidden=[16], **arguments)
    initialise(model, seed, salt)
    return {weight.path: weight.numpy() for weight in model.weights}


def test_the_masks_may_have_a_seed_of_their_own():
    """The weights then stay, and so do the masks where the seed of the weights is another."""

    def drawn(seed: int, masks: int | None) -> tuple[bytes, tuple[int, ...]]:
        keras.utils.clear_session(free_memory=False)
        model = mlp((8, 8, 1), outputs=10, hidden=[16], dropout=0.5)
        initialise(model, seed, salt=0, masks=masks)
        (key,) = [layer.key.numpy() for layer in model.layers if hasattr(layer, "key")]
        return b"".join(weight.numpy().tobytes() for weight in model.trainable_weights), tuple(map(int, key))

    assert drawn(0, 0) == drawn(0, None)
    (weights, key), (same_weights, other_key), (other_weights, same_key) = drawn(0, 0), drawn(0, 1), drawn(1, 0)
    assert weights == same_weights != other_weights
    assert key == same_key != other_key
    assert other_key == drawn(1, None)[1]


def test_a_weight_depends_on_seed_salt_and_its_path_and_on_nothing_else():
    plain, dropout, normalised = built(0), built(0, dropout=0.5, l2=0.1), built(0, batch_norm=True)
    np.testing.assert_array_equal(plain["hidden_1/kernel"], dropout["hidden_1/kernel"])
    np.testing.assert_array_equal(plain["logits/kernel"], normalised["logits/kernel"])
    assert not np.array_equal(plain["hidden_1/kernel"], built(1)["hidden_1/kernel"])
    assert not np.array_equal(plain["hidden_1/kernel"], built(0, salt=1)["hidden_1/kernel"])


def test_initial_weights_have_the_spread_of_their_initializer():
    kernel = built(0)["hidden_1/kernel"]
    limit = np.sqrt(6 / (64 + 16))  # Glorot & Bengio 2010, equation 16
    assert np.abs(kernel).max() <= limit
    np.testing.assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.1)


def test_dropout_layers_have_keys_of_their_own():
    model = mlp((8, 8, 1), outputs=10, hidden=[16, 16], dropout=0.5)
    initialise(model, seed=0, salt=0)
    keys = [tuple(layer.key.numpy()) for layer in model.layers if hasattr(layer, "key")]
    assert len(set(keys)) == 2
    assert (0, 0) not in keys
