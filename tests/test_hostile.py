"""What somebody hostile may send: a store, the data of a report, a claim, a command line.

Whatever it is, it is refused in words or shown as it is; nothing in it is run, written elsewhere, or obeyed.
What a single module does about it is tested beside the others of that module.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from ablate.analysis.frame import runs_table, to_csv_bytes
from ablate.analysis.results import study_results
from ablate.cli import main
from ablate.cli.completion import candidates
from ablate.cli.output import Output
from ablate.cli.progress import progress_display
from ablate.core.claims import Statement, parse_statement, resolution_errors
from ablate.core.errors import ExitCode
from ablate.core.identity import sha256_of_bytes
from ablate.core.parse_error import Unreadable
from ablate.core.plans import StudyPlan
from ablate.core.records import RunRecord
from ablate.core.specs import Component, Conclusion, Original, RunSpec
from ablate.plots import figures
from ablate.publishing import evidence
from ablate.publishing.evidence import public_words
from ablate.publishing.writing import read_evidence, rebuild, write_report
from ablate.reporting.report import report_latex, report_markdown
from ablate.runner.events import EpochEnded, RunEnded, RunStarted
from ablate.storage.atomic import StoreError, sealed_text
from ablate.storage.runs import RunStore, pack
from ablate.storage.studies import StudyFolder
from tests.cli.conftest import Ablate, ablate, folder, remember_compositions
from tests.cli.kept import keep
from tests.synthetic import completed_runs, failed_run, optimizer_sweep, plan_of

__all__ = ["ablate", "folder", "remember_compositions"]

FUZZ = settings(
    deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SWEEP = optimizer_sweep(seeds=2, optimizers={"sgd": 0.01, "adam": 0.001})
RUNS = completed_runs(SWEEP)
PLAN = plan_of(SWEEP)
RUN = next(iter(RUNS.values()))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in some JSON, the whole of it first."""
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths_of(item, (*path, key))


def mutated(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """A copy with the value at `path` changed, or left out where the change is None."""
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = mutated(copy[path[0]], path[1:], change)
    return copy


def without(value: Any, path: tuple[Any, ...]) -> Any:
    *parents, key = path
    return mutated(value, tuple(parents), lambda held: {name: each for name, each in held.items() if name != key}
                   if isinstance(held, dict) else held[:key] + held[key + 1 :])  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn, original: Any) -> Any:
    """The JSON with one to three of its values replaced by others or left out."""
    value = json.loads(json.dumps(original))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(paths_of(value))))
        is_left_out = path and draw(st.booleans())
        value = without(value, path) if is_left_out else mutated(value, path, lambda _: draw(JSON))
        if not isinstance(value, dict):
            return value
    return value


def read(text: str) -> Statement | Unreadable:
    try:
        return parse_statement(text)
    except Unreadable as error:
        return error


class TestClaims:
    WORDS = "sgd adam < > ~ not worse better than on within val_loss value epochs_to( , ) 0.1 5% optimizer= [ { ] }"

    @FUZZ
    @given(st.text() | st.lists(st.sampled_from(WORDS.split()), max_size=12).map(" ".join))
    @example("[[[[[[ < " + "[" * 50 + " on val_loss")
    @example("sgd < adam on val_loss within " + "9" * 1500)
    @example("\x00 < \ud800 on val_loss")
    def test_a_text_is_a_statement_or_says_where_it_is_none(self, text: str) -> None:
        statement = read(text)
        if isinstance(statement, Unreadable):
            assert 0 <= statement.start <= statement.end <= len(text)
            return
        assert parse_statement(str(statement)) == statement
        for error in resolution_errors(statement, SWEEP.arms):
            assert error.span <= (len(str(statement)),) * 2

    @pytest.mark.parametrize(
        "piece", ["=", "<", "not ", "a=", "[", "{", "x than ", " ", "on ", "epochs_to(", "9", "\n"]
    )
    def test_a_long_text_is_read_or_refused_soon(self, piece: str) -> None:
        for text in (piece * 200_000, f"{piece * (1900 // len(piece))} < adam on val_loss"):
            started = time.process_time()
            with suppress(Unreadable):
                resolution_errors(parse_statement(text), SWEEP.arms)
            assert time.process_time() - started < 2


class TestARecord:
    @FUZZ
    @given(mutations(RUN.record.to_json()))
    @example([])
    @example({"schema": 1})
    def test_of_other_json_is_one_or_raises_what_it_says(self, data: Any) -> None:
        with suppress(KeyError, TypeError, ValueError):
            record = RunRecord.from_json(data)
            assert all(isinstance(value, (int, float)) for value in record.metrics.values())
            record.to_json()

    @FUZZ
    @given(mutations(RUN.spec.to_json()))
    def test_the_spec_beside_it_too(self, data: Any) -> None:
        with suppress(KeyError, TypeError, ValueError):
            assert len(RunSpec.from_json(data).run_id) == 64

    @FUZZ
    @given(mutations(PLAN.to_json()))
    @example(mutated(json.loads(json.dumps(PLAN.to_json())), ("sweeps", 0, "spec", "factors"), lambda _: None))
    def test_and_the_plan_before_it(self, data: Any) -> None:
        with suppress(KeyError, TypeError, ValueError):
            plan = StudyPlan.from_json(data)
            assert [sweep.baseline for sweep in plan.sweeps]
            plan.plan_hash  # noqa: B018


def forge(root: Path, record: Any, spec: bytes | None = None, arrays: bytes | None = None) -> Path:
    """A run's folder as somebody makes it who knows how checksums are computed."""
    run_folder = root / "runs" / RUN.spec.run_id[:2] / RUN.spec.run_id
    shutil.rmtree(run_folder, ignore_errors=True)
    run_folder.mkdir(parents=True)
    contents = {
        "spec.json": json.dumps(RUN.spec.to_json()).encode() if spec is None else spec,
        "arrays.npz": pack(RUN.arrays) if arrays is None else arrays,
    }
    files = {name: {"bytes": len(each), "sha256": sha256_of_bytes(each)} for name, each in contents.items()}
    for name, each in contents.items():
        (run_folder / name).write_bytes(each)
    if isinstance(record, dict):
        record.pop("checksum", None)
        with suppress(ValueError, TypeError):
            record = json.loads(sealed_text({"files": files, **record}))
    (run_folder / "record.json").write_text(json.dumps(record))
    return run_folder


class TestAStore:
    @FUZZ
    @given(mutations({**RUN.record.to_json(), "files": {}}), st.sampled_from(["none", "files"]))
    def test_of_sealed_nonsense_gives_what_it_documents(self, tmp_path: Path, record: Any, keep_files: str) -> None:
        if isinstance(record, dict) and keep_files == "none":
            record.pop("files", None)
        forge(tmp_path, record)
        store = RunStore(tmp_path)
        for ask in (store.record, store.get, store.artefacts):
            with suppress(StoreError):
                ask(RUN.spec.run_id)

    @pytest.mark.parametrize(
        "changed",
        [
            {"spec": b"[]"},
            {"spec": b"{}"},
            {"spec": b"[" * 100_000},
            {"spec": b"\xff"},
            {"spec": json.dumps(RUN.spec.with_seed(7).to_json()).encode()},
            {"arrays": b""},
            {"arrays": b"PK"},
            {"arrays": pack({"history/loss": np.zeros(3)})[:150]},
        ],
    )
    def test_with_other_neighbours_does_too(self, changed: dict[str, bytes], tmp_path: Path) -> None:
        forge(tmp_path, RUN.record.to_json(), **changed)
        with pytest.raises(StoreError):
            RunStore(tmp_path).get(RUN.spec.run_id)

    @pytest.mark.parametrize(
        "text", ["[" * 100_000, '{"checksum": ' * 5000, "9" * 5000, "\udc80", "null", '{"a": NaN}']
    )
    def test_a_record_that_is_no_json_is_set_aside(self, text: str, tmp_path: Path) -> None:
        run_folder = forge(tmp_path, {})
        (run_folder / "record.json").write_text(text, errors="surrogateescape")
        assert not RunStore(tmp_path).has(RUN.spec.run_id)
        assert not run_folder.exists()

    def test_nothing_outside_it_is_touched(self, tmp_path: Path) -> None:
        record = {**RUN.record.to_json(), "run_id": "../../x"}
        forge(tmp_path / "store", record)
        (tmp_path / "x").mkdir()
        assert not RunStore(tmp_path / "store").has(RUN.spec.run_id)
        assert (tmp_path / "x").is_dir()
        for run_id in ("../x", "/etc/passwd", "a" * 63 + "/", ""):
            with pytest.raises(ValueError, match="is no run id"):
                RunStore(tmp_path / "store").get(run_id)

    @pytest.mark.parametrize(
        "words", ["list", "list runs", "list --json", "watch --once", "show {id}", "compare optimizers"]
    )
    def test_of_a_hostile_plan_is_a_message(self, words: str, ablate: Ablate, folder: Path) -> None:
        keep(folder / "results", SWEEP, RUNS)
        journal = folder / "results" / "studies" / "evil" / "plans.jsonl"
        journal.parent.mkdir()
        line = {"plan": {"name": "../x", "sweeps": [3]}, "planned_at": [], "argv": "\x1b[2J"}
        journal.write_text(sealed_text(line) + "\n")
        said = ablate(*words.format(id=RUN.spec.run_id).split())
        assert said.code == ExitCode.DONE
        assert "Traceback" not in said.err

    def test_whose_run_would_call_anything_is_refused(self, ablate: Ablate, folder: Path) -> None:
        mark = folder / "owned"
        nested = {"hidden": [{"_target_": "posix.mkdir", "path": str(mark)}]}
        spec = replace(RUN.spec, model=Component("ablate.models.mlp.mlp", nested), code={"posix": "d" * 64})
        record = replace(RUN.record, run_id=spec.run_id)
        run = replace(RUN, spec=spec, record=record, artefacts={"weights": {"x": np.zeros(1)}})
        RunStore(folder / "results").put(run)
        for words in (["export", "--format", "keras", "--out", "out"], ["predict", "--quiet"]):
            verb, *options = words
            said = ablate(verb, spec.run_id[:12], *(["five.png"] if verb == "predict" else []), *options)
            assert said.code == ExitCode.BAD_INPUT
            assert "posix.mkdir" in said.err
        assert not mark.exists()


HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m",
    "[red]x[/link=https://evil.example]",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[x](javascript:alert(1)) ![y](https://evil.example/z.png) <https://evil.example> www.evil.example a@evil.example",
    "a | b\n\n# heading\n\n- item\n```\ncode\n```",
    r"\input{/etc/passwd}\write18{true}$x^2$%&_#~",
    "=cmd|' /C calc'!A0",
    "{task.description} %s {0} :warning:",
)
NASTY = " ".join(HOSTILE)


def nasty_study() -> tuple[StudyPlan, dict[str, Any]]:
    """A study in which every text that somebody can choose is hostile, and the rest is sound."""
    arms = tuple(
        replace(arm, name=f"{arm.name} {NASTY}", levels={"optimizer": f"{level} {NASTY}"})
        for arm in SWEEP.arms
        for level in arm.levels.values()
    )
    spec = replace(
        SWEEP.spec,
        name=f"s {NASTY}",
        question=NASTY,
        margin_reason=NASTY,
        base=(NASTY,),
        setup=NASTY,
        factors={"optimizer": tuple(arm.levels["optimizer"] for arm in arms)},
        baseline={"optimizer": next(arm.levels["optimizer"] for arm in arms if arm.is_baseline)},
        original=Original(NASTY, NASTY, "ablate.datasets.digits", {}),
        conclusions=(Conclusion(NASTY, stated=NASTY, not_tested=NASTY),),
    )
    plan = plan_of(replace(SWEEP, spec=spec, arms=arms))
    runs = {
        run_id: replace(run, record=replace(run.record, environment={"host": NASTY, NASTY: NASTY}))
        for run_id, run in RUNS.items()
    }
    failed = failed_run(SWEEP.arms[0].spec, NASTY)
    return replace(plan, name="evil", question=NASTY), {**runs, failed.spec.run_id: failed}


# The tags that the markdown of a report may become.
OURS = "h1 h2 h3 h4 p strong em code pre ul li img table thead tbody tr th td"


class TestAReport:
    COMMAND = (
        "--allow-target",
        "os",
        "+sweep=x",
        "model._target_=os.system",
        f"study={HOSTILE[3]}",
        "--config-dir",
        "/x",
        "-m",
    )

    def test_of_hostile_names_has_no_markup_of_theirs(self) -> None:
        plan, runs = nasty_study()
        text = report_markdown(study_results(plan, runs, ()), self.COMMAND)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)
        html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
        ours = f"{OURS} details summary blockquote".split()
        assert set(re.findall(r"</?([a-z]+[0-9]?)", html)) <= {*ours}
        assert {source.partition("/")[0] for source in re.findall(r'<img src="([^"]*)"', html)} == {"figures"}
        assert "heading</h1>" not in html

    def test_says_no_options_to_those_who_do_what_it_says(self, tmp_path: Path) -> None:
        assert public_words(self.COMMAND) == ["+sweep=x", "model._target_=os.system", f"study={HOSTILE[3]}", "-m"]

    def test_as_latex_has_no_command_of_theirs(self) -> None:
        plan, runs = nasty_study()
        text = report_latex(study_results(plan, runs, ()))
        assert not re.search(r"\\(input|write)\b", text)
        assert all(sign.isascii() or "\u00c0" <= sign <= "\u017f" for sign in text)
        assert "\x1b" not in text

    def test_as_tables_has_no_formula_and_its_numbers_are_numbers(self) -> None:
        plan, runs = nasty_study()
        table = runs_table(plan, runs)
        texts = ["=1+1", "-0.5", "+1e-3", "-1+cmd|' /C calc'!A0"]
        table["=1+1"] = pd.Series(texts, dtype="string")
        header, *rows = csv.reader(io.StringIO(to_csv_bytes(table).decode()))
        assert [row[-1] for row in (header, *rows)] == ["'=1+1", "'=1+1", "'-0.5", "'+1e-3", "'-1+cmd|' /C calc'!A0"]
        assert not [cell for row in (header, *rows) for cell in row if cell.startswith(("=", "@", "\t", "\n"))]
        values = [float(row[header.index("test_loss")]) for row in rows if row[header.index("test_loss")]]
        assert values == table["test_loss"].dropna().tolist()


def archive(header: bytes, zeros: int) -> bytes:
    """An .npz of one array `0/first`: what describes it, then so many zeros, which pack a thousandfold."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("0/first.npy", "w") as member:
        member.write(header)
        for _ in range(zeros // 2**20):
            member.write(bytes(2**20))
    return buffer.getvalue()


def header_of(shape: tuple[int, ...]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": shape})
    return buffer.getvalue()


# A few kilobytes that become 16 MiB, and say so; and a few bytes that promise a tebibyte.
BOMB = archive(header_of((2**21,)), 2**24)
HUGE_HEADER = archive(header_of((2**37,)), 0)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("reports") / "optimizers"
    write_report(PLAN, RUNS, where, ("+sweep=optimizers",))
    return where


@pytest.fixture
def report(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))
    return Path(shutil.copytree(written, tmp_path / "optimizers"))


class TestTheDataOfAReport:
    def test_that_leads_elsewhere_is_not_followed(self, report: Path, tmp_path: Path) -> None:
        precious = tmp_path / "precious"
        precious.mkdir()
        (precious / "id_rsa").write_text("mine")
        (precious / "x.png").write_text("mine")
        stamp = json.loads((report / "data" / "stamp.json").read_text())
        names = ("figures/../../precious/id_rsa", "figures/..", "figures/id_rsa", "figures/x.png", "../precious/x.png")
        (report / "data" / "stamp.json").write_text(json.dumps({**stamp, "files": dict.fromkeys(names, "0")}))
        rebuild(report / "data")
        shutil.rmtree(report / "figures")
        (report / "figures").symlink_to(precious)
        with pytest.raises(StoreError, match="is a link"):
            rebuild(report / "data")
        assert sorted(path.name for path in precious.iterdir()) == ["id_rsa", "x.png"]
        assert (precious / "x.png").read_text() == "mine"

    @settings(FUZZ, max_examples=25)
    @given(data=st.data())
    def test_with_other_json_is_a_report_or_a_message(self, data: st.DataObject, report: Path) -> None:
        name = data.draw(st.sampled_from(["plan.json", "records.jsonl", "study_log.jsonl", "stamp.json"]))
        original = (self.original(report) / name).read_text()
        lines = [json.loads(line) for line in ([original] if name.endswith(".json") else original.splitlines())]
        changed = [data.draw(mutations(line)) if index == 0 else line for index, line in enumerate(lines)]
        (report / "data" / name).write_text("\n".join(map(json.dumps, changed)))
        assert self.code(report) in (ExitCode.DONE, ExitCode.BAD_INPUT)
        (report / "data" / name).write_text(original)

    @pytest.mark.parametrize("name", ["plan.json", "records.jsonl", "history.parquet", "predictions.npz"])
    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"[" * 50_000, b"\xff\xfe", b"null", b"PAR1PAR1"])
    def test_with_other_bytes_is_a_message(self, name: str, content: bytes, report: Path) -> None:
        (report / "data" / name).write_bytes(content)
        with suppress(KeyError, ValueError):
            read_evidence(report / "data")
        before = (report / "report.md").read_bytes()
        expected = ExitCode.DONE if (name, content) == ("records.jsonl", b"") else ExitCode.BAD_INPUT
        assert self.code(report) == expected
        if expected is ExitCode.BAD_INPUT:
            assert (report / "report.md").read_bytes() == before

    @pytest.mark.parametrize("name", ["predictions.npz", "photographs.npz", "lines.npz"])
    @pytest.mark.parametrize("content", [BOMB, HUGE_HEADER], ids=["bomb", "huge header"])
    def test_that_would_fill_the_memory_is_refused_before_it_does(
        self, name: str, content: bytes, report: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(evidence, "MOST_BYTES", 2**23)
        (report / "data" / name).write_bytes(content)
        # Both are said of the headers, before any memory is asked for.
        with pytest.raises(ValueError, match=r"unpacked|promises"):
            read_evidence(report / "data")
        assert self.code(report) == ExitCode.BAD_INPUT

    def test_whose_history_would_fill_the_memory_is_refused_before_it_does(
        self, report: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(evidence, "MOST_BYTES", 2**23)
        history = report / "data" / "history.parquet"
        row = pq.read_table(history).slice(0, 1)
        long = row.set_column(row.schema.get_field_index("metric"), "metric", pa.array(["x" * 2**24]))
        pq.write_table(long, history, compression="zstd")
        assert history.stat().st_size < 2**16
        with pytest.raises(ValueError, match="unpacked"):
            read_evidence(report / "data")

    @staticmethod
    def original(report: Path) -> Path:
        """A copy of the data as it was written, made once."""
        kept = report.parent / "original"
        if not kept.exists():
            shutil.copytree(report / "data", kept)
        return kept

    @staticmethod
    def code(report: Path) -> int:
        return main(["report", "--from", str(report / "data"), "--quiet"])


class TestATerminal:
    def test_shows_names_and_messages_as_they_are(self, ablate: Ablate, folder: Path) -> None:
        plan, runs = nasty_study()
        StudyFolder(folder / "results", "evil").record_plan(plan, ["+sweep=x"])
        for run in runs.values():
            RunStore(folder / "results").put(run)
        run_id = plan.run_ids[0][:12]
        for words in (
            "list",
            "list runs",
            "watch --once",
            "list arm=x",
            f"show {run_id}",
            "compare evil",
            "__complete compare evil:",
        ):
            said = ablate(*words.split())
            assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said.out + said.err), words
        assert "[red]x[/link=" in ablate("watch", "--once").out
        for words in ("list --json", "list runs --json", f"show {run_id} --json"):
            said = ablate(*words.split())
            assert HOSTILE[1] in str(json.loads(said.out)) or words == "list --json"
            assert said.out.isascii()
            assert "\x1b" not in said.out

    def test_a_live_display_reads_no_markup(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "2000")
        spec = RUN.spec
        with progress_display({spec.run_id: NASTY}, 1, Output()) as observe:
            observe(RunStarted(spec.run_id, 0))
            observe(EpochEnded(spec.run_id, 1, 2, {"val_loss": 0.5}))
            observe(RunEnded(failed_run(spec, NASTY).record, is_ours=True))
        said = capsys.readouterr().err
        assert "[red]x[/link=https://evil.example]" in said
        assert "\x1b]" not in said
        assert "\u202e" not in said

    def test_words_of_json_stay_words_and_a_number_that_it_cannot_say_is_refused(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        Output().data({"b": ":warning: [red]\x7f\ud800"})
        assert json.loads(capsys.readouterr().out) == {"b": ":warning: [red]\x7f\ud800"}
        # Results have none: `to_json` says null.
        with pytest.raises(ValueError, match="JSON"):
            Output().data({"a": float("nan")})

    def test_a_warning_of_the_store_is_shown_and_not_obeyed(self, ablate: Ablate, folder: Path) -> None:
        forge(folder / "results", {**RUN.record.to_json(), "run_id": HOSTILE[0]})
        said = ablate("list", "runs")
        assert said.code == ExitCode.DONE
        assert "belongs to run" in said.err
        assert "\x1b" not in said.err


class TestAShell:
    def test_completes_no_word_that_it_would_act_on(self, folder: Path) -> None:
        for name in (
            "a;touch owned",
            "$(touch owned)",
            "`id`",
            "a b",
            "a\nb",
            "fine",
            "a|b",
            "a&b",
            "\x1b[2J",
            "a\u202eb",
        ):
            leaf = folder / "conf" / "model" / f"{name}.yaml"
            leaf.parent.mkdir(parents=True, exist_ok=True)
            leaf.write_text("_target_: ablate.models.mlp.mlp\n")
        found = candidates(["model="])
        assert "model=fine" in found
        assert all(re.fullmatch(r"model=\w+", word) for word in found)


class TestACommandLine:
    WORDS = (
        "list show compare report watch completion export predict analyse plan run __complete --json --quiet --debug "
        "--from --out --every --once --format -m optimizer=adm +sweep=../x +experiment=../../x study=../../x seed=-1 "
        "model._target_=os.system hydra.run.dir=/x ~model results_dir=/dev/null/x results_dir= = == + a=[ a={ a=' "
        "status=x arm=[ 3fa9 ../../etc/passwd \x1b[2J \ud800 \0 -x --allow-target os"
    )

    @settings(FUZZ, max_examples=60)
    @given(st.lists(st.sampled_from(WORDS.split(" ")) | st.text(max_size=12), min_size=1, max_size=4))
    @example(["results_dir=/dev/null/x"])
    def test_of_any_words_ends_in_a_code_of_the_list(self, folder: Path, words: list[str]) -> None:
        # What could train something, or wait for it, is asked for help instead.
        code = main([*words, "--help"] if {"run", "watch"} & set(words) else words)
        assert code in [int(each) for each in ExitCode if each not in (ExitCode.INTERNAL_ERROR, ExitCode.SIGNAL)]
