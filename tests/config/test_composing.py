"""Composing: leaves that are chosen and values that are set without Hydra give the config that Hydra gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ablate.config import composing as composing_module
from ablate.config.composing import SWEEP, Composer, Config, composing
from ablate.config.overrides import Overrides, parse_override, parse_overrides, write_override
from ablate.config.problems import ConfigError
from tests.config.support import tree, write

CHOICES = [{}, {"model": "small_cnn"}, {"optimizer": "sgd", "model": "mlp"}, {"dataset": "mnist", "schedule": "cosine"}]
VALUES: dict[str, list[Any]] = {
    "model.dropout": [0.0, 0.3, 1],
    "model.activation": ["tanh", "it's ${seed}", "a\\b"],
    "model.hidden": [[128], [64, 32], []],
    "optimizer.learning_rate": [0.1, "${model.dropout}", None],
    "training.clip": [{"norm": 1.0}, {"value": None, "norm": 2.0, "global_norm": None}],
    "training.clip.norm": [None, 2.0],
    "randomness.salt": [3, True],
    "data_dir": ["/some where/ä", None],
}


class OnlyHydra(Composer):
    def _with_values(self, overrides: Overrides) -> Config | None:
        return None


def raw(composer: Composer, overrides: Overrides) -> Config | str:
    try:
        return composer._compose(overrides)
    except ConfigError as error:
        return str(error)


# Their memories outlive Hydra's context, which each example enters by itself.
OURS, HYDRAS = Composer(tree()), OnlyHydra(tree())


@st.composite
def some_overrides(draw: st.DrawFn) -> Overrides:
    choices = draw(st.sampled_from(CHOICES))
    keys = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=4))
    values = {key: draw(st.sampled_from(VALUES[key])) for key in keys}
    # As text, since a person writes them: what is read of it is what is set.
    return parse_overrides(write_override(*item).text for item in {**choices, **values}.items())


@settings(deadline=None, derandomize=True, max_examples=15)
@given(overrides=some_overrides())
def test_values_are_set_as_hydra_sets_them(overrides: Overrides) -> None:
    with composing(tree()):
        assert raw(OURS, overrides) == raw(HYDRAS, overrides)


@pytest.mark.parametrize(
    "texts",
    [
        ["optimizer.unheard_of=1"],
        ["+optimizer.extra=1", "optimizer.extra=2"],
        ["~model.dropout"],
        ["model=unheard_of", "model.dropout=0.1"],
        ["optimizer@second=sgd"],
        ["+optimizer=sgd"],
        ["optimizer=sgd", "optimizer=adam"],
        ["sweep=dropout"],
        ["~optimizer"],
        ["hydra.verbose=true"],
        ["model.dropout=???"],
        ["model.dropout=${unheard_of}"],
    ],
)
def test_what_is_more_than_a_value_is_left_to_hydra(texts: list[str]) -> None:
    with composing(tree()):
        overrides = tuple(map(parse_override, texts))
        assert raw(OURS, overrides) == raw(HYDRAS, overrides)


@pytest.mark.parametrize("group", sorted(tree().groups))
def test_every_leaf_is_chosen_as_hydra_chooses_it(group: str) -> None:
    with composing(tree()):
        for choice in tree().groups[group]:
            overrides = parse_overrides([f"+{group}={choice}" if group == SWEEP else f"{group}={choice}"])
            ours, hydras = raw(OURS, overrides), raw(HYDRAS, overrides)
            assert ours == hydras
            assert str(ours) == str(hydras)  # in the same order


def test_a_leaf_of_the_user_is_chosen_as_hydra_chooses_it(tmp_path: Path) -> None:
    leaf = "_target_: keras.optimizers.SGD\nlearning_rate: ${model.dropout}\nnested: {list: [1, {two: null}]}\n"
    among = tree(write(tmp_path, {"conf/optimizer/theirs.yaml": leaf}))
    overrides = parse_overrides(
        ["optimizer=theirs", "model=small_cnn", "model.dropout=0.25", "optimizer.nested.list=[3]"]
    )
    with composing(among) as ours:
        config = raw(ours, overrides)
        assert isinstance(config, dict)
        assert config == raw(OnlyHydra(among), overrides)
    assert config["optimizer"]["learning_rate"] == 0.25
    assert "_ranges_" in config["optimizer"]


def test_hydra_composes_once_whatever_leaves_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    hydra_compose = composing_module.hydra_compose

    def counted(name: str, texts: list[str]) -> Any:
        asked.append(tuple(texts[1:]))
        return hydra_compose(name, texts)

    monkeypatch.setattr(composing_module, "hydra_compose", counted)
    with composing(tree()) as composer:
        for optimizer in ("sgd", "adam"):
            for rate in range(1, 50):
                composer.compose(
                    (write_override("optimizer", optimizer), write_override("optimizer.learning_rate", rate))
                )
        composer.sweep("dropout")
    assert asked == [()]
