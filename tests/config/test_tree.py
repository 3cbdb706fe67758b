"""Where configs are found, and what a user's own folder may add."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from ablate.config.problems import ConfigError
from ablate.config.tree import find_tree, laid_over
from tests.config.support import CHECKOUT, load_run, load_study, tree, write

DEEP = "_target_: ablate.models.mlp.mlp\n_partial_: true\nhidden: [64, 64]\n"


def test_a_checkout_reads_its_own_folders(tmp_path: Path) -> None:
    found = find_tree(tmp_path)
    assert found.shipped == CHECKOUT / "conf"
    assert found.added == ()
    assert CHECKOUT / "experiments" in found.experiments
    assert find_tree(CHECKOUT).added == ()


@pytest.mark.parametrize(
    ("under", "over", "both"),
    [
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": 1, "b": 3, "c": 4}),
        ({"_ranges_": {"a": "x > 0"}}, {"_ranges_": {"b": "x < 1"}}, {"_ranges_": {"a": "x > 0", "b": "x < 1"}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": None}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
    ],
)
def test_a_leaf_is_laid_over_the_rest_as_hydra_would(under: dict, over: dict, both: dict) -> None:
    before = deepcopy((under, over))
    assert laid_over(under, over) == both == OmegaConf.to_container(OmegaConf.merge(under, over))
    assert list(laid_over(under, over)) == list(OmegaConf.merge(under, over))
    assert (under, over) == before


def test_a_conf_in_the_current_folder_adds_leaves(tmp_path: Path) -> None:
    write(tmp_path, {"conf/model/deep.yaml": DEEP})
    here = tree(tmp_path)
    assert "deep" in here.groups["model"]
    assert "mlp" in here.groups["model"]
    assert load_run("model=deep", here).model.arguments == {"hidden": [64, 64]}


def test_a_config_dir_adds_leaves_though_its_path_has_blanks(tmp_path: Path) -> None:
    folder = write(tmp_path / "my own, leaves", {"model/deep.yaml": DEEP})
    assert load_run("model=deep", tree(tmp_path, (folder,))).model.arguments["hidden"] == [64, 64]


def test_a_users_sweep_and_experiment_are_found(tmp_path: Path) -> None:
    sweep = (CHECKOUT / "conf/sweep/dropout.yaml").read_text()
    study = "question: Mine?\nsweeps: [{sweep: mine}]\n"
    here = tree(write(tmp_path, {"conf/sweep/mine.yaml": sweep, "experiments/own/study.yaml": study}))
    assert load_study("+sweep=mine", here).name == "mine"
    assert load_study("+experiment=own", here).question == "Mine?"


def test_the_name_of_a_leaf_means_one_thing(tmp_path: Path) -> None:
    write(tmp_path, {"conf/optimizer/adam.yaml": "_target_: keras.optimizers.SGD\n"})
    with pytest.raises(ConfigError, match=r"adam\.yaml=adam: allowed is a name other than that of"):
        find_tree(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config-dir"):
        find_tree(tmp_path, [tmp_path / "absent"])


def test_packages_are_allowed_by_the_users_config_file_and_by_argument(tmp_path: Path) -> None:
    write(tmp_path, {"conf/config.yaml": "allow_targets: [mine]\n"})
    assert find_tree(tmp_path, allow_targets=["yours", "mine"]).allow_targets == ("mine", "yours")


def test_a_users_config_file_sets_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, {"conf/config.yaml": "allow_target: [mine]\nseed: 3\n"})
    with pytest.raises(ConfigError) as caught:
        find_tree(tmp_path)
    assert [(each.value, each.nearest) for each in caught.value.problems] == [
        ("allow_target", "allow_targets"),
        ("seed", None),
    ]
