"""What is noted of runs under way: bounded however long they are, whole or not at all, and gone with the lease."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from ablate.storage.atomic import WriteFailed, sealed_text
from ablate.storage.epochs import MOST_KEPT, EpochsSoFar, forget_epochs, read_epochs, write_epochs
from ablate.storage.leases import Leases
from tests.damage import ODDITIES

RUN = "a" * 64


def after(epochs: int, total: int | None = None) -> EpochsSoFar:
    so_far = EpochsSoFar(RUN, total or epochs)
    for epoch in range(1, epochs + 1):
        so_far = so_far.with_epoch(epoch, {"loss": 1 / epoch, "val_loss": 2 / epoch})
    return so_far


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "claims").mkdir()
    return tmp_path


def place(root: Path) -> Path:
    return root / "claims" / f".{RUN}.epochs"


@pytest.mark.parametrize("epochs", [0, 1, 2, MOST_KEPT, MOST_KEPT + 1, MOST_KEPT + 2, 1000, 4099])
def test_however_long_a_run_is_its_first_and_last_epoch_and_an_even_step_between_are_kept(epochs: int) -> None:
    so_far = after(epochs)
    assert so_far.epoch == epochs
    assert so_far.kept == tuple(sorted({*range(1, epochs + 1, so_far.every), *([epochs] if epochs else [])}))
    assert len(so_far.kept) <= MOST_KEPT + 1
    assert so_far.every == 1 or len(so_far.kept) > MOST_KEPT / 2
    assert so_far.kept[:1] == ((1,) if epochs else ())
    assert so_far.kept[-1:] == ((epochs,) if epochs else ())
    for epoch, loss in zip(so_far.kept, so_far.metrics.get("loss", ()), strict=True):
        assert loss == pytest.approx(1 / epoch, rel=1e-5)


def test_what_is_written_is_read_by_whoever_knows_the_folder(root: Path) -> None:
    so_far = after(3, total=20).with_epoch(4, {"loss": math.nan, "val_accuracy": 0.123456789})
    write_epochs(root, so_far)
    assert read_epochs(root, RUN) == so_far
    assert so_far.metrics["loss"][-1] is None
    assert so_far.metrics["val_accuracy"] == (None, None, None, 0.123457)
    assert [path.name for path in (root / "claims").iterdir()] == [place(root).name]
    forget_epochs(root, RUN)
    forget_epochs(root, RUN)
    assert read_epochs(root, RUN) is None


def test_a_thousand_epochs_of_many_metrics_stay_small(root: Path) -> None:
    so_far = EpochsSoFar(RUN, 1000)
    for epoch in range(1, 1001):
        so_far = so_far.with_epoch(epoch, {f"metric_{index}": epoch / 7 for index in range(200)})
    write_epochs(root, so_far)
    assert place(root).stat().st_size < 250_000
    assert read_epochs(root, RUN) == so_far


@pytest.mark.parametrize("oddity", sorted(ODDITIES))
def test_what_is_no_file_tells_nothing(root: Path, oddity: str) -> None:
    ODDITIES[oddity](place(root))
    assert read_epochs(root, RUN) is None


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 2},
        {"epoch": 4},
        {"run_id": "b" * 64},
        {"kept": [1, 3, 2]},
        {"kept": [0, 1, 3]},
        {"kept": []},
        {"kept": [1, 2]},
        {"kept": "123"},
        {"metrics": {"loss": [1.0]}},
        {"metrics": {"loss": ["1", "2", "3"]}},
        {"metrics": [1]},
        {"every": None},
        {"more": 1},
    ],
    ids=json.dumps,
)
def test_what_lies_is_not_believed(root: Path, change: dict[str, object]) -> None:
    write_epochs(root, after(3))
    sound = json.loads(place(root).read_text())
    del sound["checksum"]
    place(root).write_text(sealed_text(sound))
    assert read_epochs(root, RUN) == after(3)
    place(root).write_text(sealed_text({**sound, **change}))
    assert read_epochs(root, RUN) is None


def test_half_a_file_tells_nothing(root: Path) -> None:
    write_epochs(root, after(3))
    content = place(root).read_bytes()
    for length in range(len(content)):
        place(root).write_bytes(content[:length])
        assert read_epochs(root, RUN) is None


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(WriteFailed, match=r"claims/\.a+\.epochs"):
        write_epochs(tmp_path, after(1))
    assert read_epochs(tmp_path, RUN) is None


def test_it_goes_with_the_lease_and_is_none(tmp_path: Path) -> None:
    with Leases(tmp_path) as leases:
        assert leases.take(RUN)
        write_epochs(tmp_path, after(1))
        assert leases.names() == (RUN,)
        leases.release(RUN)
        assert read_epochs(tmp_path, RUN) is None
        assert leases.take(RUN)
        write_epochs(tmp_path, after(1))
    assert [path.name for path in (tmp_path / "claims").iterdir() if path.name != ".lock"] == []


def test_of_a_lease_that_another_took_over_it_is_left_to_the_other(tmp_path: Path) -> None:
    former, other = Leases(tmp_path), Leases(tmp_path, is_running=lambda _: False)
    assert former.take(RUN)
    assert other.take(RUN)
    write_epochs(tmp_path, after(2))
    former.release(RUN)
    assert read_epochs(tmp_path, RUN) == after(2)


def test_what_a_dead_process_left_goes_with_its_lease(tmp_path: Path) -> None:
    assert Leases(tmp_path).take(RUN)
    write_epochs(tmp_path, after(2))
    assert Leases(tmp_path, is_running=lambda _: False).clear(RUN, now=0.0)
    assert read_epochs(tmp_path, RUN) is None
