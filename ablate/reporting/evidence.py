"""A study packed into the files of `data/`, so that its report can be made again without the store.

    files = pack(Evidence(plan, runs, ("+sweep=optimizers",)))    # file name → bytes
    unpack(files)                                # what a report needs of it, equal report for equal files

    plan.json            the plan, with the settings of every arm (so every spec), and the command's words
    records.jsonl        one record a line, in the order of the plan
    history.parquet      the table `history`
    predictions.npz      test labels, and which class was predicted instead; a regression's are not packed
    weights.npz          statistics of the weights, only of sweeps with a claim about them
    study_log.jsonl      what happened to the study (seeds or claims that were added), without its times
    runs, timings, verdicts    the tables, for readers; parquet and CSV

No file holds an absolute path: tracebacks are left out, and paths in messages lose their folders.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Iterable, Mapping
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
from ablate.statements import WEIGHT_QUANTITIES, parse_statement

__all__ = ["Evidence", "pack", "public_words", "unpack"]

# Compressed; a run whose predictions find no room is reported without what they would tell.
PREDICTION_BYTES = 2_000_000
LABEL, PREDICTION, MISTAKE = "test/label", "test/prediction", "test/mistake"
WEIGHTS = ("weights/path", "weights/statistics")
_PLACES = ("data_dir=", "results_dir=", "reports_dir=", "--config-dir", "--from", "--out")
_FOLDERS = re.compile(r"(?:file://|(?<![\w.:/]))(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'\":]+[/\\])+")


@dataclass(frozen=True)
class Evidence:
    """What a report is made of. `command` is the words after `ablate` that made the study, `events` its log."""

    plan: StudyPlan
    runs: Runs
    command: tuple[str, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()


def pack(evidence: Evidence) -> dict[str, bytes]:
    """The files of `data/`; packing what was unpacked gives the same bytes."""
    plan = evidence.plan
    present = {run_id: evidence.runs[run_id] for run_id in plan.possible_run_ids if run_id in evidence.runs}
    predictions, weights = _chosen_predictions(plan, present), _claimed_weights(plan, present)
    # The tables tell what the packed runs tell, not what did not find room.
    runs = {
        run_id: _with_arrays(run, {**predictions.get(run_id, {}), **weights.get(run_id, {})})
        for run_id, run in present.items()
    }
    records = (_without_folders(run.record).to_json() for run in runs.values())
    return {
        "plan.json": _json_bytes({"plan": plan.to_json(), "command": public_words(evidence.command)}, indent=1),
        "records.jsonl": _json_lines(records),
        "predictions.npz": _pack_predictions(predictions),
        **({"weights.npz": _npz(_named_by_run(weights))} if weights else {}),
        "study_log.jsonl": _json_lines(_without_time(event) for event in evidence.events),
        **_table_files(study_tables(plan, runs)),
    }


def unpack(files: Mapping[str, bytes]) -> Evidence:
    """The study of these files; its runs have history, predicted classes and the statistics of weights that claims
    are about, and no other arrays.

    Raises:
        KeyError: when a file is missing.
        ValueError: when one is not what `pack` writes.
    """
    header = json.loads(files["plan.json"])
    plan = StudyPlan.from_json(header["plan"])
    records = [RunRecord.from_json(json.loads(line)) for line in files["records.jsonl"].splitlines()]
    specs, arrays = _specs(plan), _unpack_arrays(files)
    runs = {record.run_id: StoredRun(specs[record.run_id], record, arrays.get(record.run_id, {})) for record in records}
    # Reports of before there was a log have none.
    events = tuple(json.loads(line) for line in files.get("study_log.jsonl", b"").splitlines())
    return Evidence(plan, runs, tuple(header["command"]), events)


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


def _json_lines(values: Iterable[Any]) -> bytes:
    return b"".join(_json_bytes(value) for value in values)


def _without_time(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of the log; when it was logged is no part of what a report says."""
    return {name: value for name, value in event.items() if name != "logged_at"}


def _without_folders(record: RunRecord) -> RunRecord:
    if record.failure is None:
        return record
    failure = replace(record.failure, traceback="", message=_FOLDERS.sub("", record.failure.message))
    return replace(record, failure=failure)


def _specs(plan: StudyPlan) -> dict[str, RunSpec]:
    settings = {(sweep.spec.name, arm.name): arm.settings for sweep in plan.sweeps for arm in sweep.arms}
    rows = (*plan.runs, *plan.confirmation)
    return {run.run_id: RunSpec.from_json({**settings[run.sweep, run.arm], "seed": run.seed}) for run in rows}


def _chosen_predictions(plan: StudyPlan, runs: Runs) -> dict[str, dict[str, Array]]:
    """run_id → labels and predictions: of the baselines first, then of the others as far as there is room."""
    baselines_first = sorted(plan.runs, key=lambda run: not run.is_baseline)
    chosen: dict[str, dict[str, Array]] = {}
    room = PREDICTION_BYTES
    for run_id in dict.fromkeys(run.run_id for run in baselines_first):
        arrays = runs[run_id].arrays if run_id in runs else {}
        if not {LABEL, PREDICTION} <= set(arrays) or arrays[PREDICTION].dtype.kind not in "iu":
            continue
        labels, predictions = (_smallest(arrays[name]) for name in (LABEL, PREDICTION))
        room -= len(zlib.compress(_mistakes(labels, predictions).tobytes()))
        if room < 0:
            break
        chosen[run_id] = {LABEL: labels, PREDICTION: predictions}
    return chosen


def _claimed_weights(plan: StudyPlan, runs: Runs) -> dict[str, dict[str, Array]]:
    """run_id → statistics of the weights, of every run of a sweep with a claim about them."""
    sweeps = [sweep for sweep in plan.sweeps if any(map(_is_about_weights, sweep.spec.claims))]
    return {
        run.run_id: {name: runs[run.run_id].arrays[name] for name in WEIGHTS}
        for sweep in sweeps
        for run in sweep.runs
        if run.run_id in runs and set(WEIGHTS) <= set(runs[run.run_id].arrays)
    }


def _is_about_weights(claim: str) -> bool:
    return parse_statement(claim).quantity.name in WEIGHT_QUANTITIES


def _with_arrays(run: StoredRun, arrays: Mapping[str, Array]) -> StoredRun:
    """The run as it will be unpacked."""
    history = {name: array for name, array in run.arrays.items() if name.startswith(HISTORY)}
    return replace(run, arrays={**history, **arrays})


def _pack_predictions(predictions: Mapping[str, Mapping[str, Array]]) -> bytes:
    """Labels stand once for all runs that share them, under the checksum that the mistakes name."""
    arrays: dict[str, Array] = {}
    for run_id, found in predictions.items():
        labels = found[LABEL]
        checksum = sha256_of_bytes(labels.tobytes())[:16]
        arrays[f"{LABEL}/{checksum}"] = labels
        arrays[f"{MISTAKE}/{run_id}/{checksum}"] = _mistakes(labels, found[PREDICTION])
    return _npz(arrays)


def _named_by_run(arrays: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """`weights/path/<run_id>` → array."""
    return {f"{name}/{run_id}": array for run_id, found in arrays.items() for name, array in found.items()}


def _npz(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(sorted(arrays.items())))  # type: ignore[arg-type]
    return buffer.getvalue()


def _mistakes(labels: Array, predictions: Array) -> Array:
    """0 where the prediction is right, else 1 + the predicted class: next to nothing once it is compressed."""
    return _smallest(np.where(predictions == labels, 0, predictions.astype(np.int64) + 1))


def _smallest(classes: Array) -> Array:
    return classes.astype(np.min_scalar_type(int(classes.max(initial=0))))


def _unpack_arrays(files: Mapping[str, bytes]) -> dict[str, dict[str, Array]]:
    """run_id → arrays, of every run that has any."""
    arrays: dict[str, dict[str, Array]] = {}
    history = pd.read_parquet(io.BytesIO(files["history.parquet"]), columns=["run_id", "arm", "metric", "value"])
    for (run_id, _, metric), values in history.groupby(["run_id", "arm", "metric"], sort=False)["value"]:
        arrays.setdefault(str(run_id), {})[f"{HISTORY}{metric}"] = values.to_numpy(np.float64)
    with np.load(io.BytesIO(files["predictions.npz"]), allow_pickle=False) as packed:
        for name in (name for name in packed.files if name.startswith(MISTAKE)):
            run_id, checksum = name.removeprefix(f"{MISTAKE}/").split("/")
            labels, mistakes = packed[f"{LABEL}/{checksum}"], packed[name].astype(np.int64)
            predictions = _smallest(np.where(mistakes == 0, labels, mistakes - 1))
            arrays.setdefault(run_id, {}).update({LABEL: labels, PREDICTION: predictions})
    if "weights.npz" in files:
        with np.load(io.BytesIO(files["weights.npz"]), allow_pickle=False) as packed:
            for name in packed.files:
                kind, _, run_id = name.rpartition("/")
                arrays.setdefault(run_id, {})[kind] = packed[name]
    return arrays
