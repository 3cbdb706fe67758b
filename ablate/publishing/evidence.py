"""A study packed into the files of `data/`, so that its report can be made again without the store.

    packed = pack_evidence(Evidence(plan, runs, ("+sweep=optimizers",)))
    packed.files                                 # file name → bytes
    unpack(packed.files)                         # what a report needs of it, equal report for equal files

    plan.json            the plan, with the settings of every arm (so every spec), and the command's words
    records.jsonl        one record a line, in the order of the plan
    digests.json         run_id → digest of its outcome: what two runs share that are the same
    history.parquet      the table `history`
    predictions.npz      test labels, and which class was predicted instead; a regression's are not packed
    weights.npz          statistics of the weights, only of sweeps with a claim or a stated number about them
    generated.npz        what a generator made, of one run an arm; only where there are any
    probes.jsonl         the numbers that probes measured of each run, if any
    probes.npz           what pictures are made of: <run_id>/<probe>/<array>
    ensembles.json       what the seeds of an arm gain together, if their probabilities were kept
    photographs.npz      what an arm read in photographs, if it was asked
    lines.npz            the loss on the lines between the runs of two arms, if it was asked
    study_log.jsonl      what happened to the study (seeds or claims that were added), without its times
    runs, timings, verdicts    the tables, for readers; parquet and CSV

No file holds an absolute path: tracebacks are left out, and paths in messages lose their folders.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from ablate.analysis.ensembles import EnsembleGain, StudyEnsembles, study_ensembles
from ablate.analysis.examples import SAMPLES, run_that_shows
from ablate.analysis.frame import history_pieces, study_tables, to_csv_bytes, to_parquet_bytes, verdicts_table
from ablate.analysis.interpolations import ArmInterpolations, interpolations_from_arrays, interpolations_to_arrays
from ablate.analysis.judging import Judged, judge_sweep
from ablate.analysis.photo_predictions import (
    ArmPhotoPredictions,
    photo_predictions_from_arrays,
    photo_predictions_to_arrays,
)
from ablate.analysis.values import Runs
from ablate.core.artefacts import NOT_APPLICABLE, PROBES, is_of_metric
from ablate.core.claims import FIRST_KERNEL_QUANTITIES, WEIGHT_QUANTITIES, parse_statement
from ablate.core.identity import sha256_of_bytes
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.records import GENERATED, HISTORY, VALUE, Array, RunRecord, StoredRun
from ablate.core.specs import RunSpec, SweepSpec
from ablate.sanitize.arrays import read_arrays
from ablate.sanitize.redact import public_words, without_folders

__all__ = [
    "INTERPOLATIONS",
    "PHOTO_PREDICTIONS",
    "Evidence",
    "Packed",
    "pack_evidence",
    "pack_interpolations",
    "pack_photo_predictions",
    "unpack_evidence",
    "unpack_interpolations",
    "unpack_photo_predictions",
]

# Compressed; a run whose predictions find no room is reported without what they would tell.
PREDICTION_BYTES = 2_000_000
# Compressed, of the arrays of probes, each with its headers; their numbers are packed whatever their size.
PROBE_BYTES = 600_000
MEMBER_BYTES = 450
# Of these a report holds what was made of them.
NOT_PACKED = ("probabilities",)
# What the data/ of a report from elsewhere may take once it is read: a hundred times of what any has.
MOST_BYTES = 2**30
MOST_ROWS = 20_000_000
GENERATED_FILE, DIGESTS = "generated.npz", "digests.json"
ENSEMBLES, PHOTO_PREDICTIONS, INTERPOLATIONS = "ensembles.json", "photographs.npz", "lines.npz"
LABEL, PREDICTION, MISTAKE = "test/label", "test/prediction", "test/mistake"
WEIGHTS = ("weights/path", "weights/statistics")


@dataclass(frozen=True)
class Evidence:
    """What a report is made of.

    Attributes:
        command: the words after `ablate` that made the study.
        events: its log.
        ensembles: what seeds gain together; made of the runs' probabilities while these are there, which are too
            large to be packed.
        photo_predictions: of photographs, by the runs of an arm.
        interpolations: between the runs of two arms.
        tables: the files of the tables, where they have been made of these runs already; of ten thousand runs it
            takes a while.
        judged: each sweep of the plan by these runs, where that has been done already (`judge_study`).
    """

    plan: StudyPlan
    runs: Runs
    command: tuple[str, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    ensembles: StudyEnsembles = field(default_factory=dict)
    photo_predictions: ArmPhotoPredictions | None = None
    interpolations: tuple[ArmInterpolations, ...] = ()
    tables: Mapping[str, bytes] = field(default_factory=dict)
    judged: tuple[Judged, ...] | None = None


@dataclass(frozen=True)
class Packed:
    """The files of `data/`, and what the runs in them say of each sweep of the plan: judged once, for the table of
    verdicts that is among the files and for the report that is made of them."""

    files: Mapping[str, bytes]
    judged: tuple[Judged, ...]


def pack_evidence(evidence: Evidence) -> Packed:
    """What is kept of a study; packing what was unpacked gives the same bytes."""
    present = {run_id: evidence.runs[run_id] for run_id in evidence.plan.possible_run_ids if run_id in evidence.runs}
    chosen = _choose(evidence.plan, present)
    runs = chosen.of(present)
    judged = _judged(evidence, runs)
    files = {
        **_pack_study(evidence, runs),
        **_pack_chosen(chosen),
        **_pack_of_several(evidence, present),
        # The tables tell what the packed runs tell, not what did not find room.
        **_table_files(evidence, runs, judged),
    }
    return Packed(files, judged)


@dataclass(frozen=True)
class _Chosen:
    """run_id → what is packed of a run beside its record and its history."""

    predictions: dict[str, dict[str, Array]]
    weights: dict[str, dict[str, Array]]
    generated: dict[str, dict[str, Array]]
    probes: dict[str, dict[str, dict[str, Array]]]

    def of(self, runs: Runs) -> dict[str, StoredRun]:
        """The runs as they will be unpacked."""
        return {run_id: self._reduced(run_id, run) for run_id, run in runs.items()}

    def _reduced(self, run_id: str, run: StoredRun) -> StoredRun:
        history = {name: array for name, array in run.arrays.items() if name.startswith(HISTORY)}
        others = (found.get(run_id, {}) for found in (self.predictions, self.weights, self.generated))
        arrays = {name: array for found in (history, *others) for name, array in found.items()}
        return replace(run, arrays=arrays, artefacts=self.probes.get(run_id, {}), stated_digest=run.digest or "")


def _choose(plan: StudyPlan, runs: Runs) -> _Chosen:
    return _Chosen(
        predictions=_chosen_predictions(plan, runs),
        weights=_claimed_weights(plan, runs),
        generated=_chosen_generated(plan, runs),
        probes=_chosen_probes(plan, runs),
    )


def _pack_study(evidence: Evidence, runs: Runs) -> dict[str, bytes]:
    """The plan, the records and the log."""
    header = {"plan": evidence.plan.to_json(), "command": public_words(evidence.command)}
    return {
        "plan.json": _json_bytes(header, indent=1),
        "records.jsonl": _json_lines(_without_folders(run.record).to_json() for run in runs.values()),
        "study_log.jsonl": _json_lines(_without_time(event) for event in evidence.events),
        **_pack_digests(runs),
    }


def _pack_digests(runs: Runs) -> dict[str, bytes]:
    """Reports of before there were digests have no such file."""
    found = {run_id: run.digest for run_id, run in runs.items() if run.digest is not None}
    return {DIGESTS: _json_bytes(found, indent=0)} if found else {}


def _unpack_digests(files: Mapping[str, bytes]) -> dict[str, str]:
    found = json.loads(files.get(DIGESTS, b"{}"))
    return {str(run_id): str(digest) for run_id, digest in found.items()}


def _pack_chosen(chosen: _Chosen) -> dict[str, bytes]:
    """The arrays, but for history, which is a table."""
    generated = {run_id: arrays[GENERATED] for run_id, arrays in chosen.generated.items()}
    return {
        "predictions.npz": _pack_predictions(chosen.predictions),
        **({"weights.npz": _npz(_named_by_run(chosen.weights))} if chosen.weights else {}),
        **({GENERATED_FILE: _npz(generated)} if generated else {}),
        **_pack_probes(chosen.probes),
    }


def _pack_of_several(evidence: Evidence, present: Runs) -> dict[str, bytes]:
    """What was made of several runs together, and may need more of them than is packed."""
    return {
        **_pack_ensembles(evidence.ensembles or study_ensembles(evidence.plan, present)),
        **(
            {}
            if evidence.photo_predictions is None
            else {PHOTO_PREDICTIONS: pack_photo_predictions(evidence.photo_predictions)}
        ),
        **({INTERPOLATIONS: pack_interpolations(evidence.interpolations)} if evidence.interpolations else {}),
    }


def _judged(evidence: Evidence, runs: Runs) -> tuple[Judged, ...]:
    """By the runs as they are packed, which can tell less than those that were there. What was said of a sweep before
    holds where its runs are packed with all that it was made of; only other sweeps are judged anew."""
    sweeps = evidence.plan.sweeps
    before: Sequence[Judged | None] = [None] * len(sweeps) if evidence.judged is None else evidence.judged
    return tuple(
        found
        if found is not None and _tells_as_much(sweep, evidence.runs, runs)
        else judge_sweep(sweep, runs, evidence.events, evidence.plan)
        for sweep, found in zip(sweeps, before, strict=True)
    )


def _tells_as_much(sweep: PlannedSweep, whole: Runs, packed: Runs) -> bool:
    """Whether a judgement finds in the packed runs of a sweep all that it reads of the whole ones."""
    names = (LABEL, PREDICTION, *(WEIGHTS if _is_about_weights(sweep.spec) else ()))
    run_ids = dict.fromkeys(run.run_id for run in (*sweep.runs, *sweep.confirmation) if run.run_id in packed)
    return all(
        whole[run_id].probes == packed[run_id].probes
        and all(_is_same(whole[run_id].arrays.get(name), packed[run_id].arrays.get(name)) for name in names)
        for run_id in run_ids
    )


def _is_same(one: Array | None, other: Array | None) -> bool:
    """Whether both are there with equal values, or neither is. A type that is no smaller than it must be counts as
    equal, but not whole numbers for others: those are classes."""
    if one is None or other is None:
        return one is other
    return (one.dtype.kind in "iu") == (other.dtype.kind in "iu") and np.array_equal(one, other)


def _table_files(evidence: Evidence, runs: Runs, judged: tuple[Judged, ...]) -> dict[str, bytes]:
    """History is long, and a reader of its CSV finds it under results/studies. Tables that were made before packing
    hold but for the verdicts: these may have been about predictions that found no room."""
    if not evidence.tables:
        return study_tables(evidence.plan, runs, judged).files()
    verdicts = verdicts_table(evidence.plan, judged)
    return {
        **evidence.tables,
        "verdicts.parquet": to_parquet_bytes(verdicts),
        "verdicts.csv": to_csv_bytes(verdicts),
    }


def unpack_evidence(files: Mapping[str, bytes]) -> Evidence:
    """The study of these files; its runs have history, predicted classes, the statistics of weights that claims are
    about, generated images and what probes measured, and no other arrays.

    Raises:
        KeyError: when a file is missing.
        ValueError: when one is not what `pack_evidence` writes.
    """
    header = json.loads(files["plan.json"])
    plan = StudyPlan.from_json(header["plan"])
    records = [RunRecord.from_json(json.loads(line)) for line in files["records.jsonl"].splitlines()]
    specs, arrays, probes = _specs(plan), _unpack_arrays(files), _unpack_probes(files)
    digests = _unpack_digests(files)
    runs = {
        run_id: StoredRun(
            specs[run_id], record, arrays.get(run_id, {}), probes.get(run_id, {}), digests.get(run_id, "")
        )
        for run_id, record in ((record.run_id, record) for record in records)
    }
    # Reports of before there was a log have none.
    events = tuple(json.loads(line) for line in files.get("study_log.jsonl", b"").splitlines())
    command = tuple(public_words(tuple(map(str, header["command"]))))
    made = _unpack_ensembles(files), unpack_photo_predictions(files), unpack_interpolations(files)
    return Evidence(plan, runs, command, events, *made)


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
    failure = replace(record.failure, traceback="", message=without_folders(record.failure.message))
    return replace(record, failure=failure)


def _specs(plan: StudyPlan) -> dict[str, RunSpec]:
    shared = {
        (sweep.spec.name, arm.name): RunSpec.from_json({**arm.settings, "seed": 0})
        for sweep in plan.sweeps
        for arm in sweep.arms
    }
    return {run.run_id: shared[run.sweep, run.arm].with_seed(run.seed) for run in (*plan.runs, *plan.confirmation)}


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


def _chosen_generated(plan: StudyPlan, runs: Runs) -> dict[str, dict[str, Array]]:
    """run_id → images, of the first seed of each arm that has any: those that the report shows."""
    first: dict[tuple[str, str], str] = {}
    for run in plan.runs:
        if run.run_id in runs and GENERATED in runs[run.run_id].arrays:
            first.setdefault((run.sweep, run.arm), run.run_id)
    return {run_id: {GENERATED: runs[run_id].arrays[GENERATED]} for run_id in first.values()}


def _claimed_weights(plan: StudyPlan, runs: Runs) -> dict[str, dict[str, Array]]:
    """run_id → statistics of the weights, of every run of a sweep with a claim about them."""
    sweeps = [sweep for sweep in plan.sweeps if _is_about_weights(sweep.spec)]
    return {
        run.run_id: {name: runs[run.run_id].arrays[name] for name in WEIGHTS}
        for sweep in sweeps
        for run in sweep.runs
        if run.run_id in runs and set(WEIGHTS) <= set(runs[run.run_id].arrays)
    }


def _is_about_weights(spec: SweepSpec) -> bool:
    numbers = () if spec.original is None else spec.original.numbers
    asked = {*numbers, *(parse_statement(claim).quantity.name for claim in spec.claims)}
    return bool(asked & {*WEIGHT_QUANTITIES, *FIRST_KERNEL_QUANTITIES})


def _chosen_probes(plan: StudyPlan, runs: Runs) -> dict[str, dict[str, dict[str, Array]]]:
    """run_id → probe → arrays: the numbers of all runs; other arrays as far as there is room, in the order of the
    seeds, so that every arm has those of its first ones."""
    rounds = sorted(plan.runs, key=lambda run: (run.seed, not run.is_baseline))
    chosen: dict[str, dict[str, dict[str, Array]]] = {}
    room = PROBE_BYTES
    showing = {run.record.run_id for sweep in plan.sweeps if (run := run_that_shows(sweep, runs)) is not None}
    for run_id in dict.fromkeys([*(run.run_id for run in rounds), *plan.possible_run_ids]):
        for probe, arrays in runs[run_id].artefacts.items() if run_id in runs else ():
            if not _is_packed(probe) or (probe == SAMPLES and run_id not in showing):
                continue
            numbers = {name: values for name, values in arrays.items() if _is_number(name)}
            others = {name: values for name, values in arrays.items() if values.ndim}
            room -= sum(MEMBER_BYTES + len(zlib.compress(values.tobytes())) for values in others.values())
            chosen.setdefault(run_id, {})[probe] = {**numbers, **(others if room >= 0 else {})}
    return {run_id: chosen[run_id] for run_id in plan.possible_run_ids if run_id in chosen}


def _is_packed(artefact: str) -> bool:
    return is_of_metric(artefact) or (artefact in PROBES and artefact not in NOT_PACKED)


def _is_number(name: str) -> bool:
    """Of an array of a probe: whether it is a number that claims may be about, or the reason why there is none."""
    return name.startswith(VALUE) or name == NOT_APPLICABLE


def _pack_probes(probes: Mapping[str, Mapping[str, Mapping[str, Array]]]) -> dict[str, bytes]:
    if not probes:
        # Reports of studies without probes, older ones among them, have no such files.
        return {}
    numbers = {
        run_id: {
            probe: {name: values.item() for name, values in arrays.items() if _is_number(name)}
            for probe, arrays in found.items()
        }
        for run_id, found in probes.items()
    }
    others = {
        f"{run_id}/{probe}/{name}": values
        for run_id, found in probes.items()
        for probe, arrays in found.items()
        for name, values in arrays.items()
        if not _is_number(name)
    }
    lines = _json_lines({"run_id": run_id, "probes": found} for run_id, found in numbers.items())
    return {"probes.jsonl": lines, "probes.npz": _npz(others)}


def _unpack_probes(files: Mapping[str, bytes]) -> dict[str, dict[str, dict[str, Array]]]:
    probes: dict[str, dict[str, dict[str, Array]]] = {}
    for line in map(json.loads, files.get("probes.jsonl", b"").splitlines()):
        probes[line["run_id"]] = {
            probe: {name: np.asarray(value) for name, value in line["probes"][probe].items()}
            for probe in (*PROBES, *filter(is_of_metric, line["probes"]))
            if probe in line["probes"]
        }
    if probes:
        for key, values in _arrays(files["probes.npz"]).items():
            run_id, probe, name = key.split("/", maxsplit=2)
            probes[run_id][probe][name] = values
    return probes


def _pack_ensembles(ensembles: StudyEnsembles) -> dict[str, bytes]:
    found = {
        sweep: [{"arm": arm, **gain.to_json()} for arm, gain in gains.items()] for sweep, gains in ensembles.items()
    }
    return {ENSEMBLES: _json_bytes(found)} if found else {}


def _unpack_ensembles(files: Mapping[str, bytes]) -> StudyEnsembles:
    found = json.loads(files.get(ENSEMBLES, b"{}"))
    return {sweep: {each["arm"]: EnsembleGain.from_json(each) for each in gains} for sweep, gains in found.items()}


def unpack_photo_predictions(files: Mapping[str, bytes]) -> ArmPhotoPredictions | None:
    """What an arm read in photographs, of a file PHOTO_PREDICTIONS among `files`; None where there is none.

    Raises:
        KeyError, ValueError: when it is not what `pack_evidence` writes.
    """
    if PHOTO_PREDICTIONS not in files:
        return None
    return photo_predictions_from_arrays(_arrays(files[PHOTO_PREDICTIONS]))


def pack_photo_predictions(photo_predictions: ArmPhotoPredictions) -> bytes:
    """The file PHOTO_PREDICTIONS."""
    return _npz(photo_predictions_to_arrays(photo_predictions))


def unpack_interpolations(files: Mapping[str, bytes]) -> tuple[ArmInterpolations, ...]:
    """The lines between the runs of arms, of a file INTERPOLATIONS among `files`; none where there is none.

    Raises:
        KeyError, ValueError: when it is not what `pack_evidence` writes.
    """
    if INTERPOLATIONS not in files:
        return ()
    return interpolations_from_arrays(_arrays(files[INTERPOLATIONS]))


def pack_interpolations(interpolations: tuple[ArmInterpolations, ...]) -> bytes:
    """The file INTERPOLATIONS."""
    return _npz(interpolations_to_arrays(interpolations))


def _npz(arrays: Mapping[str, Array]) -> bytes:
    """Compressed; numpy dates its members 1980, so equal arrays are equal bytes."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict(arrays))  # type: ignore[arg-type]
    return buffer.getvalue()


def _pack_predictions(predictions: Mapping[str, Mapping[str, Array]]) -> bytes:
    """Labels stand once for all runs that share them, under the checksum that the mistakes name."""
    arrays: dict[str, Array] = {}
    for run_id, found in predictions.items():
        labels = found[LABEL]
        checksum = sha256_of_bytes(labels.tobytes())[:16]
        arrays[f"{LABEL}/{checksum}"] = labels
        arrays[f"{MISTAKE}/{run_id}/{checksum}"] = _mistakes(labels, found[PREDICTION])
    return _npz(dict(sorted(arrays.items())))


def _named_by_run(arrays: Mapping[str, Mapping[str, Array]]) -> dict[str, Array]:
    """`weights/path/<run_id>` → array."""
    named = {f"{name}/{run_id}": array for run_id, found in arrays.items() for name, array in found.items()}
    return dict(sorted(named.items()))


def _mistakes(labels: Array, predictions: Array) -> Array:
    """0 where the prediction is right, else 1 + the predicted class: next to nothing once it is compressed."""
    return _smallest(np.where(predictions == labels, 0, predictions.astype(np.int64) + 1))


def _smallest(classes: Array) -> Array:
    return classes.astype(np.min_scalar_type(int(classes.max(initial=0))))


def _unpack_arrays(files: Mapping[str, bytes]) -> dict[str, dict[str, Array]]:
    """run_id → arrays, of every run that has any."""
    arrays: dict[str, dict[str, Array]] = {}
    _check_size(files["history.parquet"])
    for run_id, metric, values in history_pieces(files["history.parquet"]):
        arrays.setdefault(run_id, {})[f"{HISTORY}{metric}"] = values
    packed = _arrays(files["predictions.npz"])
    for name in (name for name in packed if name.startswith(MISTAKE)):
        run_id, checksum = name.removeprefix(f"{MISTAKE}/").split("/")
        labels, mistakes = packed[f"{LABEL}/{checksum}"], packed[name].astype(np.int64)
        predictions = _smallest(np.where(mistakes == 0, labels, mistakes - 1))
        arrays.setdefault(run_id, {}).update({LABEL: labels, PREDICTION: predictions})
    for name, statistics in _arrays(files["weights.npz"]).items() if "weights.npz" in files else ():
        kind, _, run_id = name.rpartition("/")
        arrays.setdefault(run_id, {})[kind] = statistics
    for run_id, images in _arrays(files[GENERATED_FILE]).items() if GENERATED_FILE in files else ():
        arrays.setdefault(run_id, {})[GENERATED] = images
    return arrays


def _check_size(history: bytes) -> None:
    """A few bytes of parquet can repeat a row as often as they like, or become a text of any length."""
    about = pq.ParquetFile(io.BytesIO(history)).metadata
    unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    if about.num_rows > MOST_ROWS:
        raise ValueError(f"a history of {about.num_rows:,} rows, and {MOST_ROWS:,} are allowed")
    if unpacked > MOST_BYTES:
        raise ValueError(f"a history that would take {unpacked:,} bytes unpacked, and {MOST_BYTES:,} are allowed")


def _arrays(content: bytes) -> dict[str, Array]:
    return read_arrays(io.BytesIO(content), MOST_BYTES)
