"""A study packed into the files of `data/`, so that its report can be made again without the store.

    files = pack(Evidence(plan, runs, ("+sweep=optimizers",)))    # file name → bytes
    unpack(files)                                # what a report needs of it, equal report for equal files

    plan.json            the plan, with the settings of every arm (so every spec), and the command's words
    records.jsonl        one record a line, in the order of the plan
    history.parquet      the table `history`
    predictions.npz      test labels and predicted classes; a regression's predictions are not packed
    runs, timings        the tables, for readers; parquet and CSV

No file holds an absolute path: tracebacks are left out, and paths in messages lose their folders.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ablate.analysis.frame import Tables, study_tables
from ablate.analysis.values import Runs
from ablate.identity import sha256_of_bytes
from ablate.plans import StudyPlan
from ablate.records import HISTORY, Array, RunRecord, StoredRun
from ablate.specs import RunSpec

__all__ = ["Evidence", "pack", "public_words", "unpack"]

PREDICTION_BYTES = 2_000_000
LABEL, PREDICTION = "test/label", "test/prediction"
_PLACES = ("data_dir=", "results_dir=", "reports_dir=", "--config-dir", "--from", "--out")
_FOLDERS = re.compile(r"(?:file://|(?<![\w.:/]))(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'\":]+[/\\])+")


@dataclass(frozen=True)
class Evidence:
    """What a report is made of. `command` is the words after `ablate` that made the study."""

    plan: StudyPlan
    runs: Runs
    command: tuple[str, ...] = ()


def pack(evidence: Evidence) -> dict[str, bytes]:
    """The files of `data/`; packing what was unpacked gives the same bytes."""
    plan = evidence.plan
    present = {run_id: evidence.runs[run_id] for run_id in plan.run_ids if run_id in evidence.runs}
    records = (_without_folders(run.record).to_json() for run in present.values())
    return {
        "plan.json": _json_bytes({"plan": plan.to_json(), "command": public_words(evidence.command)}, indent=1),
        "records.jsonl": b"".join(_json_bytes(record) for record in records),
        "predictions.npz": _pack_predictions(plan, present),
        **_table_files(study_tables(plan, present)),
    }


def unpack(files: Mapping[str, bytes]) -> Evidence:
    """The study of these files; its runs have history and predicted classes, and no other arrays.

    Raises:
        KeyError: when a file is missing.
        ValueError: when one is not what `pack` writes.
    """
    header = json.loads(files["plan.json"])
    plan = StudyPlan.from_json(header["plan"])
    records = [RunRecord.from_json(json.loads(line)) for line in files["records.jsonl"].splitlines()]
    specs, arrays = _specs(plan), _unpack_arrays(files)
    runs = {record.run_id: StoredRun(specs[record.run_id], record, arrays.get(record.run_id, {})) for record in records}
    return Evidence(plan, runs, tuple(header["command"]))


def public_words(command: tuple[str, ...]) -> list[str]:
    """The words without those that say where things lie on this machine."""
    kept: list[str] = []
    words = iter(command)
    for word in words:
        if word in _PLACES:
            next(words, None)
        elif not word.lstrip("+~").startswith(_PLACES):
            kept.append(_FOLDERS.sub("", word))
    return kept


def _table_files(tables: Tables) -> dict[str, bytes]:
    # History is long, and a reader of its CSV finds it under results/studies.
    return {name: content for name, content in tables.files().items() if name != "history.csv"}


def _json_bytes(value: Any, indent: int | None = None) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=indent) + "\n").encode("ascii")


def _without_folders(record: RunRecord) -> RunRecord:
    if record.failure is None:
        return record
    failure = replace(record.failure, traceback="", message=_FOLDERS.sub("", record.failure.message))
    return replace(record, failure=failure)


def _specs(plan: StudyPlan) -> dict[str, RunSpec]:
    settings = {(sweep.spec.name, arm.name): arm.settings for sweep in plan.sweeps for arm in sweep.arms}
    return {run.run_id: RunSpec.from_json({**settings[run.sweep, run.arm], "seed": run.seed}) for run in plan.runs}


def _pack_predictions(plan: StudyPlan, runs: Runs) -> bytes:
    """Baselines first, as many runs as `PREDICTION_BYTES` hold before compression has shrunk them by half."""
    baselines_first = sorted(plan.runs, key=lambda run: not run.is_baseline)
    arrays: dict[str, Array] = {}
    for run_id in dict.fromkeys(run.run_id for run in baselines_first):
        if run_id in runs and sum(array.nbytes for array in arrays.values()) < 2 * PREDICTION_BYTES:
            arrays |= _packed_predictions(run_id, runs[run_id].arrays)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(sorted(arrays.items())))  # type: ignore[arg-type]
    return buffer.getvalue()


def _packed_predictions(run_id: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Labels stand once for all runs that share them, under the checksum that the predictions name."""
    if not {LABEL, PREDICTION} <= set(arrays) or arrays[PREDICTION].dtype.kind not in "iu":
        return {}
    labels, predictions = (_smallest(arrays[name]) for name in (LABEL, PREDICTION))
    checksum = sha256_of_bytes(labels.tobytes())[:16]
    return {f"{LABEL}/{checksum}": labels, f"{PREDICTION}/{run_id}/{checksum}": predictions}


def _smallest(classes: Array) -> Array:
    return classes.astype(np.min_scalar_type(int(classes.max(initial=0))))


def _unpack_arrays(files: Mapping[str, bytes]) -> dict[str, dict[str, Array]]:
    """run_id → arrays, of every run that has any."""
    arrays: dict[str, dict[str, Array]] = {}
    history = pd.read_parquet(io.BytesIO(files["history.parquet"]), columns=["run_id", "arm", "metric", "value"])
    for (run_id, _, metric), values in history.groupby(["run_id", "arm", "metric"], sort=False)["value"]:
        arrays.setdefault(str(run_id), {})[f"{HISTORY}{metric}"] = values.to_numpy(np.float64)
    with np.load(io.BytesIO(files["predictions.npz"]), allow_pickle=False) as packed:
        for name in (name for name in packed.files if name.startswith(PREDICTION)):
            run_id, checksum = name.removeprefix(f"{PREDICTION}/").split("/")
            arrays.setdefault(run_id, {})[LABEL] = packed[f"{LABEL}/{checksum}"]
            arrays[run_id][PREDICTION] = packed[name]
    return arrays
