"""A run is a pure function of its spec: the promise that everything else stands on."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest

from ablate.core.records import METRICS, WEIGHT_STATISTICS, Status, StoredRun
from ablate.core.specs import Numerics, RunSpec
from ablate.datasets.arrays import DataError
from ablate.runner import trainer as module
from ablate.runner.trainer import Trainer
from ablate.storage.npz import pack
from ablate.testing.specs import train
from ablate.testing.trainers import TrainerContract
from ablate.training import feeding
from ablate.training.randomness import augment_key
from tests.requests import spec
from tests.words import changed

SHORT = ("training.epochs=2", "model.hidden=[8]")
SMALL = ("training.epochs=2",)
NUMERICS = Numerics("cpu", "xla", 1)


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    return Trainer(None, NUMERICS)


class TestContract(TrainerContract):
    def spec(self) -> RunSpec:
        return spec("model.dropout=0.2", *SHORT)

    def diverging_spec(self) -> RunSpec:
        return spec("optimizer=sgd", "optimizer.learning_rate=1e30", *SHORT)


def bits(run: StoredRun) -> bytes:
    return pack(run.arrays)


def test_alone_in_a_row_and_in_another_order_give_the_same_bits(trainer):
    """Dropout and batch normalisation carry the most state from run to run, if any is carried."""
    row = [
        spec("model.dropout=0.2", "model.batch_norm=true", f"seed={seed}", f"model.l2={l2}", *SHORT)
        for seed, l2 in [(0, 0.0), (1, 0.001), (2, 0.0)]
    ]
    forwards = [bits(train(trainer, each)) for each in row]
    backwards = [bits(train(trainer, each)) for each in reversed(row)][::-1]
    alone = [bits(train(Trainer(None, NUMERICS), each)) for each in row]
    assert forwards == backwards == alone
    assert len(set(forwards)) == 3


PARTS = ("initialisation", "order", "masks")


def test_each_part_of_a_seed_varies_alone(trainer):
    """Weights that a run begins with, the order of its examples and the masks of its dropout."""
    words = ("model.dropout=0.2", "training.epochs=1", "model.hidden=[8]")
    plain, other = spec(*words), spec("seed=1", *words)
    alone = {part: spec(f"seed_parts.{part}=1", *words) for part in PARTS}

    def begun(run: RunSpec) -> tuple[bytes, list[int]]:
        model = module.build_model(run, module.load_data(run, None))
        (key,) = [layer.key.numpy().tolist() for layer in model.layers if hasattr(layer, "key")]
        return b"".join(weight.numpy().tobytes() for weight in model.trainable_weights), key

    (weights, key), (other_weights, other_key) = begun(plain), begun(other)
    assert {part: begun(alone[part]) for part in PARTS} == {
        "initialisation": (other_weights, key),
        "order": (weights, key),
        "masks": (weights, other_key),
    }
    trained = {name: bits(train(trainer, each)) for name, each in {"plain": plain, "other": other, **alone}.items()}
    assert len(set(trained.values())) == 5
    # All three at the number of another seed are that seed's run, but for the seed that stands in its spec.
    everything = spec(*(f"seed_parts.{part}=1" for part in PARTS), *words)
    assert bits(train(trainer, everything)) == trained["other"]


def test_a_program_trains_runs_of_any_split_as_if_it_were_new(trainer):
    rows = [spec("dataset.resplits=true", f"seed={seed}", *SHORT) for seed in range(3)]
    assert len({row.program_id for row in rows}) == 1
    in_a_row = [bits(train(trainer, row)) for row in rows]
    assert in_a_row[2] == bits(train(Trainer(None, NUMERICS), rows[2]))
    assert in_a_row[2] != bits(train(trainer, spec("seed=2", *SHORT)))


def test_runs_of_other_programs_in_between_change_nothing(trainer):
    asked = spec("model.dropout=0.2", *SHORT)
    before = bits(train(trainer, asked))
    for other in ("optimizer=sgd", "training.batch_size=64", "model.activation=tanh"):
        train(trainer, spec(other, *SHORT))
    assert bits(train(trainer, asked)) == before


@pytest.mark.parametrize(
    "nothing",
    [
        "training.plateau.patience=1000",
        "training.early_stopping.patience=1000",
        "training.clip.norm=1e9",
        "optimizer.weight_decay=null",
    ],
)
def test_a_factor_that_does_nothing_gives_bit_equal_arms(trainer, nothing):
    if nothing.startswith("optimizer"):
        pair = spec("optimizer=adam", *SHORT), spec("optimizer=adamw", "optimizer.weight_decay=0.0", *SHORT)
    else:
        pair = spec(*SHORT), spec(nothing, *SHORT)
    assert pair[0].run_id != pair[1].run_id
    assert bits(train(trainer, pair[0])) == bits(train(trainer, pair[1]))


@pytest.mark.parametrize(
    "words", [("model.dropout=0.2", "model.batch_norm=true"), pytest.param(("model.l2=0.001",), marks=pytest.mark.slow)]
)
def test_a_subclassed_network_trains_to_the_bits_of_the_functional_one(trainer, words):
    pair = [spec(f"model={model}", *words, *SHORT) for model in ("mlp", "subclassed")]
    assert bits(train(trainer, pair[0])) == bits(train(trainer, pair[1]))


def test_weights_of_losses_share_a_program_and_leave_nothing_behind(trainer):
    def weighed(brier: float) -> RunSpec:
        return spec("loss=weighted", f"loss.weights.brier={brier}", "numerics.engine=graph", *SHORT)

    assert weighed(0.0).program_id == weighed(2.0).program_id
    first = bits(train(trainer, weighed(0.5)))
    assert bits(train(trainer, weighed(2.0))) != first
    assert bits(train(trainer, weighed(0.5))) == first


def test_a_model_that_builds_itself_at_its_first_call_is_called_before_its_weights_are_drawn(trainer, monkeypatch):
    class Late(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="late")
            self.flat, self.logits = keras.layers.Flatten(), keras.layers.Dense(10, name="logits")

        def call(self, inputs):
            return self.logits(self.flat(inputs))

    monkeypatch.setattr(module, "made", lambda spec, part: lambda input_shape, outputs: Late())
    asked = spec(*SHORT)
    shape = module.LoadedData(None, None, (8, 8, 1), 10, 16.0)
    one, other = (module.build_model(each, shape) for each in (asked, spec("seed=1", *SHORT)))
    assert one.built
    assert not np.array_equal(one.logits.kernel, other.logits.kernel)
    np.testing.assert_array_equal(one.logits.kernel, module.build_model(asked, shape).logits.kernel)


GAN = ("model=gan", "procedure=adversarial", "loss=binary_cross_entropy", "numerics.engine=graph", "model.hidden=[16]")
GAN_SHORT = (*GAN, "training.epochs=2", "training.early_stopping.restore_best=false")


def test_two_models_against_each_other_are_a_run_as_any_other(trainer):
    run = train(trainer, spec(*GAN_SHORT))
    assert run.record.status is Status.COMPLETED
    assert set(run.record.metrics) <= set(METRICS)
    assert {"test_frechet_distance", "train_generator_loss", "test_discriminator_accuracy"} <= set(run.record.metrics)
    assert "test_accuracy" not in run.record.metrics
    assert set(run.history) <= set(METRICS)
    images = run.arrays["generated/images"]
    assert (images.shape, images.dtype) == ((64, 8, 8, 1), np.uint8)
    assert not [name for name in run.arrays if name.startswith("test/")]


def test_adversarial_runs_leave_nothing_behind_and_streaming_changes_nothing(monkeypatch):
    monkeypatch.setattr(feeding, "PIECE_STEPS", 16)
    used = Trainer(None, Numerics("cpu", "graph", 1))
    first = bits(train(used, spec(*GAN_SHORT)))
    train(used, spec(*GAN_SHORT, "seed=1", "model.dropout=0.3"))
    assert bits(train(used, spec(*GAN_SHORT))) == first
    assert bits(train(used, spec(*GAN_SHORT, "dataset.stream=true"))) == first


def test_a_generator_learns_to_draw_digits(trainer):
    words = ("model.hidden=[64]", "training.epochs=40", "optimizer.beta_1=0.5", "optimizer.learning_rate=0.002")
    distances = train(trainer, spec(*changed(GAN_SHORT, *words))).history["val_frechet_distance"]
    assert distances[-5:].mean() < distances[0] / 2


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_learns_and_leaves_the_next_run_alone(precision, trainer):
    whole = spec(*SHORT, "numerics.engine=graph")
    before = bits(train(trainer, whole))
    half = spec(f"precision={precision}", "model.hidden=[64]", "training.epochs=3", "numerics.engine=graph")
    metrics = train(trainer, half).record.metrics
    assert metrics["test_accuracy"] > 0.8
    assert metrics["test_loss"] < 1.2
    assert bits(train(trainer, whole)) == before


def test_augmentation_is_keyed_by_the_seed_and_the_salt(trainer):
    def key_after(*words: str) -> list[int]:
        asked = spec("augment=flip", "numerics.engine=graph", *words, *SHORT)
        losses.append(train(trainer, asked).history["loss"].tolist())
        return next(reversed(trainer._programs.values())).learner.augment_key.numpy().tolist()

    losses: list[list[float]] = []
    keys = [key_after(*words) for words in ((), ("seed=1",), ("randomness.salt=1",), ())]
    assert keys[0] == keys[3] == list(augment_key(seed=0, salt=0))
    assert keys[0] != keys[1] != keys[2] != keys[0]
    assert losses[0] == losses[3]
    assert losses[0] != train(trainer, spec("numerics.engine=graph", *SHORT)).history["loss"].tolist()


@pytest.mark.parametrize(
    "words",
    [
        ("model.dropout=0.2",),
        pytest.param(("model=small_cnn", "augment=shift"), marks=pytest.mark.slow),
        pytest.param(("training.batch_size=7",), marks=pytest.mark.slow),
    ],
)
def test_streamed_or_resident_the_run_is_the_same_to_the_bit(words, monkeypatch):
    monkeypatch.setattr(feeding, "PIECE_STEPS", 16)
    monkeypatch.setattr(feeding, "EVALUATION_PIECE", 1000)
    engine = spec(*words).numerics.engine
    used = Trainer(None, Numerics("cpu", engine, 1))
    resident, streamed = (spec(*words, f"dataset.stream={stream}", *SMALL) for stream in ("false", "true"))
    assert resident.run_id == streamed.run_id
    assert bits(train(used, resident)) == bits(train(used, streamed))


def test_the_salt_makes_a_replica(trainer):
    one, other = (train(trainer, spec(f"randomness.salt={salt}", *SHORT)) for salt in (0, 1))
    assert one.history["val_loss"].tolist() != other.history["val_loss"].tolist()
    np.testing.assert_array_equal(one.arrays["test/label"], other.arrays["test/label"])


def test_a_record_says_what_came_out(trainer):
    run = train(trainer, spec(*SHORT))
    record = run.record
    assert record.run_id == run.spec.run_id
    assert record.status is Status.COMPLETED
    assert record.epochs_run == 2
    assert record.best_epoch == record.evaluated_epoch == int(np.argmin(run.history["val_loss"])) + 1
    assert set(record.metrics) <= set(METRICS)
    assert {"test_accuracy", "test_macro_f1", "train_loss", "gap"} <= set(record.metrics)
    assert record.environment["numerics"] == {"device": "cpu", "engine": "xla", "threads": 1}
    assert record.timings.wall_seconds > sum(record.timings.epoch_seconds)


def test_the_arrays_agree_with_the_metrics(trainer):
    run = train(trainer, spec(*SHORT))
    labels, predicted = run.arrays["test/label"], run.arrays["test/prediction"]
    assert np.mean(labels == predicted) == run.record.metrics["test_accuracy"]
    confusion = run.arrays["test/confusion"]
    assert confusion.trace() / confusion.sum() == run.record.metrics["test_accuracy"]
    assert confusion.sum(axis=1).tolist() == np.bincount(labels).tolist()
    right = labels == predicted
    np.testing.assert_array_equal(run.arrays["test/probability"][right], run.arrays["test/label_probability"][right])
    loss = -np.mean(np.log(run.arrays["test/label_probability"].astype(np.float64)))
    np.testing.assert_allclose(loss, run.record.metrics["test_loss"], rtol=1e-5)


def test_weight_statistics_have_a_row_for_each_weight(trainer):
    run = train(trainer, spec(*SHORT))
    assert run.arrays["weights/path"].tolist() == [
        "hidden_1/kernel",
        "hidden_1/bias",
        "logits/kernel",
        "logits/bias",
    ]
    statistics = dict(zip(WEIGHT_STATISTICS, run.arrays["weights/statistics"][0], strict=True))
    assert statistics["min"] < statistics["mean"] < statistics["max"]
    np.testing.assert_allclose(statistics["norm"], np.sqrt(64 * 8 * (statistics["std"] ** 2 + statistics["mean"] ** 2)))


def test_a_run_that_diverges_says_where_and_has_no_test_metrics(trainer):
    run = train(trainer, spec("optimizer=sgd", "optimizer.learning_rate=1e30", *SHORT))
    assert run.record.status is Status.DIVERGED
    assert run.record.divergence is not None
    assert run.record.divergence.epoch == 1
    assert run.record.metrics == {}
    pack(run.arrays)


# Convolutions take long under XLA on a CPU.
@pytest.mark.parametrize("engine", ["eager", "graph", pytest.param("xla", marks=pytest.mark.slow)])
def test_weights_that_are_not_finite_are_a_divergence_under_every_engine(engine):
    """Keras's Adafactor breaks on digits, of whose pixels some are always 0; under `graph` no loss shows it."""
    words = ("optimizer=adafactor", "model=small_cnn", "training.epochs=1", f"numerics.engine={engine}")
    asked = spec(*words)
    theirs = replace(asked, optimizer=replace(asked.optimizer, target="keras.optimizers.Adafactor"))
    used = Trainer(None, asked.numerics)
    run = train(used, theirs)
    assert run.record.status is Status.DIVERGED
    assert run.record.divergence is not None
    assert run.record.divergence.epoch == 1
    run = train(used, asked)
    assert run.record.status is Status.COMPLETED
    assert run.record.metrics["val_accuracy"] > 0.5
    assert all(np.isfinite(values).all() for values in run.artefacts["weights"].values())


def test_an_overflowing_test_loss_is_left_out(trainer, monkeypatch):
    train(trainer, spec(*SHORT))
    data, program = next(iter(trainer._data.values())), next(reversed(trainer._programs.values()))

    def evaluate(program, split):
        loss = np.inf if split is data.test else 1.0
        return {"loss": loss, "objective": loss}, np.zeros((len(split.labels), 10))

    monkeypatch.setattr(module, "evaluate", evaluate)
    metrics, _ = module.final_results(program, data)
    assert "test_loss" not in metrics
    assert metrics["train_loss"] == 1.0


def test_data_that_changed_since_the_plan_is_refused(trainer):
    asked = spec(*SHORT)
    other = replace(asked, dataset=replace(asked.dataset, digest="0" * 64))
    with pytest.raises(DataError, match="changed"):
        train(trainer, other)


def test_only_a_few_programs_and_data_sets_are_kept(trainer):
    for width in (4, 5, 6):
        train(trainer, spec("training.epochs=1", f"model.hidden=[{width}]", "numerics.engine=graph"))
    assert len(trainer._programs) == 2


PROBED = ("model.batch_norm=true", "model.dropout=0.2", "numerics.engine=graph", *SHORT)


def test_weights_restore_the_model_and_its_test_predictions(trainer):
    asked = spec(*PROBED)
    run = train(trainer, asked)
    model = Trainer(None, NUMERICS).restore(asked, run.artefacts["weights"])
    data = next(reversed(trainer._data.values()))
    outputs = np.asarray(model(data.test.features.numpy().astype(np.float32) / data.scale, training=False))
    assert (outputs.argmax(axis=1) == run.arrays["test/prediction"]).all()
    assert {path.rpartition("/")[2] for path in run.artefacts["weights"]} >= {"kernel", "moving_mean"}
    with pytest.raises(ValueError, match="another model"):
        trainer.restore(spec("model.hidden=[9]", *PROBED[:-1]), run.artefacts["weights"])


def test_weights_are_those_of_the_epoch_that_was_evaluated(trainer):
    run = train(trainer, spec("optimizer=sgd", "optimizer.learning_rate=3.0", "training.epochs=4", "model.hidden=[8]"))
    kernels = [values for path, values in run.artefacts["weights"].items() if path.endswith("kernel")]
    norms = run.arrays["weights/statistics"][::2, WEIGHT_STATISTICS.index("norm")]
    np.testing.assert_allclose([np.linalg.norm(values.astype(np.float64)) for values in kernels], norms)


def test_step_losses_average_to_the_history(trainer):
    run = train(trainer, spec(*SHORT))
    losses, objectives = run.artefacts["step_losses"]["loss"], run.artefacts["step_losses"]["objective"]
    examples, batch = len(next(reversed(trainer._data.values())).training.train.labels), 32
    sizes = [batch] * (examples // batch) + [examples % batch] * (examples % batch > 0)
    assert losses.shape == objectives.shape == (2, len(sizes))
    np.testing.assert_allclose(np.average(losses, axis=1, weights=sizes), run.history["loss"], rtol=1e-5)


def test_a_probe_is_the_same_after_training_from_kept_weights_and_after_another_run(trainer):
    asked, other = spec(*PROBED), spec("seed=1", *PROBED)
    run, unlike = train(trainer, asked), train(trainer, other)
    raw = dict(run.artefacts)

    def probes(of: Trainer) -> dict[str, bytes]:
        return {name: pack(of.measure(asked, name, raw)) for name in ("sharpness", "gradient_noise", "dead_units")}

    first = probes(trainer)
    trainer.measure(other, "sharpness", unlike.artefacts)
    assert probes(trainer) == first == probes(Trainer(None, NUMERICS))
    with pytest.raises(KeyError, match="weights"):
        trainer.measure(asked, "sharpness", {})


def test_measuring_between_runs_changes_no_run(trainer):
    asked = spec(*PROBED)
    run = train(trainer, asked)
    trainer.measure(asked, "loss_surface", run.artefacts)
    assert bits(train(trainer, asked)) == bits(run)


def test_a_run_pinned_to_another_device_is_the_same_run():
    """As each of several GPUs has its own worker; here the devices are two halves of the CPU."""
    done = subprocess.run([sys.executable, "-m", "tests.runner.on_device"], capture_output=True, text=True)
    first, second = (line.split() for line in done.stdout.splitlines())
    assert first[:2] == ["CPU:0", "CPU:0"], done.stderr
    assert second[:2] == ["CPU:1", "CPU:1"]
    assert first[2] == second[2]
