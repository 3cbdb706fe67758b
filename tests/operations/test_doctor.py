"""The doctor's parts come one after the other; what is wrong is a finding, and words that are no settings an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.checkup import loop
from ablate.checkup.findings import Finding, Level, Trouble
from ablate.core.errors import UsageError
from ablate.operations.doctor import Section, doctor

QUICK = ["libraries", "devices", "machine", "data sets", "results"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, and a cache of data sets: both empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABLATE_DATA_DIR", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path


def test_each_part_is_told_as_soon_as_it_was_looked_at(folder: Path) -> None:
    told: list[Section] = []
    found = doctor(skip_training=True, observe=told.append)
    assert [section.title for section in told] == QUICK
    assert found.sections == tuple(told)
    assert (found.wrong, found.has_trained) == ((), False)
    assert "digits" in {finding.subject.partition(",")[0] for finding in found.sections[3].findings}
    assert list(folder.iterdir()) == []


def test_a_damaged_data_set_is_a_finding(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "mnist.npz").write_bytes(b"no archive")
    (wrong,) = doctor(["data_dir=data"], skip_training=True).wrong
    assert (wrong.subject.partition(",")[0], wrong.trouble) == ("mnist", Trouble.DATA)


def test_training_comes_last_with_the_numerics_that_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(spec):
        # The other parts were told before this one is looked at, which takes longest.
        seen.append((spec.numerics.threads, [section.title for section in told]))
        yield Finding("training", "it burns", Level.WRONG, "water", Trouble.DEVICE)

    told: list[Section] = []
    monkeypatch.setattr(loop, "look_at_loop", look)
    found = doctor(["numerics.threads=2"], observe=told.append)
    assert seen == [(2, QUICK)]
    assert found.has_trained
    assert [each.says for each in found.wrong] == ["it burns"]


@pytest.mark.parametrize("word", ["optimizers", "optimizer=sgd"])
def test_words_that_are_no_settings_are_refused(word: str) -> None:
    with pytest.raises(UsageError, match=f"{word} is no setting of the doctor") as raised:
        doctor([word], skip_training=True)
    assert raised.value.exit_code == 2
