from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis.results import study_results
from ablate.records import Failure, StoredRun
from ablate.reporting.evidence import Evidence, pack, public_words, unpack
from tests.synthetic import completed_run, completed_runs, eventful_runs, failed_run, optimizer_sweep, plan_of

SWEEP = optimizer_sweep(seeds=3)
PLAN = plan_of(SWEEP)
EVIDENCE = Evidence(PLAN, eventful_runs(SWEEP), ("+sweep=optimizers",))


def test_what_was_packed_says_the_same() -> None:
    back = unpack(pack(EVIDENCE))
    assert (back.plan, back.command) == (EVIDENCE.plan, EVIDENCE.command)
    assert study_results(back.plan, back.runs) == study_results(EVIDENCE.plan, EVIDENCE.runs)
    assert all(back.runs[run_id].spec == run.spec for run_id, run in EVIDENCE.runs.items())


def test_packing_again_gives_the_same_bytes() -> None:
    once = pack(EVIDENCE)
    assert pack(unpack(once)) == once


def test_runs_of_other_studies_stay_out() -> None:
    stranger = completed_run(replace(SWEEP.arms[0].spec, salt=9))
    assert pack(replace(EVIDENCE, runs={**EVIDENCE.runs, stranger.spec.run_id: stranger})) == pack(EVIDENCE)


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("no file /home/ann/data/mnist.npz", "no file mnist.npz"),
        ("'/tmp/a b/c.txt' is gone", "'a b/c.txt' is gone"),
        ("C:\\Users\\ann\\x.npz", "x.npz"),
        ("~/secret/x.npz", "x.npz"),
        ("file:///home/ann/conf", "conf"),
        ("1/2 of the runs, shape (3, 4)", "1/2 of the runs, shape (3, 4)"),
        ("see https://keras.io/api/x", "see https://keras.io/api/x"),
    ],
)
def test_messages_lose_their_folders(message: str, kept: str) -> None:
    failed = failed_run(SWEEP.arms[0].spec)
    failure = Failure("error", "OSError", message, 'File "/home/ann/x.py", line 3')
    run = replace(failed, record=replace(failed.record, failure=failure))
    files = pack(Evidence(PLAN, {run.spec.run_id: run}))
    found = unpack(files).runs[run.spec.run_id].record.failure
    assert found is not None
    assert (found.message, found.traceback) == (kept, "")
    assert not any(b"ann" in content for content in files.values())


def test_a_command_loses_its_places() -> None:
    words = (
        "+sweep=a",
        "data_dir=/d",
        "+results_dir=x",
        "--config-dir",
        "/home/c",
        "--out=/o",
        "seed=3",
        "file=/a/b/c.yaml",
    )
    assert public_words(words) == ["+sweep=a", "seed=3", "file=c.yaml"]


def like_mnist(run: StoredRun) -> StoredRun:
    rng = np.random.default_rng(int(run.spec.run_id[:8], 16))
    labels = np.random.default_rng(0).integers(0, 10, 10_000)
    wrong = rng.random(10_000) < 0.02
    predictions = np.where(wrong, rng.integers(0, 10, 10_000), labels)
    history = {f"history/metric_{index}": rng.random(30) for index in range(20)}
    return replace(run, arrays={**history, "test/label": labels, "test/prediction": predictions})


def test_a_study_on_mnist_is_small_enough_to_be_committed() -> None:
    sweep = optimizer_sweep(seeds=8)
    runs = {run_id: like_mnist(run) for run_id, run in completed_runs(sweep).items()}
    assert sum(map(len, pack(Evidence(plan_of(sweep), runs)).values())) < 3_000_000
