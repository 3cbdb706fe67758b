"""Several optimizers in one: each weight is trained by its part's, all at one common rate."""

import keras
import numpy as np
import pytest

from ablate.training.by_part import ByPart
from ablate.training.losses import cross_entropy
from ablate.training.program import Program
from tests.training.problems import blobs, model, run

DATA = blobs()
ORDER, STEPS = np.arange(70, dtype=np.int32), 5


def trained(optimizer: keras.optimizers.Optimizer, rate: float, **arguments) -> Program:
    used = Program(model(**arguments), optimizer, cross_entropy, batch_size=16, engine="eager")
    used.train(DATA.train, ORDER, np.full(STEPS, rate))
    return used


def weights(used: Program) -> dict[str, np.ndarray]:
    return {weight.path: weight.numpy() for weight in used.model.weights}


def by_part(output: keras.optimizers.Optimizer, rest: keras.optimizers.Optimizer) -> ByPart:
    return ByPart([{"match": "logits/", "optimizer": output}, {"match": "", "optimizer": rest}])


def test_one_part_is_its_optimizer_to_the_bit():
    alone = trained(keras.optimizers.Adam(0.005), rate=0.005)
    part = trained(ByPart([{"match": "", "optimizer": keras.optimizers.Adam(0.005)}]), rate=1.0)
    for path, ours in weights(part).items():
        np.testing.assert_array_equal(ours, weights(alone)[path])


def test_a_part_at_rate_zero_rests_while_the_other_learns():
    before = {weight.path: weight.numpy() for weight in model().weights}
    after = weights(trained(by_part(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.0)), rate=1.0))
    moved = {path for path in before if not np.array_equal(before[path], after[path])}
    assert moved == {"logits/kernel", "logits/bias"}


def test_parts_of_one_kind_and_rate_are_that_optimizer():
    alone = trained(keras.optimizers.SGD(0.1, momentum=0.9), rate=0.1)
    parts = trained(by_part(*(keras.optimizers.SGD(0.1, momentum=0.9) for _ in range(2))), rate=1.0)
    for path, ours in weights(parts).items():
        np.testing.assert_array_equal(ours, weights(alone)[path])


def test_the_common_rate_multiplies_all():
    lower = trained(by_part(keras.optimizers.SGD(0.2), keras.optimizers.SGD(0.4)), rate=0.5)
    plain = trained(by_part(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.2)), rate=1.0)
    for path, ours in weights(lower).items():
        np.testing.assert_allclose(ours, weights(plain)[path], rtol=1e-6)


def test_it_learns_in_half_precision_too():
    precision = {"precision": "mixed_float16"}
    optimizer = by_part(keras.optimizers.SGD(0.1, momentum=0.9), keras.optimizers.Adam(0.01))
    used = Program(model(**precision), optimizer, cross_entropy, batch_size=16, engine="eager")
    losses = run(used, DATA, learning_rate=1.0, **precision).history["loss"]
    assert losses[-1] < losses[0]
    assert int(optimizer.iterations) == 3 * STEPS


@pytest.mark.parametrize(
    ("patterns", "said"),
    [(["logits/"], "hidden_1/kernel is in no part"), (["", "logits/"], "no weight is left for the part 'logits/'")],
)
def test_every_weight_has_a_part_and_every_part_a_weight(patterns, said):
    parts = [{"match": pattern, "optimizer": keras.optimizers.SGD(0.1)} for pattern in patterns]
    with pytest.raises(ValueError, match=said):
        trained(ByPart(parts), rate=1.0)
