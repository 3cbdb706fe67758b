"""Pages of runs and of arms, held to what `catalogue` says without an index and to sums by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from ablate.config.problems import ConfigError
from ablate.core.errors import UsageError
from ablate.operations.as_json import to_json
from ablate.operations.catalogue import Entry, catalogue, listed, listed_runs
from ablate.operations.pages import Aggregate, arms_page, catalogue_where, runs_page
from ablate.storage.runs import RunStore
from tests.cli.kept import keep
from tests.json_schema import validated
from tests.synthetic import completed_run, completed_runs, dropout_sweep, eventful_runs, optimizer_sweep, run_spec

SWEEP = optimizer_sweep(seeds=3, optimizers={"adam": 0.001, "sgd": 0.01, "adamw": 0.001})
DROPOUT = dropout_sweep(rates=(0.0, 0.3), seeds=2)
ALONE = tuple(run_spec("Lion", learning_rate=0.5, seed=seed) for seed in (0, 9))
METRIC = f"test_ece@{'0' * 16}"
FILTERS = (
    "status=completed",
    "status=Missing",
    "status=failed",
    "study=optimizers",
    "study=dropout",
    "study=nothing",
    "sweep=dropout",
    "arm=adam",
    "arm=optimizer=sgd",
    "arm=dropout:dropout=0.3",
    "arm=0.3",
    "seed=0",
    "seed=9",
    "seed=null",
    "seed=0.0",
    "optimizer=adam",
    "optimizer=keras.optimizers.Lion",
    "optimizer.learning_rate=0.01",
    "model.dropout=0.3",
    "model.dropout=0",
    "model.dropout=false",
    "model.hidden=[128]",
    "augment=null",
    "dataset.split_seed=0",
)
SORTS = (
    "",
    "run_id",
    "status",
    "study",
    "arm",
    "seed",
    "wall_seconds",
    "test_accuracy",
    "test_ece",
    "optimizer",
    "model.dropout",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two studies that share an arm, of one of which a run is missing, one has failed and one diverged; two runs of no
    study; an open metric that two runs have."""
    root = tmp_path_factory.mktemp("pages") / "results"
    keep(root, SWEEP, eventful_runs(SWEEP))
    keep(root, DROPOUT, completed_runs(DROPOUT))
    for spec in ALONE:
        RunStore(root).put(completed_run(spec))
    for value, spec in enumerate((ALONE[0], next(iter(DROPOUT.run_specs())))):
        RunStore(root).put_artefact(spec.run_id, METRIC, {"value/test_ece": np.float64(0.5 - value)})
    return root


@pytest.fixture(scope="module")
def entries(results: Path) -> tuple[Entry, ...]:
    return catalogue("runs", results_dir=results, index=False).runs or ()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(FILTERS), max_size=3, unique_by=lambda word: word.split("=")[0]))
def test_filters_mean_what_they_mean_to_list(where: list[str]) -> None:
    (results,) = RESULTS
    plain = catalogue("runs", *where, results_dir=results, index=False).runs or ()
    page = runs_page(results, where, limit=1000)
    assert [entry.run_id for entry in page.rows] == [entry.run_id for entry in plain]
    assert page.total == len(plain)
    assert catalogue("runs", *where, results_dir=results).runs == tuple(replace(each, verified=False) for each in plain)
    if where:
        assert catalogue_where(where, results).runs == page.rows
    for one, other in zip(page.rows, plain, strict=True):
        assert one == replace(other, verified=False)
        assert (one.settings, one.seed, one.metrics) == (other.settings, other.seed, other.metrics)


def test_lines_say_what_the_runs_say(results: Path, entries: tuple[Entry, ...]) -> None:
    assert listed_runs(results) == tuple(map(listed, entries))
    assert len({(run.status, run.others) for run in listed_runs(results)}) > 3


RESULTS: list[Path] = []


@pytest.fixture(autouse=True, scope="module")
def shared(results: Path) -> None:
    """For tests that hypothesis calls, which gives them no fixtures of its own."""
    RESULTS[:] = [results]


def value_of(entry: Entry, name: str) -> Any:
    first = entry.memberships[0] if entry.memberships else None
    fields = {
        "run_id": entry.run_id,
        "status": entry.status,
        "seed": entry.seed,
        "wall_seconds": entry.wall_seconds,
        "study": first and first.study,
        "arm": first and first.arm.name,
    }
    return fields.get(name, entry.metrics.get(name, entry.settings.get(name)))


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_column_sorts(sort: str, sign: str, results: Path, entries: tuple[Entry, ...]) -> None:
    if not sort:
        expected = list(entries)
    else:
        there = [entry for entry in entries if value_of(entry, sort) is not None]
        lacking = [entry for entry in entries if value_of(entry, sort) is None]
        expected = [*sorted(there, key=lambda entry: value_of(entry, sort), reverse=bool(sign)), *lacking]
    name = f"{sign}{sort}" if sort else ""
    assert [entry.run_id for entry in runs_page(results, sort=name).rows] == [entry.run_id for entry in expected]


def test_pages_put_together_are_the_whole(results: Path, entries: tuple[Entry, ...]) -> None:
    pages = [runs_page(results, sort="-seed", offset=offset, limit=4) for offset in range(0, 20, 4)]
    assert {page.total for page in pages} == {len(entries)}
    whole = runs_page(results, sort="-seed", limit=1000).rows
    assert tuple(entry for page in pages for entry in page.rows) == whole
    assert runs_page(results, offset=1000).rows == ()


@pytest.mark.parametrize(
    "search",
    ["adam", "ADAM optimizers", "missing", "failed sgd", "dropout:", "0.3", "nothing", "%", "_", "\ud800", "'"],
)
def test_every_word_of_a_search_is_found(search: str, results: Path, entries: tuple[Entry, ...]) -> None:
    def text(entry: Entry) -> str:
        return " ".join([entry.run_id, entry.status, *(each.title for each in entry.memberships)]).lower()

    # A word stands in one of these, never across two.
    expected = [each.run_id for each in entries if all(word in text(each) for word in search.lower().split())]
    page = runs_page(results, search=search)
    assert ([each.run_id for each in page.rows], page.total) == (expected, len(expected))
    arms = arms_page(results, search=search, limit=1000)
    assert sorted(run.run_id for row in arms.rows for run in row.runs) == sorted(expected)


def test_a_search_for_a_run_finds_it_by_any_part_of_its_id(results: Path, entries: tuple[Entry, ...]) -> None:
    for entry in entries:
        assert [each.run_id for each in runs_page(results, search=entry.run_id[10:40]).rows] == [entry.run_id]


def test_columns_are_those_that_some_run_has(results: Path, entries: tuple[Entry, ...]) -> None:
    columns = runs_page(results).columns
    named = {kind: [column.name for column in columns if column.kind == kind] for kind in ("metric", "setting")}
    assert set(named["metric"]) == {name for entry in entries for name in entry.metrics}
    assert named["setting"] == sorted({name for entry in entries for name in entry.settings})
    assert {column.name for column in columns if column.kind == "setting" and column.varies} == {
        "optimizer",
        "optimizer.learning_rate",
        "model.dropout",
    }


def test_nothing_is_verified_and_says_so(results: Path) -> None:
    page = runs_page(results, limit=3)
    told = validated(json.dumps(to_json(page)))
    assert (told["kind"], told["verified"]) == ("runs_page", False)
    assert [row["verified"] for row in told["rows"]] == [False] * 3
    assert [entry.verified for entry in catalogue("runs", results_dir=results, index=False).runs or ()][:1] == [True]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"where": ["statu=missing"]}, "did you mean status"),
        ({"where": ["status=completd"]}, "did you mean completed"),
        ({"where": ["seed=0", "seed=1"]}, "each key once"),
        ({"where": ["runs"]}, "no filter"),
        ({"sort": "test_acuracy"}, "did you mean test_accuracy"),
        ({"sort": "x') ; DROP TABLE runs --"}, "there is no column"),
        ({"offset": -1}, "a page has"),
        ({"limit": 0}, "a page has"),
        ({"limit": 100_000}, "a page has"),
    ],
)
def test_what_no_run_has_is_refused(arguments: dict[str, Any], said: str, results: Path) -> None:
    with pytest.raises((UsageError, ConfigError), match=said):
        runs_page(results, **arguments)


def test_words_that_are_a_language_to_somebody_else_are_words(results: Path) -> None:
    for word in ("study='\\' OR 1=1 --'", "arm='%'", 'optimizer="]"'):
        assert runs_page(results, [word]).total == 0


# arms -------------------------------------------------------------------------------------------------


def test_runs_that_differ_in_the_seed_alone_are_one_row(results: Path, entries: tuple[Entry, ...]) -> None:
    page = arms_page(results, metric="test_accuracy")
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(repr(sorted(entry.settings.items())), []).append(entry)
    assert page.total == len(groups) == 5
    for row, group in zip(page.rows, groups.values(), strict=True):
        assert [(run.run_id, run.seed, run.status) for run in row.runs] == [
            (entry.run_id, entry.seed, entry.status) for entry in group
        ]
        values = [entry.metrics["test_accuracy"] for entry in group if entry.status == "completed"]
        assert row.n == len(values)
        assert row.settings == group[0].settings
        if len(values) > 1:
            assert row.mean == pytest.approx(np.mean(values))
            assert row.sd == pytest.approx(np.std(values, ddof=1))
            half = stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
            assert (row.ci_low, row.ci_high) == pytest.approx((np.mean(values) - half, np.mean(values) + half))
        else:
            assert (row.sd, row.ci_low) == (None, None)
    shared = next(row for row in page.rows if len(row.titles) > 1)
    assert shared.titles == ("dropout:dropout=0.0", "optimizers:optimizer=adam")
    assert validated(json.dumps(to_json(page)))["verified"] is False


@pytest.mark.parametrize("aggregate", list(Aggregate))
def test_values_of_histories_are_read_and_verified(aggregate: Aggregate, results: Path) -> None:
    page = arms_page(results, metric="val_loss", aggregate=aggregate, last_epochs=4)
    assert page.verified
    store = RunStore(results)
    for run in (run for row in page.rows for run in row.runs):
        if run.status != "completed":
            assert run.value is None
            continue
        stored = store.get(run.run_id)
        history, record = stored.history["val_loss"], stored.record
        expected = {
            Aggregate.EVALUATED: history[(record.evaluated_epoch or 0) - 1],
            Aggregate.BEST: min(history),
            Aggregate.LAST: history[-1],
            Aggregate.LAST_MEAN: sum(history[-4:]) / 4,
        }[aggregate]
        assert run.value == pytest.approx(expected)


@pytest.mark.parametrize("sort", ["arm", "n", "mean", "sd", "model.dropout"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_arms_are_sorted_by_what_is_remembered(sort: str, sign: str, results: Path) -> None:
    def key(row: Any) -> Any:
        return {"arm": " ".join(row.titles) or None, "model.dropout": row.settings["model.dropout"]}.get(
            sort, getattr(row, sort, None)
        )

    plain = arms_page(results, metric="test_accuracy").rows
    known = sorted((row for row in plain if key(row) is not None), key=key, reverse=bool(sign))
    expected = (*known, *(row for row in plain if key(row) is None))
    assert arms_page(results, metric="test_accuracy", sort=sign + sort).rows == expected


def test_arms_are_paged_and_filtered(results: Path) -> None:
    whole = arms_page(results, ["study=optimizers"], metric="test_loss")
    assert whole.total == 3
    assert arms_page(results, ["study=optimizers"], metric="test_loss", offset=1, limit=1).rows == whole.rows[1:2]
    assert arms_page(results, ["seed=0"], metric="test_loss").rows[0].n == 1


def test_without_a_metric_it_is_the_one_that_says_most(results: Path, tmp_path: Path) -> None:
    assert arms_page(results).metric == "test_accuracy"
    assert arms_page(tmp_path / "none").rows == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"aggregate": "median"},
        {"last_epochs": 0},
        {"sort": "nothing"},
        {"metric": "val_loss", "sort": "mean"},
        {"where": ["no.such.setting=1"]},
    ],
)
def test_what_arms_do_not_have_is_refused(arguments: dict[str, Any], results: Path) -> None:
    with pytest.raises((UsageError, ConfigError)):
        arms_page(results, **arguments)


def test_a_store_that_may_not_be_changed_is_not(tmp_path: Path) -> None:
    root = tmp_path / "results"
    keep(root, SWEEP, completed_runs(SWEEP))
    run_id = next(iter(SWEEP.run_specs())).run_id
    (RunStore(root).folder(run_id) / "record.json").write_text("{}")
    before = sorted(path for path in root.rglob("*"))
    page = runs_page(store=RunStore(root, sets_aside=False))
    assert {entry.run_id: entry.status for entry in page.rows}[run_id] == "missing"
    assert sorted(path for path in root.rglob("*")) == before
