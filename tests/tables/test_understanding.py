"""What a grid is taken for, and what is refused of it."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from ablate.tables.frames import grid_of_frame
from ablate.tables.problems import TableProblem
from ablate.tables.table import Table
from ablate.tables.understanding import understand

VALUES = {("a", 0): 1.0, ("a", 1): 2.0, ("b", 0): 3.0, ("b", 1): 4.0}
LONG = pd.DataFrame([(*at, value) for at, value in VALUES.items()], columns=["arm", "seed", "loss"])


def of(frame: pd.DataFrame, metric: str = "loss", **asked: object) -> Table:
    return understand(grid_of_frame(frame), metric=metric, **asked)  # type: ignore[arg-type]


def values(table: Table) -> dict[tuple[str, str], float]:
    return {(arm, table.label(key)): value for arm, each in table.arms.items() for key, value in each.finite.items()}


def test_long_and_wide_are_one_table() -> None:
    expected = {(arm, str(seed)): value for (arm, seed), value in VALUES.items()}
    wide = LONG.pivot(index="seed", columns="arm", values="loss")
    turned = LONG.pivot(index="arm", columns="seed", values="loss")
    for table in (of(LONG), of(wide), of(wide, wide=True, key="seed"), of(turned, wide=True, arm="arm")):
        assert values(table) == expected
        assert (tuple(table.arms), table.labels) == (("a", "b"), ())


def test_rows_of_a_wide_table_without_a_key_are_pairs() -> None:
    table = of(pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}))
    assert table.key == "row"
    assert values(table) == {("a", "1"): 1.0, ("a", "2"): 2.0, ("b", "1"): 3.0, ("b", "2"): 4.0}


def test_a_misspelt_metric_makes_no_table_wide() -> None:
    """`accuracy` and `epoch` are no two arms."""
    for frame in (
        LONG,
        LONG.rename(columns={"arm": "model"}),
        pd.DataFrame({"seed": [0, 1], "accuracy": [0.9, 0.8], "epoch": [1, 2]}),
    ):
        with pytest.raises(TableProblem, match="no column 'los'"):
            of(frame, "los")


def test_names_are_keys_in_the_order_in_which_they_appear() -> None:
    table = of(LONG.assign(seed=["iris", "wine ", " wine", "iris"]))
    assert table.labels == ("iris", "wine")
    assert values(table) == {("a", "iris"): 1.0, ("a", "wine"): 2.0, ("b", "wine"): 3.0, ("b", "iris"): 4.0}


@pytest.mark.parametrize("seeds", [[0, 1, 0, 1], ["0", "01", "0.0", "1"], [0.0, 1.0, 0.0, 1.0]])
def test_whole_numbers_are_seeds_however_they_are_written(seeds: list) -> None:
    table = of(LONG.assign(seed=seeds))
    assert table.labels == ()
    assert [arm.planned_seeds for arm in table.arms.values()] == [{0, 1}, {0, 1}]


def test_a_seed_of_many_digits_is_kept() -> None:
    long = 2**63 + 1
    assert of(LONG.assign(seed=[str(long), str(long + 1)] * 2)).arms["a"].planned_seeds == {long, long + 1}


def test_a_key_is_found_where_one_column_alone_can_be_it() -> None:
    frame = LONG.rename(columns={"seed": "task"}).assign(epochs=[3, 3, 4, 4], when=list("wxyz"))
    assert of(frame).key == "task"
    twice = of(frame.assign(also=["x", "y", "x", "y"]))
    assert (twice.key, twice.candidates) == (None, ("task", "also"))
    assert of(frame.assign(also=["x", "y", "x", "y"]), key="also").labels == ("x", "y")
    incomplete = of(frame[:3])
    assert (incomplete.key, incomplete.candidates) == (None, ("task", "epochs", "when"))


def test_without_a_key_rows_are_counted() -> None:
    table = of(LONG.drop(columns="seed"))
    assert table.key is None
    assert [arm.finite for arm in table.arms.values()] == [{0: 1.0, 1: 2.0}, {0: 3.0, 1: 4.0}]
    assert "no key, so no pairs" in table.understood


def test_usual_names_may_be_in_capitals() -> None:
    assert values(of(LONG.rename(columns={"arm": "Arm", "seed": "SEED"}))) == values(of(LONG))


def test_states_of_other_trackers() -> None:
    frame = LONG.assign(state=["finished", "crashed", "running", "diverged"])
    table = of(frame, status="state")
    assert (table.n_missing, table.n_diverged, table.n_failed) == (1, 1, 1)
    assert values(table) == {("a", "0"): 1.0}


def test_a_missing_value_of_a_run_that_failed_is_no_divergence() -> None:
    frame = LONG.assign(loss=pd.array([1.0, None, None, 4.0], dtype="Float64"), state=["", "failed", "", ""])
    table = of(frame, status="state", missing="diverged")
    assert (set(table.arms["a"].failed), table.arms["a"].diverged_seeds) == ({1}, set())
    assert table.arms["b"].diverged_seeds == {0}


def test_percent_is_read_to_the_last_digit() -> None:
    """95.1 / 100 by the processor is another double for some numbers."""
    numbers = [f"{whole}.{rest}" for whole, rest in itertools.product(range(1, 100), range(10))]
    frame = pd.DataFrame({"arm": "a", "seed": range(len(numbers)), "loss": numbers})
    exact = [float(f"0.{number.replace('.', '').zfill(3)}") for number in numbers]
    for given in (frame, frame.assign(loss=[float(number) for number in numbers])):
        assert list(of(given, unit="percent").arms["a"].finite.values()) == exact
    assert list(of(frame.assign(loss=frame["loss"] + "%")).arms["a"].finite.values()) == exact


def test_what_was_understood_is_one_sentence() -> None:
    assert of(LONG).understood == "Read as a frame of pandas: 2 arms by arm (a, b), pairs by seed (2), values of loss."
    many = pd.DataFrame({"arm": list("abcdefgh"), "seed": [0] * 7 + [1], "loss": 0.5})
    assert of(many, unit="ms").understood == (
        "Read as a frame of pandas: 8 arms by arm (a, b, c, d, e, f and 2 more), no seed in every arm: what shares "
        "none is compared as independent samples, values of loss in ms."
    )


@pytest.mark.parametrize(
    ("frame", "asked", "said"),
    [
        (LONG, {"arm": "model", "key": "task"}, "2 problems:\n  there is no column 'model'.*\n.* no column 'task'"),
        (LONG, {"missing": "nought"}, "missing is one of missing, diverged"),
        (LONG.assign(arm=["a", None, "", "b"]), {}, "2 problems:\n.*'arm', row 2: an arm without a name\n.* row 3"),
        (LONG.assign(seed=[0, 0, 0, 0]), {}, "2 problems:\n.*row 2: a second row for arm 'a', seed 0 .the first"),
        (LONG.assign(seed=["x", "x", "x", "y"]), {}, "a second row for arm 'a', seed x"),
        (LONG.set_axis(["arm", "seed", "seed"], axis=1).assign(loss=1), {}, "there are 2 columns 'seed'"),
        (LONG, {"wide": True, "status": "seed"}, "no column of the status"),
        (LONG, {"wide": True, "arm": "arm", "key": "seed"}, "no --key"),
        (LONG[["arm"]], {"wide": True}, "no column holds numbers"),
        (pd.DataFrame({"k": list("xx"), "a": [1, 2], "b": [1, 2]}), {}, "row 2: a second row for arm 'a', k x"),
        (LONG.assign(loss=[1, 2, 3, -4]), {"bounds": (0, 1)}, "row 2: 2 and 2 more out of .*: rescale them, or give"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_once_and_where(frame: pd.DataFrame, asked: dict, said: str) -> None:
    with pytest.raises(TableProblem, match=said):
        of(frame, **asked)


def test_of_many_problems_the_first_are_shown() -> None:
    frame = pd.DataFrame({"arm": "a", "seed": range(50), "loss": "x"})
    with pytest.raises(TableProblem) as raised:
        of(frame)
    assert len(raised.value.problems) == 50
    assert len(str(raised.value).splitlines()) == 22
    assert str(raised.value).endswith("and 30 more")


@pytest.mark.parametrize("asked", [{"arm": "loss"}, {"key": "loss"}, {"key": "arm"}, {"status": "seed"}])
def test_no_column_is_two_things(asked: dict) -> None:
    with pytest.raises(TableProblem, match="is asked to be two of arm, key, metric and status"):
        of(LONG, **asked)


@pytest.mark.parametrize(
    ("name", "status", "counted"),
    [
        ("status", ["completed", "diverged", "failed", "completed"], (1, 1)),
        ("Status", ["finished", "crashed", "running", "killed"], (0, 2)),
        ("status", ["diverged", "yes", "", ""], (0, 0)),
        ("state", ["completed", "diverged", "failed", "completed"], (0, 0)),
    ],
)
def test_a_status_is_found_where_it_says_nothing_else(name: str, status: list[str], counted: tuple[int, int]) -> None:
    table = of(LONG.assign(**{name: status}))
    assert (table.n_diverged, table.n_failed) == counted
