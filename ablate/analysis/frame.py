"""Tidy tables of a study, and their bytes.

    tables = study_tables(plan, runs)      # runs: run_id → StoredRun, as far as they exist
    tables.files()                         # {"runs.parquet": b"…", "runs.csv": b"…", "history.parquet": …}
    tables.history_csv()                   # in pieces: of ten thousand runs it is half a gigabyte

A row of `runs` is one seed of one arm of one sweep, present even when the run is missing; a row of
`history` one metric of one epoch of one run; a row of `timings` one run. `runs` and `history` are pure
functions of the plan and of what the runs computed, in content, order, types and bytes; what depends on
the machine or the day stands in `timings` alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ablate.analysis.judging import Judged, judge_study
from ablate.analysis.seed_noise import SeedNoise, seed_noise
from ablate.analysis.settings import differing_names, flat_environments, flatten, setting_text
from ablate.analysis.summaries import summarise
from ablate.analysis.values import Runs, column_info, metric_of, metric_rank, metric_values, status_of, value_in
from ablate.core.identity import Json
from ablate.core.late_changes import Event
from ablate.core.plans import PlannedSweep, StudyPlan
from ablate.core.records import TRAINING
from ablate.core.specs import PlannedRun
from ablate.verdicts.verdict import Verdict

__all__ = [
    "Tables",
    "csv_pieces",
    "history_pieces",
    "history_table",
    "runs_table",
    "seed_noise_table",
    "study_tables",
    "timings_table",
    "to_csv_bytes",
    "to_parquet_bytes",
    "verdict_table",
    "verdicts_table",
]

# Of the table of verdicts, in this order, with plan_hash after them.
VERDICT_COLUMNS = (
    "family", "subject", "metric", "scale", "n", "n_diverged", "base_mean", "arm_mean", "diff", "diff_pct_error",
    "ci_low", "ci_high", "ci_adj_low", "ci_adj_high", "alpha_i", "p_diff", "p_diff_adj", "margin", "p_tost",
    "p_tost_adj", "dz", "gz", "gz_low", "gz_high", "wins", "ties", "losses", "p_improve", "pi_low", "pi_high", "rho",
    "vr", "p_perm", "verdict", "qualifier", "seeds_needed_lo", "seeds_needed_hi", "seeds_needed_half", "se_twoway",
    "holds_new_test", "flags", "test_name",
)  # fmt: skip
# Of what a spreadsheet takes for a formula; it reads the full-width signs alike.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Rows of a row group of parquet, and of a piece of CSV: what is in memory as text at one time.
GROUP_ROWS, CSV_ROWS = 2**18, 2**16


@dataclass(frozen=True)
class Tables:
    runs: pd.DataFrame
    history: pd.DataFrame
    timings: pd.DataFrame
    verdicts: pd.DataFrame
    seed_noise: pd.DataFrame | None = None

    def files(self) -> dict[str, bytes]:
        """File name to content: every table that there is as parquet, and as CSV all but `history`."""
        tables = {field.name: table for field in fields(self) if (table := getattr(self, field.name)) is not None}
        return {
            **{f"{name}.parquet": to_parquet_bytes(table) for name, table in tables.items()},
            **{f"{name}.csv": to_csv_bytes(table) for name, table in tables.items() if name != "history"},
        }

    def history_csv(self) -> Iterator[bytes]:
        """`history` as CSV, piece by piece: what `to_csv_bytes` gives, sooner, for it has millions of rows of a few
        texts and no nulls but in `value`."""
        yield (",".join(map(str, self.history)) + "\n").encode()
        cell = cache(lambda text: _quoted(_without_formula(text)).encode())
        for start in range(0, len(self.history), CSV_ROWS):
            yield b"".join(_history_lines(self.history.iloc[start : start + CSV_ROWS], cell))


def study_tables(
    plan: StudyPlan, runs: Runs, judged: Sequence[Judged] | None = None, events: Sequence[Event] = ()
) -> Tables:
    """
    Args:
        judged: each sweep of the plan by these runs, where that has been done already (`judge_study`).
        events: the study's log, by which it is judged where it has not been.
    """
    return Tables(
        runs_table(plan, runs),
        history_table(plan, runs),
        timings_table(plan, runs),
        verdicts_table(plan, judge_study(plan, runs, events) if judged is None else judged),
        seed_noise_table(plan, runs),
    )


# runs ------------------------------------------------------------------------------------------------


def runs_table(plan: StudyPlan, runs: Runs) -> pd.DataFrame:
    """One row for each planned run, in the order of the plan, then those on confirmation seeds that there are.

    Columns: study, sweep, arm, is_baseline, run_id, seed, status, epochs_run, best_epoch,
    `<metric>.best` and `<metric>.last` of each history, the final metrics, `config.<name>` of each setting
    that differs in the study. What a run does not have is null.
    """
    rows = _rows(plan, runs)
    columns: dict[str, pd.Series] = {
        "study": _text(plan.name for _ in rows),
        "sweep": _text(run.sweep for run in rows),
        "arm": _text(run.arm for run in rows),
        "is_baseline": pd.Series([run.is_baseline for run in rows], dtype=bool),
        "run_id": _text(run.run_id for run in rows),
        "seed": pd.Series([run.seed for run in rows], dtype="int64"),
        "status": _text(status_of(runs, run.run_id) for run in rows),
        "epochs_run": _integers(_outcome(runs, run, "epochs_run") for run in rows),
        "best_epoch": _integers(_outcome(runs, run, "best_epoch") for run in rows),
    }
    values = [metric_values(runs[run.run_id]) if run.run_id in runs else {} for run in rows]
    for name in _value_columns(values):
        columns[name] = pd.Series([row.get(name, np.nan) for row in values], dtype="float64")
    return pd.DataFrame({**columns, **_config_columns(plan, rows)})


def _outcome(runs: Runs, run: PlannedRun, attribute: str) -> int | None:
    return getattr(runs[run.run_id].record, attribute) if run.run_id in runs else None


def _value_columns(rows: Iterable[Mapping[str, float]]) -> list[str]:
    return sorted(set().union(*rows), key=lambda name: (metric_rank(metric_of(name)), name))


def _rows(plan: StudyPlan, runs: Runs) -> tuple[PlannedRun, ...]:
    """Every planned run; of those that may confirm a selection the ones that were trained."""
    return (*plan.runs, *(run for run in plan.confirmation if run.run_id in runs))


def _config_columns(plan: StudyPlan, rows: Sequence[PlannedRun]) -> dict[str, pd.Series]:
    settings = {(sweep.spec.name, arm.name): flatten(arm.settings) for sweep in plan.sweeps for arm in sweep.arms}
    flat = [settings[run.sweep, run.arm] for run in rows]
    return {f"config.{name}": _typed([row.get(name) for row in flat]) for name in differing_names(settings.values())}


def _typed(values: list[Json]) -> pd.Series:
    """Values of one setting in the narrowest type that holds them all; null is allowed in each."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pd.Series(values, dtype="boolean")
    if kinds == {int}:
        return _integers(values)  # type: ignore[arg-type]
    if kinds <= {int, float}:
        return pd.Series([np.nan if value is None else value for value in values], dtype="float64")
    return _text(None if value is None else setting_text(value) for value in values)


# history ---------------------------------------------------------------------------------------------


def history_table(plan: StudyPlan, runs: Runs) -> pd.DataFrame:
    """One row for each epoch of each metric: run_id, arm, seed, epoch (from 1), split, metric, value.

    Runs in the order of the plan, within a run metrics in the order of `METRICS`, epochs ascending. A run
    that stands in two arms has rows for both. Its texts are categories, for each stands in hundreds of rows; in the
    files they are texts.
    """
    pieces = list(_history_pieces(plan, runs))
    lengths = [len(values) for *_, values in pieces]
    splits = {metric: _split(metric) for metric in {metric for _, metric, _ in pieces}}
    return pd.DataFrame(
        {
            "run_id": _repeated([run.run_id for run, *_ in pieces], lengths),
            "arm": _repeated([run.arm for run, *_ in pieces], lengths),
            "seed": pd.Series(np.repeat([run.seed for run, *_ in pieces], lengths), dtype="int64"),
            "epoch": pd.Series(_counted(lengths), dtype="int64"),
            "split": _repeated([splits[metric] for _, metric, _ in pieces], lengths),
            "metric": _repeated([metric for _, metric, _ in pieces], lengths),
            "value": pd.Series(np.concatenate([[], *(values for *_, values in pieces)]), dtype="float64"),
        }
    )


def _history_pieces(plan: StudyPlan, runs: Runs) -> Iterator[tuple[PlannedRun, str, Any]]:
    distinct: dict[tuple[str, str], PlannedRun] = {}
    for run in _rows(plan, runs):
        distinct.setdefault((run.run_id, run.arm), run)
    in_order = cache(lambda names: sorted(names, key=metric_rank))
    for run in distinct.values():
        if run.run_id not in runs:
            continue
        history = runs[run.run_id].history
        yield from ((run, metric, history[metric]) for metric in in_order(tuple(history)))


def history_pieces(parquet: bytes) -> Iterator[tuple[str, str, npt.NDArray[np.float64]]]:
    """Run id, metric and values of each history in the bytes of the table `history`, whose rows stand together."""
    texts = ["run_id", "arm", "metric"]
    # What threads and a buffer read ahead would take memory that Arrow does not give back.
    file = pq.ParquetFile(pa.BufferReader(parquet), read_dictionary=texts, pre_buffer=False)
    table = file.read(columns=[*texts, "value"], use_threads=False)
    columns = [table[name].unify_dictionaries().combine_chunks() for name in texts]
    values = table["value"].to_numpy().astype(np.float64)
    codes = [column.indices.to_numpy() for column in columns]
    starts = _starts(codes)
    run_ids, _, metrics = (
        np.array(column.dictionary.to_pylist(), dtype=object)[each[starts]].tolist()
        for column, each in zip(columns, codes, strict=True)
    )
    for (start, stop), run_id, metric in zip(pairwise([*starts, len(values)]), run_ids, metrics, strict=True):
        yield run_id, metric, values[start:stop]


def _starts(columns: Iterable[npt.NDArray[np.integer[Any]]]) -> list[int]:
    """The rows in which any of the columns differs from the row before."""
    rows = [np.flatnonzero(np.diff(column, prepend=np.int32(-1))) for column in columns]
    starts: list[int] = np.unique(np.concatenate(rows)).tolist()
    return starts


def _split(metric: str) -> str:
    return column_info(metric).split or TRAINING


# timings ---------------------------------------------------------------------------------------------


def timings_table(plan: StudyPlan, runs: Runs) -> pd.DataFrame:
    """One row for each run that has a record: run_id, wall_seconds, compile_seconds, seconds_per_epoch
    (median over epochs), and `environment.<name>` of what the record says of where it was computed, without the
    words of the command."""
    records = [runs[run_id].record for run_id in plan.possible_run_ids if run_id in runs]
    environments = flat_environments(record.environment for record in records)
    names = sorted(set().union(*environments))
    return pd.DataFrame(
        {
            "run_id": _text(record.run_id for record in records),
            "wall_seconds": pd.Series([record.timings.wall_seconds for record in records], dtype="float64"),
            "compile_seconds": pd.Series([record.timings.compile_seconds for record in records], dtype="float64"),
            "seconds_per_epoch": pd.Series(
                [_median(record.timings.epoch_seconds) for record in records], dtype="float64"
            ),
            **{
                f"environment.{name}": _typed([environment.get(name) for environment in environments]) for name in names
            },
        }
    )


def _median(values: tuple[float, ...]) -> float:
    return float(np.median(values)) if values else np.nan


# verdicts --------------------------------------------------------------------------------------------


def verdicts_table(plan: StudyPlan, judged: Sequence[Judged]) -> pd.DataFrame:
    """The verdicts of every sweep, in the order of the plan, under the sweep's name; see `verdict_table`.

    Args:
        judged: each sweep of the plan, as `judge_study` gives it.
    """
    tables = []
    for sweep, found in zip(plan.sweeps, judged, strict=True):
        table = verdict_table(found.rows, plan.plan_hash)
        table.insert(0, "sweep", _text(sweep.spec.name for _ in range(len(table))))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def verdict_table(verdicts: Iterable[Verdict], plan_hash: str = "") -> pd.DataFrame:
    """One row for each verdict, in their order; the columns and their types are there without a row too.

    Flags are joined by `;`; what is not known is null.
    """
    rows = list(verdicts)
    return pd.DataFrame(
        {name: make(read(row) for row in rows) for name, (make, read) in _verdict_columns().items()}
        | {"plan_hash": _text(plan_hash for _ in rows)}
    )


def _floats(values: Iterable[float | None]) -> pd.Series:
    return pd.Series([np.nan if value is None else value for value in values], dtype="float64")


def _booleans(values: Iterable[bool | None]) -> pd.Series:
    return pd.Series(list(values), dtype="boolean")


def _verdict_columns() -> dict[str, tuple[Callable[[Iterable[Any]], pd.Series], Callable[[Verdict], Any]]]:
    """Column → how its values are typed, and how each is read; the name of the field where nothing else is said."""
    read: dict[str, Callable[[Verdict], Any]] = {
        "metric": lambda row: row.metric.name,
        "verdict": lambda row: row.word,
        "seeds_needed_lo": lambda row: row.seeds_needed_low,
        "seeds_needed_hi": lambda row: row.seeds_needed_high,
        "seeds_needed_half": lambda row: row.seeds_needed_half,
        "flags": lambda row: ";".join(row.flags),
    }
    kinds: dict[Callable[[Iterable[Any]], pd.Series], str] = {
        _text: "family subject metric scale verdict qualifier flags test_name",
        _integers: "n n_diverged wins ties losses seeds_needed_lo seeds_needed_hi seeds_needed_half",
        _booleans: "holds_new_test",
    }
    kind_of = {name: kind for kind, names in kinds.items() for name in names.split()}
    return {name: (kind_of.get(name, _floats), read.get(name, attrgetter(name))) for name in VERDICT_COLUMNS}


# noise -----------------------------------------------------------------------------------------------


def seed_noise_table(plan: StudyPlan, runs: Runs) -> pd.DataFrame | None:
    """One row for each arm of the sweeps that ask which parts of a seed noise comes from; None where none does.

    Columns: sweep, arm, metric, n, variance, df, low, high, share, share_low, share_high; see `VariancePart`.
    """
    asked = [sweep for sweep in plan.sweeps if sweep.spec.is_about_noise]
    if not asked:
        return None
    rows = [(sweep, arm, part) for sweep in asked for arm, part in _noise_of(sweep, runs).rows.items()]
    numbers = ("variance", "df", "low", "high", "share", "share_low", "share_high")
    return pd.DataFrame(
        {
            "sweep": _text(sweep.spec.name for sweep, _, _ in rows),
            "arm": _text(arm for _, arm, _ in rows),
            "metric": _text(sweep.spec.metric for sweep, _, _ in rows),
            "n": _integers(part.n for _, _, part in rows),
            **{name: _floats(getattr(part, name) for _, _, part in rows) for name in numbers},
        }
    )


def _noise_of(sweep: PlannedSweep, runs: Runs) -> SeedNoise:
    metric = sweep.spec.metric
    found = seed_noise(sweep, summarise(sweep, runs, value_in(metric)), column_info(metric))
    assert found is not None
    return found


# bytes -----------------------------------------------------------------------------------------------


def to_csv_bytes(table: pd.DataFrame) -> bytes:
    """UTF-8, `\\n`, shortest round-trip floats, null as nothing.

    A text that a spreadsheet would take for a formula is preceded by an apostrophe, the name of a column too.
    """
    return b"".join(csv_pieces(table))


def csv_pieces(table: pd.DataFrame) -> Iterator[bytes]:
    """The same in pieces of some thousand rows."""
    safe = table.copy(deep=False)
    for name in table:
        safe[name] = _defused(table[name])
    safe = safe.rename(columns=_without_formula)
    for start in range(0, max(len(table), 1), CSV_ROWS):
        piece = safe.iloc[start : start + CSV_ROWS]
        text: str = piece.to_csv(index=False, header=start == 0, lineterminator="\n")
        yield text.encode("utf-8")


def _history_lines(rows: pd.DataFrame, cell: Callable[[str], bytes]) -> Iterator[bytes]:
    """Rows of `history` as CSV: those of one metric of a run stand together, and differ in epoch and value alone."""
    texts = [rows[name].cat for name in ("run_id", "arm", "split", "metric")]
    codes, seeds = [column.codes.to_numpy() for column in texts], rows["seed"].to_numpy()
    starts = _starts([*codes, seeds])
    named = [
        _cells_of(column.categories.tolist(), each[starts].tolist(), cell)
        for column, each in zip(texts, codes, strict=True)
    ]
    epochs, numbers = _listed(rows["epoch"].tolist()), _numbers(rows["value"].to_numpy())
    stretches = pairwise([*starts, len(rows)])
    for (start, stop), run_id, arm, split, metric in zip(stretches, *named, strict=True):
        # To put the numbers between texts that repeat takes a third of the time of writing each row.
        before, between = b"%b,%b,%d," % (run_id, arm, seeds[start]), b",%b,%b," % (split, metric)
        cells = [before, b"", between, b"", b"\n"] * (stop - start)
        cells[1::5], cells[3::5] = epochs[start:stop], numbers[start:stop]
        yield b"".join(cells)


def _numbers(values: npt.NDArray[np.float64]) -> list[bytes]:
    """As `repr` gives them, and nothing for NaN."""
    texts, sizes = _listed(values.tolist()), np.abs(values)
    # Where there is no exponent, JSON and Python write a number alike.
    for place in np.flatnonzero(~((sizes == 0) | (sizes >= 1e-4) & (sizes < 1e16))):
        texts[place] = b"" if np.isnan(values[place]) else repr(float(values[place])).encode()
    return texts


def _listed(numbers: list[Any]) -> list[bytes]:
    return msgspec.json.encode(numbers)[1:-1].split(b",")


def _cells_of(categories: Sequence[str], codes: Sequence[int], cell: Callable[[str], bytes]) -> list[bytes]:
    return [cell(categories[code]) for code in codes]


def _quoted(text: str) -> str:
    buffer = io.StringIO()
    # Beside another cell: an empty text that stands alone in its row would be quoted.
    csv.writer(buffer, lineterminator="\n").writerow([text, ""])
    return buffer.getvalue().removesuffix(",\n")


def to_parquet_bytes(table: pd.DataFrame) -> bytes:
    """Parquet with null for NaN, and without pandas' own metadata, which would name its version."""
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, _plain(table.iloc[:0]).schema, compression="zstd") as writer:
        for start in range(0, max(len(table), 1), GROUP_ROWS):
            writer.write_table(_plain(table.iloc[start : start + GROUP_ROWS]))
    return buffer.getvalue()


def _plain(rows: pd.DataFrame) -> pa.Table:
    """With the texts that categories stand for, which Arrow makes sooner than pandas."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    for index, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(index, field.name, table.column(index).cast(field.type.value_type))
    return table.replace_schema_metadata(None)


def _defused(column: pd.Series) -> pd.Series:
    return column.map(_without_formula) if column.dtype in ("string", "category") else column


def _without_formula(text: Any) -> Any:
    return f"'{text}" if isinstance(text, str) and text.startswith(FORMULA_STARTS) else text


def _text(values: Iterable[str | None]) -> pd.Series:
    return pd.Series([None if value is None else _as_utf8(value) for value in values], dtype="string")


def _as_utf8(text: str) -> str:
    """The text; half a pair of UTF-16, which JSON can hold and no file of text, becomes a question mark."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def _repeated(values: list[str], lengths: list[int]) -> pd.Series:
    """Categories in the order of first use."""
    texts = {value: _as_utf8(value) for value in dict.fromkeys(values)}
    codes, categories = pd.factorize(np.array([texts[value] for value in values], dtype=object))
    return pd.Series(
        pd.Categorical.from_codes(np.repeat(codes, lengths), categories=pd.Index(categories, dtype="string"))
    )


def _counted(lengths: list[int]) -> npt.NDArray[np.int64]:
    """1, 2, … up to each of the lengths, one after the other."""
    ends = np.cumsum(lengths, dtype=np.int64)
    return np.arange(1, (ends[-1] if lengths else 0) + 1) - np.repeat(ends - lengths, lengths)


def _integers(values: Iterable[int | None]) -> pd.Series:
    return pd.Series(list(values), dtype="Int64")
