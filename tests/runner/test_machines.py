"""Machines that share a file system: each is a parent on a host of its own, and the leases keep them apart."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from ablate.analysis.frame import study_tables
from ablate.core.plans import StudyPlan
from ablate.storage.runs import RunStore
from tests.runner.parent import specs
from tests.runner.scripted import scripted_study, tried
from tests.runner.test_parents import ended_here, start, stored, wait_until

SECONDS = 0.1
JOB_ARRAY = Path(__file__).parents[2] / "experiments" / "slurm.sh"


def start_on(host, folder) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.runner.machine", host, str(folder), "1", str(SECONDS)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def tables(folder) -> dict[str, bytes]:
    plan = StudyPlan.of(scripted_study(rates=(0.1, 0.2), seeds=range(4), seconds=SECONDS))
    assert set(plan.run_ids) == {spec.run_id for spec in specs(SECONDS)}
    files = study_tables(plan, RunStore(folder / "results").present(plan.run_ids)).files()
    return {name: content for name, content in files.items() if not name.startswith("timings")}


def test_the_others_finish_what_a_lost_machine_had_begun(tmp_path):
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    for folder in (shared, alone):
        folder.mkdir()
    with start(alone, 2, SECONDS) as parent:
        parent.communicate()
    with start_on("first", shared) as first, start_on("second", shared) as second, start_on("lost", shared) as lost:
        # Lost with a run in hand, of which nothing remains but a lease that nobody touches any more.
        wait_until(lambda: claimed_by(lost.pid, shared), seconds=60.0)
        lost.send_signal(signal.SIGKILL)
        begun = claimed_by(lost.pid, shared)
        outputs = {parent: parent.communicate()[0] for parent in (first, second, lost)}
    assert (first.returncode, second.returncode, lost.returncode) == (0, 0, -signal.SIGKILL)
    shares = {parent: set(ended_here(output)) for parent, output in outputs.items()}
    assert sum(map(len, shares.values())) == len(set.union(*shares.values())) == len(specs(SECONDS))
    assert begun <= shares[first] | shares[second]
    times = Counter(tried(shared))
    assert {times[run_id] for run_id in times if run_id not in begun} == {1}
    assert stored(shared) == stored(alone)
    assert tables(shared) == tables(alone)
    assert not [path for path in (shared / "results" / "claims").iterdir() if not path.name.startswith(".")]


def claimed_by(pid, folder) -> set[str]:
    """The runs that a process holds, read as another machine would."""
    paths = [path for path in folder.glob("results/claims/*") if not path.name.startswith(".")]
    return {path.name for path in paths if f'"pid": {pid},' in path.read_text()}


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_each_task_of_the_job_array_becomes_the_same_command(tmp_path):
    ablate = tmp_path / "ablate"
    ablate.write_text('#!/bin/sh\necho "$$" "$@"\n')
    ablate.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    words = ["+sweep=optimizers", "study=with spaces", "results_dir=/shared/results"]

    def task(number) -> tuple[int, list[str]]:
        environment = {**os.environ, "PATH": path, "SLURM_ARRAY_TASK_ID": number}
        with subprocess.Popen(
            ["bash", str(JOB_ARRAY), *words], env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            out, _ = process.communicate()
        assert process.returncode == 0
        return process.pid, out.split()

    (first, said), (_, again) = task("0"), task("1")
    assert said[1:] == again[1:] == " ".join(words).split()
    # It becomes the command, so that SLURM's SIGTERM reaches it.
    assert said[0] == str(first)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_a_job_array_without_a_study_says_how_it_is_used():
    done = subprocess.run(["bash", str(JOB_ARRAY)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "sbatch" in done.stderr
