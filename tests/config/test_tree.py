"""Where configs are found, and what a user's own folder may add."""

from __future__ import annotations

import os
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


def put_fifo(path: Path) -> None:
    os.mkfifo(path)


ODD = {
    "a folder": lambda path: path.mkdir(),
    "a FIFO": put_fifo,
    "a link that leads nowhere": lambda path: path.symlink_to("nowhere"),
    "a link that leads in a circle": lambda path: path.symlink_to(path.name),
    "a device": lambda path: path.symlink_to(os.devnull),
}


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("group", ["model", "sweep"])
def test_what_stands_in_the_place_of_a_leaf_is_said_where_it_is_chosen(kind: str, group: str, tmp_path: Path) -> None:
    file = tmp_path / "conf" / group / "odd.yaml"
    file.parent.mkdir(parents=True)
    ODD[kind](file)
    here = tree(tmp_path)
    load_run("model=mlp", here)  # what is not chosen is not looked at
    with pytest.raises(ConfigError) as raised:
        load_run("model=odd", here) if group == "model" else load_study("+sweep=odd", here)
    assert str(raised.value) == f"{file}: allowed is a file of YAML (it is {kind}, no file)"


@pytest.mark.parametrize("kind", ODD)
def test_what_stands_in_the_place_of_the_users_config_is_said(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "conf" / "config.yaml"
    file.parent.mkdir()
    ODD[kind](file)
    with pytest.raises(ConfigError, match=f"it is {kind}, no file"):
        find_tree(tmp_path)


def test_a_folder_with_too_much_in_it_is_no_folder_of_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.config.tree.MOST_ENTRIES", 200)
    assert find_tree(tmp_path).groups["optimizer"]
    write(tmp_path / "elsewhere", {f"model/leaf_{number}.yaml": DEEP for number in range(201)})
    with pytest.raises(ConfigError, match=r"--config-dir=.*: allowed is a folder of leaves .* at most 200 files"):
        find_tree(tmp_path, [tmp_path / "elsewhere"])


def test_a_file_that_is_no_yaml_is_named_once_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "model" / "torn.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("units: 3\nrates: [\n")
    with pytest.raises(ConfigError) as raised:
        load_run("model=torn", tree(tmp_path))
    assert str(raised.value).startswith(f"{file}:3: allowed is a file of YAML (")
    assert str(raised.value).count("torn.yaml") == 1
