"""The results folder that words mean, found without composing a configuration, is the one that composing gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.config.problems import ConfigError
from ablate.core.errors import AblateError
from ablate.operations import folders as module
from ablate.operations.folders import ConfigFolders, results_dir_of
from ablate.operations.request import read_settings

WORDS = (
    (),
    ("results_dir=/data/results",),
    ("results_dir=./out",),
    ("results_dir=../out/a.b-c_d",),
    ("results_dir=~/out",),
    ("results_dir=out",),
    ("results_dir='with space/x'",),
    ("results_dir=null",),
    ("results_dir=",),
    ("results_dir=3",),
    ("results_dir=a/b,c/d",),
    ("results_dir=${data_dir}/x",),
    ("results_dir=file/below",),
    ("results_dir=a/b", "results_dir=c/d"),
    ("results_dir=a/b", "reports_dir=c/d"),
    ("data_dir=a/b",),
    ("++results_dir=a/b",),
    ("results_dir.x=a/b",),
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_it_is_what_a_composed_configuration_says(words: tuple[str, ...], here: Path) -> None:
    assert outcome(lambda: results_dir_of(words)) == outcome(lambda: read_settings(words).results_dir)


def outcome(call) -> object:
    try:
        return call()
    except (AblateError, ValueError) as error:
        return type(error), str(error)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("words", WORDS[:4], ids=" ".join)
def test_plain_words_compose_nothing(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.config.requests.composing", None)
    assert results_dir_of(words) == Path(words[0].partition("=")[2] if words else "results")


def test_a_folder_of_configurations_that_is_none_is_refused_all_the_same(here: Path) -> None:
    with pytest.raises(ConfigError, match="a folder that exists"):
        results_dir_of((), ConfigFolders((here / "none",)))


def test_a_file_in_the_place_of_the_usual_folder_is_told_of_as_ever(here: Path) -> None:
    (here / "results").write_text("no folder")
    assert outcome(results_dir_of) == outcome(lambda: read_settings().results_dir)
    assert module._plain((), ConfigFolders().tree()) is None
