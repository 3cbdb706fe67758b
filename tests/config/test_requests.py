"""Requests: from the words of a command line to the study or run, its settings, or all of its problems."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra

from ablate.config.problems import ConfigError
from ablate.config.requests import load_request
from ablate.core.identity import canonical
from ablate.core.specs import Component, RunSpec
from tests.config.support import (
    CHECKOUT,
    DIGEST,
    FakeFacts,
    fake_facts,
    load,
    load_run,
    load_study,
    load_sweep,
    problems,
    tree,
    write,
)


class TestALoneRun:
    def test_words_become_a_spec(self) -> None:
        spec = load_run("optimizer=sgd seed=3 model.dropout=0.3 training.epochs=5 randomness.salt=2 numerics.threads=2")
        assert spec.optimizer.target == "keras.optimizers.SGD"
        assert (spec.seed, spec.salt, spec.numerics.threads) == (3, 2, 2)
        assert spec.model.arguments["dropout"] == 0.3
        assert spec.training.arguments["epochs"] == 5
        assert spec.dataset.digest == DIGEST
        assert spec.augment is None

    def test_private_keys_and_the_split_are_no_arguments(self) -> None:
        spec = load_run("")
        components = [spec.dataset.source, spec.model, spec.optimizer, spec.training]
        assert not [key for each in components for key in each.arguments if key.startswith("_")]
        assert spec.dataset.source.arguments == {}
        assert spec.model.variables == ("dropout", "l2")
        assert spec.optimizer.variables == ("learning_rate",)

    def test_parts_of_its_seed_may_have_numbers_of_their_own(self) -> None:
        spec = load_run("seed=3 seed_parts.order=0 seed_parts.masks=3")
        assert spec.seed_parts == {"order": 0}
        assert spec.run_id != load_run("seed=3").run_id == load_run("seed=3 seed_parts.masks=3").run_id

    def test_its_split_may_be_that_of_its_seed(self) -> None:
        spec = load_run("seed=3 dataset.resplits=true")
        assert spec == load_run("seed=3 dataset.split_seed=3")
        assert spec.dataset.source.arguments == {}

    @pytest.mark.parametrize(
        ("words", "key", "nearest"),
        [
            ("seed_parts.ordre=0", "seed_parts.ordre", "seed_parts.order"),
            ("+seed_parts.mask=0", "seed_parts.mask", "masks"),
            ("seed_parts.order=-1", "seed_parts.order", None),
            ("seed_parts.order=0.5", "seed_parts.order", None),
            ("dataset.resplits=1", "dataset.resplits", None),
            ("dataset.resplits=true dataset.validation_last=100", "dataset.resplits", None),
        ],
    )
    def test_what_is_no_part_is_refused(self, words: str, key: str, nearest: str | None) -> None:
        assert {(found, near) for found, _, near in problems(words)} == {(key, nearest)}

    def test_a_spec_survives_its_json(self) -> None:
        spec = load_run("model=small_cnn training.clip.norm=1")
        assert canonical(RunSpec.from_json(spec.to_json()).to_json()) == canonical(spec.to_json())

    def test_a_procedure_is_part_of_the_spec_unless_it_is_the_usual_one(self) -> None:
        words = "model=gan loss=least_squares procedure=adversarial"
        usual, other, third = (load_run(each) for each in ("", words, f"{words} procedure.components=4"))
        assert "procedure" not in usual.to_json()
        assert RunSpec.from_json(other.to_json()).run_id == other.run_id
        assert RunSpec.from_json(other.to_json()).procedure == other.procedure
        assert len({each.run_id for each in (usual, other, third)}) == 3
        assert len({each.program_id for each in (usual, other, third)}) == 3

    def test_models_losses_and_procedures_fit_each_other(self) -> None:
        asked = "model=gan loss=least_squares procedure=adversarial"
        assert problems(asked) == []
        for words, key in (
            ("model=gan", "model"),
            (asked.replace("gan", "mlp"), "model"),
            ("loss=least_squares", "loss"),
        ):
            assert [found for found, *_ in problems(words)] == [key]

    def test_a_whole_number_for_a_float_is_the_same_run(self) -> None:
        assert load_run("model.dropout=0").run_id == load_run("").run_id
        assert load_run("training.clip.norm=1").run_id == load_run("training.clip.norm=1.0").run_id

    def test_what_changes_no_number_changes_no_id(self) -> None:
        words = "data_dir=/tmp results_dir=a reports_dir=b executor=inline study=null"
        assert load_run(words).run_id == load_run("").run_id

    def test_an_argument_can_be_added(self) -> None:
        assert load_run("+optimizer.weight_decay=0.1").optimizer.arguments["weight_decay"] == 0.1


class TestGoldenIds:
    """An id that changes here orphans every stored run: on purpose only, with a word in the commit."""

    @pytest.mark.parametrize(
        ("words", "run_id"),
        [
            ("", "286713e7407a14a8bad7638eb24490fe055d1afff173ad19cb358d34485183b7"),
            ("optimizer=sgd seed=3", "a346a88116ea2d7e0ece58a4e491cfded6421360a611357c698a526b6678d6b0"),
            (
                "model=small_cnn dataset=mnist training.clip.global_norm=1",
                "1945d38f93a2bfa52abc0e6db641d0d2598d3e0332249847e205b9c8040e4961",
            ),
        ],
    )
    def test_of_runs(self, words: str, run_id: str) -> None:
        assert load_run(words).run_id == run_id


class TestTheEngine:
    @pytest.mark.parametrize(
        ("words", "device", "engine"),
        [
            ("model=mlp", "cpu", "xla"),
            ("model=mlp", "gpu", "xla"),
            ("model=small_cnn", "cpu", "graph"),
            ("model=small_cnn", "gpu", "xla"),
            ("model=small_cnn numerics.engine=xla", "cpu", "xla"),
            ("numerics.engine=eager", "cpu", "eager"),
        ],
    )
    def test_follows_the_model_and_the_device(self, words: str, device: str, engine: str) -> None:
        numerics = load_run(words, device=device).numerics
        assert (numerics.device, numerics.engine) == (device, engine)


class TestWhatIsAskedOutside:
    def test_the_data_set_is_asked_once_with_what_its_facts_depend_on(self, tmp_path: Path) -> None:
        asked: list[Any] = []

        def facts(source: Component, split_seed: int, data_dir: Path | None, limit: int | None) -> FakeFacts:
            asked.append((source.target, split_seed, data_dir, limit))
            return FakeFacts()

        words = [
            "+sweep=optimizers",
            "dataset=mnist",
            "dataset.split_seed=4",
            "dataset.limit=90",
            f"data_dir={tmp_path}",
        ]
        load_request(words, tree(), facts, lambda device: "cpu")
        assert asked == [("ablate.datasets.mnist.load", 4, tmp_path, 90)]

    def test_a_limit_is_part_of_a_run_and_none_is_not(self) -> None:
        runs = {words: load_run(words) for words in ("dataset=mnist", "dataset=mnist dataset.limit=500")}
        plain, few = runs.values()
        assert "limit" not in plain.to_json()["dataset"]
        assert few.to_json()["dataset"]["limit"] == 500
        assert few.run_id != plain.run_id == load_run("dataset=mnist dataset.limit=null").run_id
        assert few.dataset.source == plain.dataset.source
        assert type(few).from_json(few.to_json()).dataset == few.dataset

    def test_the_device_is_asked_once(self) -> None:
        asked: list[str] = []
        load_request(["+sweep=l2", "numerics.device=gpu"], tree(), fake_facts, lambda d: asked.append(d) or "gpu")
        assert asked == ["gpu"]

    def test_nothing_is_asked_for_a_run_that_cannot_be(self) -> None:
        def unreachable(*arguments: Any) -> Any:
            raise AssertionError("asked")

        with pytest.raises(ConfigError):
            load_request(["training.epochs=0"], tree(), unreachable, unreachable)


class TestAStudy:
    def test_a_lone_sweep_is_a_study_of_one_with_its_question(self) -> None:
        study = load_study("+sweep=optimizers")
        assert study.name == "optimizers"
        assert study.question == study.sweeps[0].spec.question
        assert study.sweeps[0].baseline.name == "optimizer=adam"
        assert len(study.planned_runs()) == 48

    def test_several_sweeps_each_get_the_words(self) -> None:
        study = load_study("+sweep=[dropout,l2] sweep.seeds=3 training.epochs=2")
        assert study.name == "dropout+l2"
        assert [sweep.spec.seeds for sweep in study.sweeps] == [(0, 1, 2)] * 2
        assert {arm.spec.training.arguments["epochs"] for sweep in study.sweeps for arm in sweep.arms} == {2}

    def test_a_study_can_be_named(self) -> None:
        assert load_study("+sweep=l2 study=l2_mnist").name == "l2_mnist"

    def test_an_arm_has_the_first_seed_of_its_sweep(self) -> None:
        sweep = load_sweep("+sweep=l2 sweep.seeds=[7,8]")
        assert {arm.spec.seed for arm in sweep.arms} == {7}
        assert [spec.seed for spec in sweep.run_specs()][:2] == [7, 8]

    def test_a_choice_of_the_command_line_is_there_for_the_levels(self) -> None:
        sweep = load_sweep("+sweep=dropout model=small_cnn model.filters=[4]")
        assert [arm.spec.model.arguments["filters"] for arm in sweep.arms] == [[4]] * 4
        assert {arm.spec.numerics.engine for arm in sweep.arms} == {"graph"}

    def test_settings_stand_apart(self) -> None:
        settings = load("+sweep=l2 executor.workers=2 results_dir=out", tree(allow=("mine",))).settings
        assert settings.executor.arguments["workers"] == 2
        assert (settings.results_dir, settings.reports_dir) == (Path("out"), Path("reports"))
        assert settings.allow_targets == ("mine",)

    def test_the_data_folder_comes_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ABLATE_DATA_DIR", "/some/data")
        assert load("").settings.data_dir == Path("/some/data")
        assert load("data_dir=/other").settings.data_dir == Path("/other")
        monkeypatch.delenv("ABLATE_DATA_DIR")
        assert load("").settings.data_dir is None

    def test_a_variable_that_names_no_folder_is_named_itself(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ABLATE_DATA_DIR", "")
        assert problems("") == [("ABLATE_DATA_DIR", "", None)]
        assert problems("data_dir='~nobody_of_this_name/x'") == [("data_dir", "~nobody_of_this_name/x", None)]


SWEEP = """
question: Which?
factors: {optimizer: [sgd, adam]}
design: one_factor
baseline: {optimizer: adam}
seeds: 2
metric: val_loss
base: [%s]
claims: [sgd < adam on val_loss]
"""
STUDY = """
question: Why?
base: [%s]
sweeps:
  - {sweep: own, overrides: [%s], claims: [adam < sgd on val_loss]}
"""


def layers(folder: Path, study: str = "", sweep: str = "", overrides: str = "") -> Any:
    files = {"experiments/own/study.yaml": STUDY % (study, overrides), "conf/sweep/own.yaml": SWEEP % sweep}
    return tree(write(folder, files))


class TestPrecedence:
    """conf/ < the study's base < the sweep's base < the study's overrides of the sweep < the command line < the arm"""

    LAYERS = ("training.epochs=2", "training.epochs=3", "training.epochs=4")

    @pytest.mark.parametrize(
        ("count", "command", "epochs"),
        [(0, "", 30), (1, "", 2), (2, "", 3), (3, "", 4), (3, " training.epochs=5", 5), (0, " training.epochs=5", 5)],
    )
    def test_of_values(self, tmp_path: Path, count: int, command: str, epochs: int) -> None:
        words = [*self.LAYERS[:count], *[""] * (3 - count)]
        sweep = load_sweep("+experiment=own" + command, layers(tmp_path, *words))
        assert {arm.spec.training.arguments["epochs"] for arm in sweep.arms} == {epochs}

    def test_of_the_arm_over_the_base(self, tmp_path: Path) -> None:
        sweep = load_sweep("+experiment=own", layers(tmp_path, "optimizer=nadam", "optimizer=rmsprop"))
        assert [arm.spec.optimizer.target.rpartition(".")[2] for arm in sweep.arms] == ["SGD", "Adam"]

    def test_of_a_value_over_the_chosen_level(self) -> None:
        sweep = load_sweep("+sweep=optimizers optimizer.learning_rate=0.5")
        assert {arm.spec.optimizer.arguments["learning_rate"] for arm in sweep.arms} == {0.5}

    def test_of_what_a_study_fixes_over_the_command_line(self, tmp_path: Path) -> None:
        here = layers(tmp_path, "training.epochs=2")
        file = tmp_path / "experiments" / "own" / "study.yaml"
        file.write_text(file.read_text().replace("sweep: own,", "sweep: own, fixed: [training.epochs=7],"))
        sweep = load_sweep("+experiment=own training.epochs=5 training.batch_size=8", here)
        settings = {
            (arm.spec.training.arguments["epochs"], arm.spec.training.arguments["batch_size"]) for arm in sweep.arms
        }
        assert settings == {(7, 8)}
        assert sweep.spec.base == ("training.epochs=7",)

    def test_of_sweep_words(self, tmp_path: Path) -> None:
        here = layers(tmp_path, overrides="sweep.seeds=4")
        assert len(load_sweep("+experiment=own", here).spec.seeds) == 4
        assert len(load_sweep("+experiment=own sweep.seeds=6", here).spec.seeds) == 6


class TestAnExperiment:
    def test_has_its_name_question_and_claims(self, tmp_path: Path) -> None:
        study = load_study("+experiment=own", layers(tmp_path, overrides="training.epochs=1"))
        assert (study.name, study.question) == ("own", "Why?")
        assert study.sweeps[0].spec.claims == ("sgd < adam on val_loss", "adam < sgd on val_loss")
        assert study.sweeps[0].spec.base == ("training.epochs=1",)

    def test_may_ask_one_sweep_twice_under_two_names(self, tmp_path: Path) -> None:
        twice = "sweeps: [{sweep: l2}, {sweep: l2%s, overrides: [training.epochs=1]}]"
        here = write(tmp_path, {"experiments/a/study.yaml": twice % ", name: short"})
        assert [sweep.spec.name for sweep in load_study("+experiment=a", tree(here)).sweeps] == ["l2", "short"]
        write(tmp_path, {"experiments/a/study.yaml": twice % ""})
        assert problems("+experiment=a", tree(here)) == [("sweep", "l2", None)]

    @pytest.mark.parametrize(
        "word", ["executor.workers=9", "results_dir=/x", "seed=3", "sweep.seeds=3", "allow_targets=os"]
    )
    def test_decides_about_numbers_alone(self, tmp_path: Path, word: str) -> None:
        key = word.partition("=")[0]
        assert [problem[0] for problem in problems("+experiment=own", layers(tmp_path, study=word))] == [key]

    def test_that_is_not_as_it_should_be_is_refused_with_all_its_problems(self, tmp_path: Path) -> None:
        text = "qestion: Why?\nsweeps: [{sweep: l2, claims: x}]\n"
        here = tree(write(tmp_path, {"experiments/bad/study.yaml": text}))
        assert [problem[0] for problem in problems("+experiment=bad", here)] == ["qestion", "sweeps[0].claims"]

    def test_whose_claims_cannot_be_is_refused(self, tmp_path: Path) -> None:
        here = layers(tmp_path)
        file = tmp_path / "experiments" / "own" / "study.yaml"
        file.write_text(file.read_text().replace("adam < sgd", "adan < sgd"))
        with pytest.raises(ConfigError) as caught:
            load("+experiment=own", here)
        # It stands behind the claims of the leaf, and not in its file.
        assert [(each.key, each.nearest, each.location) for each in caught.value.problems] == [
            ("sweep.claims[1]", "adam", "")
        ]

    def test_that_is_no_yaml_is_refused(self, tmp_path: Path) -> None:
        here = tree(
            write(
                tmp_path,
                {"experiments/bad/study.yaml": "a: [", "experiments/sly/study.yaml": "!!python/name:os.system"},
            )
        )
        for name in ("bad", "sly"):
            assert [problem[0] for problem in problems(f"+experiment={name}", here)] == ["experiment"]


Expected = list[tuple[str, Any, str | None]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("optimizer=adm", [("optimizer", "adm", "adam")]),
        ("optimzer=sgd", [("optimzer", "sgd", "optimizer")]),
        ("+swep=optimizers", [("swep", "optimizers", "sweep")]),
        ("+zzz=1", [("zzz", 1, None)]),
        ("hydra.run.dir=x", [("hydra.run.dir", "x", None)]),
        ("+sweep=optimizer", [("sweep", "optimizer", "optimizers")]),
        ("+sweep=[l2,dropot]", [("sweep", "dropot", "dropout")]),
        ("+sweep=[]", [("sweep", [], None)]),
        ("+sweep=[l2,l2]", [("sweep", "l2", None)]),
        ("+experiment=digits_regularization", [("experiment", "digits_regularization", "digits_regularisation")]),
        ("+sweep=l2 +experiment=digits_regularisation", [("experiment", "digits_regularisation", None)]),
        ("model.dropot=0.1", [("model.dropot", 0.1, "model.dropout")]),
        (
            "training.early_stopping.patients=3",
            [("training.early_stopping.patients", 3, "training.early_stopping.patience")],
        ),
        ("model.dropout=x", [("model.dropout", "x", None)]),
        ("model.hidden=3", [("model.hidden", 3, None)]),
        ("training.batch_size=1.5", [("training.batch_size", 1.5, None)]),
        ("training.epochs=0 training.batch_size=-1", [("training.epochs", 0, None), ("training.batch_size", -1, None)]),
        ("training.clip.norm=1 training.clip.value=1", [("training.clip", {"value": 1.0, "norm": 1.0}, None)]),
        ("executor.workers=0.5", [("executor.workers", 0.5, None)]),
        ("executor.wrkers=1", [("executor.wrkers", 1, "executor.workers")]),
        ("seed=true", [("seed", True, None)]),
        ("seed=-1", [("seed", -1, None)]),
        ("seed=4294967296", [("seed", 2**32, None)]),
        ("randomness.salt=-1", [("randomness.salt", -1, None)]),
        ("precision=float16", [("precision", "float16", "float32")]),
        ("numerics.device=gpus", [("numerics.device", "gpus", "gpu")]),
        ("numerics.engine=xls numerics.threads=0", [("numerics.engine", "xls", "xla"), ("numerics.threads", 0, None)]),
        ("dataset.validation_fraction=1", [("dataset.validation_fraction", 1.0, None)]),
        ("dataset.validation_last=0", [("dataset.validation_last", 0, None)]),
        ("dataset.limit=0", [("dataset.limit", 0, None)]),
        ("dataset.limit=1.5", [("dataset.limit", 1.5, None)]),
        ("dataset.limit=some", [("dataset.limit", "some", None)]),
        ("data_dir=[3]", [("data_dir", [3], None)]),
        ("study=../x", [("study", "../x", None)]),
        ("study=mine", [("study", "mine", None)]),
        ("study=.hidden +sweep=l2", [("study", ".hidden", None)]),
        ("sweep.seeds=3", [("sweep.seeds", 3, None)]),
        ("sweep=?", [("sweep", "?", None)]),
        ("+sweep=l2 seed=3", [("seed", 3, None)]),
        ("+sweep=l2 model.l2=0.1", [("model.l2", 0.1, None)]),
        ("+sweep=optimizers optimizer=sgd", [("optimizer", "sgd", None)]),
        ("+sweep=l2 sweep.design=gird", [("sweep.design", "gird", "grid")]),
        (
            "+sweep=l2 sweep.factors={executor.workers:[1,2]} sweep.baseline={executor.workers:1}",
            [("sweep.factors.executor.workers", [1, 2], None)],
        ),
        (
            "+sweep=l2 sweep.factors={model.l3:[0.0,0.1]} sweep.baseline={model.l3:0.0}",
            [("model.l3", 0.0, "model.l2"), ("model.l3", 0.1, "model.l2")],
        ),
        ("augment=none model=null", [("model", None, None)]),
        ("model=[mlp]", [("model", ["mlp"], "mlp")]),
    ],
)
def test_what_cannot_be_is_refused_with_its_key_value_and_nearest_name(words: str, expected: Expected) -> None:
    assert problems(words) == expected


def test_all_problems_come_at_once_from_every_stage() -> None:
    words = "optimizer=adm model.dropot=1 model.l2=x seed=-1 training.epochs=0 numerics.threads=0"
    assert sorted(key for key, *_ in problems(words)) == sorted(
        ["optimizer", "model.dropot", "model.l2", "seed", "training.epochs", "numerics.threads"]
    )


def test_a_sweep_that_cannot_be_read_hides_no_other_problem() -> None:
    words = "+sweep=[dropout,l2] sweep.seds=1 sweep.metric=val_los seed=3 model.dropout=0.1 optimizer=adm"
    keys = {key for key, *_ in problems(words)}
    assert keys == {"sweep.seds", "sweep.metric", "seed", "model.dropout", "optimizer"}


def test_problems_say_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r"^optimizer=adm: allowed is one of adafactor, .*sgd; did you mean adam\?$"):
        load("optimizer=adm")
    with pytest.raises(ConfigError, match=r"allowed is sweep\.factors\.model\.l2=\[…\]"):
        load("+sweep=l2 model.l2=0.1")


@pytest.mark.parametrize("words", ["", "optimizer=adm"])
def test_hydra_is_left_as_it_was(words: str) -> None:
    problems(words)
    assert not GlobalHydra.instance().is_initialized()


def test_loading_imports_no_tensorflow() -> None:
    script = (
        "import sys; from tests.config.support import load_study; load_study('+sweep=optimizers')\n"
        "assert not {'tensorflow', 'keras', 'matplotlib', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=CHECKOUT)
