"""`ablate gc`: it lists, and removes only what it was told to, and never what somebody may need."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.damage import age, flip, state
from tests.json_schema import validated
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, run_spec

SWEEP = optimizer_sweep(seeds=1)
LONE, OLD_LONE = run_spec(seed=9), run_spec(seed=10)
DAY_SECONDS = 86400.0
# What each kind of garbage is called here.
ASIDE, TEMPORARY, LONE_RUNS = f"{SWEEP.baseline.spec.run_id}.corrupt", ".tmp-1", {LONE.run_id, OLD_LONE.run_id}


@pytest.fixture
def results(folder: Path) -> Path:
    """A study, one of whose runs was set aside; two runs of no study; a temporary folder. Two days old, one run ten."""
    results = folder / "results"
    keep(results, SWEEP, completed_runs(SWEEP))
    store = RunStore(results)
    flip(store.folder(SWEEP.baseline.spec.run_id) / "record.json")
    assert not store.has(SWEEP.baseline.spec.run_id)
    for spec in (LONE, OLD_LONE):
        store.put(completed_run(spec))
    (results / "runs" / TEMPORARY).mkdir()
    age(results, 2 * DAY_SECONDS)
    age(store.folder(OLD_LONE.run_id), 8 * DAY_SECONDS)
    return results


def removed(results: Path, before: dict) -> set[str]:
    gone = [path for path in before if not path.exists()]
    return {path.name for path in gone if path.parent not in gone}


def test_nothing_is_removed_by_default(ablate: Ablate, results: Path) -> None:
    before = state(results)
    said = ablate("gc")
    assert (said.code, said.err) == (0, "")
    assert state(results) == before
    lines = said.out.splitlines()
    assert [line.partition(":")[0] for line in lines[:4]] == ["temporary", "set aside", "lone run", "lone run"]
    assert "2 days old" in lines[0]
    assert lines[-2].startswith("Nothing was removed. To remove ")
    assert lines[-1] == "Runs of no study are kept unless --lone-runs is given."


@pytest.mark.parametrize(
    ("words", "gone"),
    [
        ("gc --remove", {ASIDE, TEMPORARY}),
        ("gc --remove --lone-runs", {ASIDE, TEMPORARY, *LONE_RUNS}),
        ("gc --remove --lone-runs --older-than 5", {OLD_LONE.run_id}),
        ("gc --remove --older-than 5", set()),
        ("gc --lone-runs", set()),
    ],
)
def test_what_was_asked_for_is_removed_and_nothing_else(
    words: str, gone: set[str], ablate: Ablate, results: Path
) -> None:
    before = state(results)
    said = ablate(*words.split())
    assert said.code == 0
    assert removed(results, before) == gone
    kept = {path: content for path, (content, _) in before.items() if path.is_file()}
    assert all(path.read_bytes() == content for path, content in kept.items())
    assert len(validated(ablate("list", "study=optimizers", "--json").out)["runs"]) == 6
    assert ("things removed" in said.out) == (len(gone) > 1)


def test_a_claimed_run_is_never_removed(ablate: Ablate, results: Path) -> None:
    with Leases(results) as leases:
        leases.take(LONE.run_id)
        assert ablate("gc", "--remove", "--lone-runs").code == 0
        assert leases.names() == (LONE.run_id,)
    assert [run_id for run_id in LONE_RUNS if RunStore(results).has(run_id)] == [LONE.run_id]


def test_json_says_what_would_go_and_what_went(ablate: Ablate, results: Path) -> None:
    kinds = ["temporary", "set aside", "lone run", "lone run"]
    for words, chosen in (("gc", [True, True, False, False]), ("gc --lone-runs", [True] * 4)):
        found = validated(ablate(*words.split(), "--json").out)["listed"]
        assert [each["kind"] for each in found] == kinds
        assert [each["is_chosen"] for each in found] == chosen
        assert not any(each["is_removed"] for each in found)
    assert sorted(round(each["age_seconds"] / DAY_SECONDS) for each in found) == [2, 2, 2, 10]
    found = validated(ablate("gc", "--remove", "--json").out)["listed"]
    assert [each["is_removed"] for each in found] == [True, True, False, False]
    assert sum(each["bytes"] for each in found) > 0


def test_with_a_plan_that_cannot_be_read_no_run_is_removed(ablate: Ablate, results: Path) -> None:
    flip(results / "studies/optimizers/plans.jsonl")
    before = state(results)
    said = ablate("gc", "--remove", "--lone-runs")
    assert said.code == 4
    assert "Which runs study optimizers needs is not known" in said.err
    assert "ablate fsck --repair" in said.err
    assert state(results) == before
    said = ablate("gc", "--remove")
    assert (said.code, removed(results, before)) == (4, set())
    assert "is not known" in said.err
    said = ablate("gc")
    assert said.code == 0
    assert "is not known" in said.err


def test_where_all_is_needed_it_says_so(ablate: Ablate, folder: Path) -> None:
    keep(folder / "results", SWEEP, completed_runs(SWEEP))
    assert ablate("gc", "--remove", "--lone-runs").out == "There is nothing that no study needs.\n"
    assert validated(ablate("gc", "--json").out) == {
        "kind": "gc",
        "version": 1,
        "results_dir": "results",
        "listed": [],
        "unknown": "",
    }
