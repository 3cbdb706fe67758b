"""Files of YAML that somebody else wrote: what they cannot do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from ablate.config.files import MOST_BYTES, read_leaf, read_yaml
from ablate.config.problems import ConfigError
from ablate.config.tree import find_tree
from tests.config.support import load, problems, tree, write

MLP = "_target_: ablate.models.mlp.mlp\n_partial_: true\nhidden: [4]\n"
LAUGHS = "a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
ATTACKS = {
    "a tag that calls": "a: !!python/object/apply:os.system [touch owned]",
    "a tag that names": "!!python/name:os.system",
    "a billion laughs": LAUGHS,
    "a document within itself": "a: &a [*a]",
    "brackets without end": "a: " + "[" * 20_000,
    "a deep document": "a: " + "[" * 300 + "]" * 300,
    "a huge document": "a: " + "x" * MOST_BYTES,
    "a key twice": "a: 1\na: 2",
    "two documents": "a: 1\n---\nb: 2",
    "a number of ten thousand digits": "a: " + "9" * 10_000,
    "a key that is a list": "? [a, b]\n: 1",
    "no YAML": "a: [",
    "a control character": "a: \x00",
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_a_hostile_file_is_refused_soon(text: str, tmp_path: Path) -> None:
    file = write(tmp_path, {"x.yaml": text}) / "x.yaml"
    started = time.monotonic()
    with pytest.raises(ConfigError):
        read_yaml(file)
    assert time.monotonic() - started < 30
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_no_text_and_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("a: é".encode("latin-1"))
    for name in ("latin.yaml", "absent.yaml", "."):
        with pytest.raises(ConfigError):
            read_yaml(tmp_path / name)


def test_aliases_of_a_few_values_are_read(tmp_path: Path) -> None:
    file = write(tmp_path, {"x.yaml": "a: &a {b: 1e-3}\nc: *a\n"}) / "x.yaml"
    assert read_yaml(file) == {"a": {"b": 0.001}, "c": {"b": 0.001}}


@pytest.mark.parametrize(
    "text",
    [
        f"# @package _global_\nresults_dir: /somewhere\nmodel:\n  {MLP.replace(chr(10), chr(10) + '  ')}",
        f"{MLP}defaults: [/optimizer@_global_.executor: sgd]",
        f"{MLP}hydra: {{run: {{dir: /somewhere}}}}",
        "[1, 2]",
        "hidden: [4]",
    ],
    ids=["package", "defaults", "hydra", "list", "no target"],
)
def test_a_leaf_sets_its_own_group_alone(text: str, tmp_path: Path) -> None:
    here = tree(write(tmp_path, {"conf/model/sly.yaml": text}))
    assert [key.rpartition("/")[2] for key, _, _ in problems("model=sly", here)] == ["sly.yaml"]


@pytest.mark.parametrize("value", ["x${oc.env:HOME}", "${oc.${word}:HOME}", "${hydra:runtime.cwd}"])
def test_what_is_shown_in_reports_is_not_read_from_the_environment(value: str, tmp_path: Path) -> None:
    files = {
        "conf/model/sly.yaml": f'{MLP}activation: "{value}"\n',
        "conf/sweep/sly.yaml": f'question: "{value}"\n',
        "experiments/sly/study.yaml": f"base: [\"model.activation='{value}'\"]\nsweeps: [{{sweep: dropout}}]\n",
    }
    here = tree(write(tmp_path, files))
    for words, key in (("model=sly", "model"), ("+sweep=sly", "sweep"), ("+experiment=sly", "model")):
        found = problems(words, here)
        assert [name for name, _, _ in found if name.startswith(key)], words
        assert str(Path.home()) not in str(found)


def test_references_that_stand_for_gigabytes_are_refused(tmp_path: Path) -> None:
    chain = "".join(f"a{n}: ${{model.a{n - 1}}}${{model.a{n - 1}}}\n" for n in range(1, 40))
    here = tree(write(tmp_path, {"conf/model/sly.yaml": f"{MLP}a0: xxxxxxxx\n{chain}"}))
    assert ("${…}", 39, None) in problems("model=sly", here)


@pytest.mark.parametrize(
    "words",
    [
        "+sweep=../sweep/l2",
        "+experiment=../../etc",
        "model=/etc/passwd",
        "model=../model/mlp",
        "+model@_global_=mlp",
        "hydra/launcher=basic",
        "hydra.run.dir=/x",
        "hydra.searchpath=[/x]",
        "+hydra.callbacks.x._target_=os.system",
        "model._target_=os.system",
        "model._target_=ablate.cli.main",
        "+executor.x={_target_:os.system,command:ls}",
    ],
)
def test_words_that_lead_elsewhere_are_refused(words: str) -> None:
    assert problems(words)


def test_a_file_of_somebody_else_names_no_places_and_no_executor(tmp_path: Path) -> None:
    for word in (
        "results_dir=/x",
        "reports_dir=/x",
        "data_dir=/x",
        "executor=inline",
        "+executor.trainer=os",
        "study=x",
    ):
        study = f"base: ['{word}']\nsweeps: [{{sweep: dropout}}]\n"
        here = tree(write(tmp_path, {"experiments/sly/study.yaml": study}))
        assert problems("+experiment=sly", here), word


def test_an_executor_does_not_say_who_trains(tmp_path: Path) -> None:
    leaf = "_target_: ablate.runner.inline.InlineExecutor\ntrainer: evil\n"
    folder = write(tmp_path, {"conf/executor/sly.yaml": leaf})
    for allow in ((), ("evil",)):
        ((key, value, _),) = problems("executor=sly", tree(folder, allow=allow))
        assert (key.rpartition("/")[2], value) == ("sly.yaml: trainer", "evil")
    for word in ("executor.trainer=evil", "+executor.trainer=evil"):
        with pytest.raises(ConfigError, match="allowed is trainer=NAME, a leaf of conf/trainer"):
            load(word, tree(folder, allow=("evil",)))


def test_a_folder_named_by_config_dir_allows_nothing(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", {"config.yaml": "allow_targets: [os]\n"})
    with pytest.raises(ConfigError, match="--allow-target"):
        find_tree(tmp_path, [theirs])


@pytest.mark.parametrize(
    "text", ["allow_targets: os", "allow_targets: ['']", "allow_targets: [3]", "[os]", "allow_targets: [a/b]"]
)
def test_what_is_allowed_is_a_list_of_packages(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        find_tree(write(tmp_path, {"conf/config.yaml": text}))


@pytest.mark.parametrize("name", ["../x", "a/b", "CON", "con.txt", "x" * 300, "a\nb", "-x", "😀", "a\u202eb", "x."])
def test_the_name_of_a_sweep_is_one_of_a_file(name: str, tmp_path: Path) -> None:
    import json

    study = f"sweeps: [{{sweep: dropout, name: {json.dumps(name)}}}]\n"
    assert problems("+experiment=sly", tree(write(tmp_path, {"experiments/sly/study.yaml": study})))


@pytest.mark.parametrize("number", ["016", "-007", "1:30", "1:30.5", "0x10", "0b11", "0_1", "00"])
@pytest.mark.parametrize("text", ["a: {}", "a: [1, {}]", "b: {{a: {}}}"])
def test_a_number_that_yaml_reads_otherwise_than_the_command_line_is_refused(
    tmp_path: Path, number: str, text: str
) -> None:
    file = tmp_path / "leaf.yaml"
    file.write_text("_target_: null\n" + text.format(number))
    with pytest.raises(ConfigError) as caught:
        read_leaf(file)
    (problem,) = caught.value.problems
    assert (problem.value, problem.location) == (number, f"{file}:2")
    assert problem.key == {"a: {}": "a", "a: [1, {}]": "a[1]"}.get(text, "b.a")


@pytest.mark.parametrize(
    "word", ["16", "0", "-0.5", "1e-05", "1_000", ".5", "5.", "'016'", "'1:30'", "a016", "10:ab", "+2"]
)
def test_other_numbers_and_texts_are_read(tmp_path: Path, word: str) -> None:
    file = tmp_path / "leaf.yaml"
    file.write_text(f"a: {word}  # 016 and 1:30\n")
    assert set(read_leaf(file)) == {"a"}
