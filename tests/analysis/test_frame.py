import io
import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from ablate.analysis import frame as module
from ablate.analysis.frame import (
    csv_pieces,
    history_pieces,
    study_tables,
    to_csv_bytes,
    to_parquet_bytes,
    verdict_table,
    verdicts_table,
)
from ablate.analysis.judging import judge_study
from ablate.core.identity import sha256_of_bytes
from ablate.core.records import METRICS, RunRecord, Status, StoredRun
from ablate.verdicts.engine import ArmValues, judge_arms
from tests.synthetic import (
    EPOCHS,
    completed_runs,
    diverged_run,
    dropout_sweep,
    eventful_runs,
    optimizer_sweep,
    plan_of,
)

SWEEP = optimizer_sweep(seeds=4)
PLAN = plan_of(SWEEP)
RUNS = eventful_runs(SWEEP)
TABLES = study_tables(PLAN, RUNS)


def test_every_planned_run_has_a_row_in_the_order_of_the_plan() -> None:
    assert list(TABLES.runs["run_id"]) == [run.run_id for run in PLAN.runs]
    assert list(TABLES.runs["status"][:4]) == ["missing", "diverged", "failed", "completed"]


def test_the_first_columns() -> None:
    assert list(TABLES.runs.columns[:9]) == [
        "study", "sweep", "arm", "is_baseline", "run_id", "seed", "status", "epochs_run", "best_epoch",
    ]  # fmt: skip


def test_what_a_run_does_not_have_is_null() -> None:
    missing, diverged, failed, completed = (TABLES.runs.iloc[row] for row in range(4))
    assert missing[["epochs_run", "best_epoch", "val_loss.best", "test_loss"]].isna().all()
    assert failed[["best_epoch", "val_loss.last", "test_loss"]].isna().all()
    assert diverged["epochs_run"] == 3
    assert diverged[["test_loss", "gap"]].isna().all()
    assert not pd.isna(diverged["val_loss.last"])
    assert not completed[["val_loss.best", "test_loss", "epochs_run"]].isna().any()


def test_settings_that_differ_are_columns_even_for_missing_runs() -> None:
    config = [name for name in TABLES.runs if name.startswith("config.")]
    assert config == ["config.optimizer", "config.optimizer.learning_rate"]
    assert list(TABLES.runs["config.optimizer"].unique()) == [
        f"keras.optimizers.{arm.levels['optimizer']}" for arm in SWEEP.arms
    ]
    assert TABLES.runs["config.optimizer.learning_rate"].dtype == "float64"
    assert not TABLES.runs[config].isna().any(axis=None)


def test_history_has_a_row_for_each_epoch_of_each_metric() -> None:
    assert list(TABLES.history) == ["run_id", "arm", "seed", "epoch", "split", "metric", "value"]
    run_id = SWEEP.arms[1].spec.with_seed(2).run_id
    rows = TABLES.history[(TABLES.history["run_id"] == run_id) & (TABLES.history["metric"] == "val_loss")]
    assert list(rows["epoch"]) == list(range(1, EPOCHS + 1))
    assert list(rows["value"]) == list(RUNS[run_id].history["val_loss"])
    assert set(rows["split"]) == {"validation"}
    assert set(TABLES.history.query("metric == 'loss'")["split"]) == {"training"}


def test_a_run_that_two_sweeps_share_is_in_both_and_its_timing_stands_once() -> None:
    baseline = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
    rates = dropout_sweep(seeds=2)
    runs = completed_runs(baseline, rates)
    tables = study_tables(plan_of(baseline, rates), runs)
    assert len(tables.runs) == 8
    assert len(tables.timings) == len(runs) == 6
    shared = tables.history[tables.history["run_id"] == rates.arms[0].spec.with_seed(1).run_id]
    assert set(shared["arm"]) == {"optimizer=adam", "dropout=0.0"}
    assert not tables.history.duplicated(["run_id", "arm", "epoch", "metric"]).any()


def test_timings_stand_apart() -> None:
    assert list(TABLES.timings)[:4] == ["run_id", "wall_seconds", "compile_seconds", "seconds_per_epoch"]
    assert "environment.versions.tensorflow" in TABLES.timings
    assert not {"wall_seconds", "environment.host"} & {*TABLES.runs, *TABLES.history}
    assert len(TABLES.timings) == len(RUNS)


def reordered(run: StoredRun) -> StoredRun:
    return replace(run, arrays=dict(reversed(run.arrays.items())))


def test_the_bytes_do_not_depend_on_the_order_in_which_runs_and_arrays_come() -> None:
    shuffled = {run_id: reordered(run) for run_id, run in reversed(RUNS.items())}
    assert study_tables(PLAN, shuffled).files() == TABLES.files()


def test_the_bytes_of_runs_and_history_do_not_depend_on_when_and_where_they_ran() -> None:
    elsewhere = {
        run_id: replace(
            run,
            record=replace(
                run.record, timings=replace(run.record.timings, wall_seconds=99.0), environment={"host": "other"}
            ),
        )
        for run_id, run in RUNS.items()
    }
    former, later = TABLES.files(), study_tables(PLAN, elsewhere).files()
    assert {name for name in former if former[name] != later[name]} == {"timings.parquet", "timings.csv"}


PRINT_DIGESTS = """
from ablate.analysis.frame import study_tables
from ablate.core.identity import sha256_of_bytes
from tests.synthetic import eventful_runs, optimizer_sweep, plan_of
sweep = optimizer_sweep(seeds=4)
for name, content in study_tables(plan_of(sweep), eventful_runs(sweep)).files().items():
    print(name, sha256_of_bytes(content))
"""


def test_the_bytes_are_the_same_in_another_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run(
        [sys.executable, "-c", PRINT_DIGESTS], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert printed.split() == [
        word for name, content in TABLES.files().items() for word in (name, sha256_of_bytes(content))
    ]


def test_parquet_gives_back_what_was_written() -> None:
    back = pd.read_parquet(io.BytesIO(to_parquet_bytes(TABLES.history)))
    assert list(back["value"]) == list(TABLES.history["value"])
    assert list(back["run_id"]) == list(TABLES.history["run_id"])


def test_history_is_read_back_piece_by_piece() -> None:
    pieces = list(history_pieces(to_parquet_bytes(TABLES.history)))
    kept = [(run_id, metric) for run_id in PLAN.run_ids if run_id in RUNS for metric in RUNS[run_id].history]
    assert sorted(piece[:2] for piece in pieces) == sorted(kept)
    for run_id, metric, values in pieces:
        np.testing.assert_array_equal(values, RUNS[run_id].history[metric])
    assert list(history_pieces(to_parquet_bytes(study_tables(PLAN, {}).history))) == []


def test_a_long_table_is_written_in_pieces_that_make_the_same_file(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, read = b"".join(TABLES.history_csv()), list(history_pieces(to_parquet_bytes(TABLES.history)))
    monkeypatch.setattr(module, "CSV_ROWS", 100)
    monkeypatch.setattr(module, "GROUP_ROWS", 100)
    pieces = list(csv_pieces(TABLES.history))
    assert len(pieces) == -(-len(TABLES.history) // 100)
    assert b"".join(pieces) == whole
    parquet = to_parquet_bytes(TABLES.history)
    assert pq.read_metadata(io.BytesIO(parquet)).num_row_groups == len(pieces)
    again = list(history_pieces(parquet))
    assert [piece[:2] for piece in again] == [piece[:2] for piece in read]
    for (*_, first), (*_, second) in zip(read, again, strict=True):
        np.testing.assert_array_equal(first, second)


def test_history_is_written_as_any_table_is() -> None:
    values = [0.1 + 0.2, math.nan, -0.0, 1e-17, math.inf, 1e22, 3.0]
    texts = ["=1+1", 'a "quoted", text', "two\nlines", "", "ü", "plain", "plain"]
    history = TABLES.history.iloc[: len(values)].reset_index(drop=True)
    history["value"], history["arm"] = values, pd.Categorical(texts)
    tables = replace(TABLES, history=history)
    assert b"".join(tables.history_csv()) == to_csv_bytes(history)
    assert b"".join(TABLES.history_csv()) == to_csv_bytes(TABLES.history)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.lists(st.floats() | st.floats(1e-6, 1e-2) | st.floats(1e14, 1e18), min_size=1, max_size=20))
def test_numbers_of_history_are_written_as_those_of_any_table(values: list[float]) -> None:
    history = TABLES.history.iloc[[0] * len(values)].assign(value=values)
    assert b"".join(replace(TABLES, history=history).history_csv()) == to_csv_bytes(history)


def test_parquet_names_no_version_of_pandas() -> None:
    assert pq.read_schema(io.BytesIO(to_parquet_bytes(TABLES.runs))).metadata is None


def test_csv_keeps_full_precision() -> None:
    table = pd.DataFrame({"value": [0.1 + 0.2, np.nan, 1e-17]})
    assert to_csv_bytes(table) == b'value\n0.30000000000000004\n""\n1e-17\n'


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@cmd", "\tx", "\rx"])
def test_a_text_that_looks_like_a_formula_is_defused(text: str) -> None:
    csv = to_csv_bytes(pd.DataFrame({"arm": pd.Series([text, "a=b"], dtype="string"), "value": [-1.0, 2.0]}))
    rows = csv.decode().split("\n", 1)[1]
    assert rows.strip('"').startswith(f"'{text}"[:2])
    assert "a=b,2.0" in rows
    assert ",-1.0" in rows


def test_a_study_of_which_nothing_ran_has_its_rows() -> None:
    tables = study_tables(PLAN, {})
    assert set(tables.runs["status"]) == {"missing"}
    assert len(tables.history) == len(tables.timings) == 0
    assert tables.verdicts["verdict"].isna().all()
    assert len(tables.files()) == 7
    assert b"".join(tables.history_csv()) == b"run_id,arm,seed,epoch,split,metric,value\n"


def test_a_study_that_diverged_at_once_has_no_metric_columns() -> None:
    runs = {spec.run_id: diverged_run(spec, epoch=1) for spec in SWEEP.run_specs()}
    tables = study_tables(PLAN, runs)
    assert set(tables.runs["status"]) == {"diverged"}
    assert not [name for name in tables.runs if name.endswith((".best", ".last"))]


VERDICTS = """
    family subject metric scale n n_diverged base_mean arm_mean diff diff_pct_error ci_low ci_high ci_adj_low
    ci_adj_high alpha_i p_diff p_diff_adj margin p_tost p_tost_adj dz gz gz_low gz_high wins ties losses p_improve
    pi_low pi_high rho vr p_perm verdict qualifier seeds_needed_lo seeds_needed_hi seeds_needed_half se_twoway
    holds_new_test flags
    test_name plan_hash
"""


def test_verdicts_as_a_table() -> None:
    arms = {
        "base": ArmValues({0: 0.5, 1: 0.6, 2: 0.7}),
        "arm": ArmValues({0: 0.4, 1: 0.5, 2: 0.61}),
        "=1+1": ArmValues({}),
    }
    verdicts = judge_arms(arms, "base", METRICS["val_loss"])
    found = verdict_table(verdicts, "abc")
    assert list(found.columns) == VERDICTS.split()
    assert found["verdict"].fillna("none").tolist() == ["better", "none"]
    assert found["flags"].tolist() == ["few_seeds;no_margin", "unequal_seeds;no_margin"]
    assert found["diff"][0] == pytest.approx(-0.29 / 3)
    assert found["diff"].isna().tolist() == [False, True]
    assert found["plan_hash"].tolist() == ["abc", "abc"]
    assert b"'=1+1" in to_csv_bytes(found)


@given(
    margin=st.sampled_from([None, 0.002, 0.02, "5%"]),
    multiplicity=st.sampled_from(["holm", "joint"]),
    alpha=st.sampled_from([0.05, 0.01, 0.2]),
    noise=st.integers(0, 2**32 - 1),
    seeds=st.integers(3, 6),
    effect=st.floats(-0.02, 0.02),
)
@settings(deadline=None, derandomize=True, max_examples=40)
def test_p_interval_and_word_of_a_row_agree(margin, multiplicity, alpha, noise, seeds, effect) -> None:
    """An adjusted p at or below alpha, an adjusted interval without zero: each says what the other does."""
    sweep = optimizer_sweep(seeds, {"sgd": 0.01, "adam": 0.001, "adamw": 0.001, "nadam": 0.001})
    spec = replace(sweep.spec, margin=margin, multiplicity=multiplicity, alpha=alpha)
    rng = np.random.default_rng(noise)
    runs = {}
    for position, arm in enumerate(sweep.arms):
        for seed in range(seeds):
            own = arm.spec.with_seed(seed)
            value = 0.1 + effect * position + 0.004 * rng.standard_normal()
            runs[own.run_id] = StoredRun(own, RunRecord(own.run_id, Status.COMPLETED, 1, 1, 1),
                                         {"history/val_loss": np.array([value])})  # fmt: skip
    plan = plan_of(replace(sweep, spec=spec))
    rows = verdicts_table(plan, judge_study(plan, runs))
    arms = rows[rows["family"] == "arms"]
    assert len(arms) == 3
    resolved = (arms["ci_adj_low"] > 0) | (arms["ci_adj_high"] < 0)
    assert (resolved == (arms["p_diff_adj"] <= alpha)).all()
    assert resolved[arms["verdict"].isin(["better", "worse"])].all()
    if margin is None:
        assert (resolved == arms["verdict"].isin(["better", "worse"])).all()
        assert "equivalent" not in set(arms["verdict"])
    else:
        assert (arms["p_tost_adj"][arms["verdict"] == "equivalent"] <= alpha).all()
    assert (arms["ci_adj_low"] <= arms["ci_low"] + 1e-12).all()


def test_a_table_of_no_verdicts_has_its_columns_and_types() -> None:
    arms = {"base": ArmValues({0: 0.5}), "arm": ArmValues({0: 0.4})}
    full = verdict_table(judge_arms(arms, "base", METRICS["val_loss"]))
    assert verdict_table(()).dtypes.to_dict() == full.dtypes.to_dict()
    assert pq.read_schema(io.BytesIO(to_parquet_bytes(verdict_table(())))) == pq.read_schema(
        io.BytesIO(to_parquet_bytes(full))
    )
