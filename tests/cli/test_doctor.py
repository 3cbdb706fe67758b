"""`ablate doctor`: what is said, and the exit code for what is wrong. Training has tests of its own."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ablate.checkup import loop, results
from ablate.checkup.devices import look_at_devices
from ablate.checkup.findings import Finding, Level, Trouble
from ablate.runner.devices import DeviceAbsent
from tests.cli.conftest import Ablate
from tests.json_schema import validated


@pytest.fixture(autouse=True)
def empty_cache(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(folder / "keras"))
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)


def test_all_is_well_here(ablate: Ablate, folder: Path) -> None:
    said = ablate("doctor", "--skip-training")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1] == "All is well, as far as was looked."
    for part in ("libraries", "devices", "machine", "data sets", "results", "digits", "keras"):
        assert part in said.out
    assert list(folder.iterdir()) == []


def test_what_is_wrong_comes_with_what_mends_it_and_a_code(ablate: Ablate, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "mnist.npz").write_bytes(b"no archive")
    said = ablate("doctor", "--skip-training", "data_dir=data")
    assert said.code == 4
    assert said.out.splitlines()[-1] == "1 thing to mend."
    assert said.out.splitlines()[-2].startswith("wrong: mnist, mnist_last_5000: remove the file that is named")


def test_a_gpu_that_is_asked_for_and_absent_is_code_5(ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(setting: str) -> str:
        raise DeviceAbsent("there is none")

    monkeypatch.setattr("ablate.operations.request.resolve_device", absent)
    monkeypatch.setattr("ablate.checkup.devices.look_at_devices", partial(look_at_devices, nodes=(), resolve=absent))
    said = ablate("doctor", "numerics.device=gpu")  # trains nothing, for there is nothing to train on
    assert said.code == 5
    assert "wrong: numerics.device: python -m pip install" in said.out


def test_json_holds_every_finding(ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "LEAST_FREE_BYTES", 2**70)
    said = ablate("doctor", "--skip-training", "--json")
    told = validated(said.out)
    assert (said.code, said.err) == (1, "")
    assert [part["title"] for part in told["sections"]] == ["libraries", "devices", "machine", "data sets", "results"]
    found = [each for part in told["sections"] for each in part["findings"]]
    (wrong,) = [each for each in found if each["level"] == "wrong"]
    assert {each["trouble"] for each in found if each is not wrong} == {None}
    assert (wrong["subject"], wrong["trouble"]) == ("space", "installation")


def test_the_self_test_comes_last_and_counts(ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(spec):
        seen.append(spec)
        yield Finding("training", "it burns", Level.WRONG, "water", Trouble.DEVICE)

    monkeypatch.setattr(loop, "look_at_loop", look)
    said = ablate("doctor", "numerics.threads=2")
    assert said.code == 5
    assert said.out.splitlines()[-2:] == ["wrong: training: water", "1 thing to mend."]
    assert seen[0].numerics.threads == 2


@pytest.mark.parametrize("words", [("optimizers",), ("optimizer=sgd",), ("numerics.devise=gpu",)])
def test_words_that_are_no_settings_are_refused(words: tuple[str, ...], ablate: Ablate) -> None:
    said = ablate("doctor", "--skip-training", *words)
    assert said.code == 2
    assert words[0] in said.err
