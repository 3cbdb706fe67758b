"""What reaches the terminal, and what must not."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from rich.console import Console
from rich.table import Table

from ablate import __version__
from ablate.cli.command import VERBS
from ablate.cli.output import Output, PlainTable, bytes_text, plain_table
from ablate.cli.progress import progress_display
from ablate.runner.events import EpochEnded, RunEnded, RunStarted
from ablate.sanitize.text import harmless
from tests.cli.conftest import Ablate
from tests.cli.kept import keep
from tests.cli.pretended import WORDS
from tests.json_schema import validated
from tests.synthetic import completed_runs, failed_run, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2)
HOSTILE = "\x1b]0;owned\x07\x1b[2Jred\x9b31m\u202e\r"


def test_the_version_is_all_that_is_printed(ablate: Ablate) -> None:
    assert ablate("--version") == (0, f"ablate {__version__}\n", "")


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_in_80_columns(verb: str, ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = ablate(verb, "--help")
    assert said.code == 0
    assert max(map(len, said.out.splitlines())) <= 80


def test_the_help_names_every_verb(ablate: Ablate) -> None:
    said = ablate("--help").out
    assert all(re.search(rf"^  {verb} ", said, re.MULTILINE) for verb in VERBS)


def test_controls_are_spelt_out() -> None:
    assert harmless(HOSTILE) == "\\x1b]0;owned\\x07\\x1b[2Jred\\x9b31m\\x202e\\x0d"
    assert harmless("two\nlines\tand μ ± 1") == "two\nlines\tand μ ± 1"


def test_no_control_reaches_a_stream(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    for tell in (output.say, output.result, output.summary, output.problem):
        tell(f"[red]{HOSTILE}")
    output.result(plain_table([("heading", "left")], [[HOSTILE]]))
    said = capsys.readouterr()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", said.out + said.err)
    assert said.out.count("[red]") == 2


CELLS = st.text("ab é漢\t\n", max_size=6)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    rows=st.integers(1, 3).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=4)),
    justify=st.sampled_from(["left", "right"]),
    width=st.integers(5, 40),
    colour=st.booleans(),
)
def test_a_table_is_written_as_rich_writes_it(rows: list[list[str]], justify: str, width: int, colour: bool) -> None:
    table = plain_table([("head", justify) for _ in rows[0]], rows)

    def written(renderable: PlainTable | Table) -> str:
        console = Console(file=io.StringIO(), width=width, force_terminal=colour, color_system="standard")
        console.print(renderable, highlight=False)
        return console.file.getvalue()

    def seen(said: str) -> str:
        # rich turns the type bold anew for each cell and each gap; the table does so once for the line, and ends it
        # with the last cell.
        return "\n".join(line.rstrip() for line in re.sub(r"\x1b\[\d*m", "", said).split("\n"))

    assert seen(written(table)) == seen(written(table._folded()))
    assert ("\x1b[1m" in written(table)) == ("\x1b[1m" in written(table._folded()))


@pytest.mark.parametrize("words", ["list runs", "watch --once", "list runs --json"])
def test_what_a_failed_run_says_is_not_obeyed(words: list[str], ablate: Ablate, folder: Path) -> None:
    failed = failed_run(SWEEP.arms[0].spec, HOSTILE)
    keep(folder / "results", SWEEP, {**completed_runs(SWEEP), failed.spec.run_id: failed})
    said = ablate(*words.split())
    assert said.code == 0
    assert "\x1b" not in said.out + said.err


class TestATerminal:
    @pytest.fixture(autouse=True)
    def terminal(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "60")
        keep(folder / "results", SWEEP, completed_runs(SWEEP))

    @pytest.mark.parametrize(
        "words",
        [
            "list",
            "list runs",
            "watch --once",
            "fsck",
            "gc --lone-runs",
            "fsck x",
            "plan +sweep=optimizers",
            "plan +sweep=optmizers",
            "list zzz=1",
            "zzz",
            "watch x",
        ],
    )
    def test_nothing_is_wider_than_it(self, words: str, ablate: Ablate) -> None:
        said = ablate(*words.split())
        plain = re.sub(r"\x1b\[[0-9;]*m", "", said.out + said.err)
        assert max(map(len, plain.splitlines())) <= 60

    def test_no_color_leaves_no_colour(self, ablate: Ablate, monkeypatch: pytest.MonkeyPatch) -> None:
        assert "\x1b[31m" in ablate("zzz").err
        monkeypatch.setenv("NO_COLOR", "1")
        assert "\x1b[3" not in ablate("zzz").err


class TestAPipe:
    def test_whose_reader_has_left_is_no_error(self, folder: Path) -> None:
        keep(folder / "results", SWEEP, completed_runs(SWEEP))
        reader, writer = os.pipe()
        os.close(reader)
        command = [sys.executable, "-m", "ablate", "list", "runs", "--quiet"]
        environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment)
        os.close(writer)
        assert (done.returncode, done.stderr) == (141, b"")

    def test_lines_are_not_folded(self, ablate: Ablate) -> None:
        assert len(ablate("optimizer=adm", "+model.x=1", "zzz=1").err.splitlines()) == 3

    def test_quiet_leaves_results_and_problems(self, ablate: Ablate, folder: Path) -> None:
        keep(folder / "results", SWEEP, completed_runs(SWEEP))
        assert ablate("list", "runs", "--quiet").err == ""
        assert len(ablate("list", "runs", "--quiet").out.splitlines()) == 1 + 12
        assert ablate("list", "zzz=1", "--quiet").err.startswith("zzz=1: ")

    def test_json_is_one_value(self, ablate: Ablate, folder: Path) -> None:
        keep(folder / "results", SWEEP, completed_runs(SWEEP))
        for words in (["list"], ["list", "runs"], ["show", SWEEP.baseline.spec.run_id]):
            validated(ablate(*words, "--json").out)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"), (4 * 10**12, "4.0 TB")],
)
def test_a_size_is_said_as_a_person_says_it(number: int, text: str) -> None:
    assert bytes_text(number) == text


PLAN = [sys.executable, "-m", "ablate", "plan", "+sweep=dropout", "sweep.seeds=2"]


def run_elsewhere(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment}
    return subprocess.run([*PLAN, *words], cwd=folder, env=given, capture_output=True, text=True, check=False)


def test_signs_that_an_encoding_lacks_become_plain_ones(tmp_path: Path) -> None:
    usual = run_elsewhere(tmp_path, PYTHONIOENCODING="utf-8")
    plain = run_elsewhere(tmp_path, PYTHONIOENCODING="ascii")
    assert (usual.returncode, plain.returncode) == (0, 0)
    assert "4 arms × 2 seeds" in usual.stdout
    assert "4 arms x 2 seeds" in plain.stdout
    assert plain.stdout.isascii()
    assert len(plain.stdout.splitlines()) == len(usual.stdout.splitlines())


def test_a_terminal_of_one_column_is_no_error(tmp_path: Path) -> None:
    for words in ([], ["--help"]):
        said = run_elsewhere(tmp_path, *words, COLUMNS="1")
        assert (said.returncode, said.stderr) == (0, "")


def test_a_current_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    script = 'mkdir gone && cd gone && rmdir ../gone && exec "$@"'
    said = subprocess.run(["sh", "-c", script, "sh", *PLAN], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert said.stderr.splitlines()[-1].startswith("The current folder is gone")
    assert "internal error" not in said.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("word", ["--json", "--quiet"])
def test_a_full_device_behind_stdout_is_an_error_where_the_output_is_the_result(word: str, tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        said = subprocess.run([*PLAN, word], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert said.returncode == 4
    assert said.stderr == "the output cannot be written: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_what_only_tells_of_what_is_done_changes_nothing(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        Output().summary("done")
        full.flush()  # nothing is left that could fail at the end
    assert capsys.readouterr().err == "the output cannot be written: No space left on device\n"


def test_a_stream_for_messages_that_is_full_stops_nothing(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no device that is always full")
    with Path("/dev/full").open("w") as full:
        said = subprocess.run([*PLAN, "optimizer=adm"], cwd=tmp_path, stderr=full, check=False)
    assert said.returncode == 2


FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")


def test_no_line_of_a_table_ends_in_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    Output().result(
        plain_table([("left", "left"), ("right", "right"), ("left", "left")], [["a", "", ""], ["b", "1", "c"]])
    )
    assert capsys.readouterr().out == "left  right  left\na\nb         1  c\n"


def said_by(folder: Path, redirected: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a shell gets of a command whose streams are redirected so."""
    script = f'"$@" {redirected}'
    command = ["sh", "-c", script, "sh", sys.executable, "-m", "ablate", *words]
    given = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)


@needs_full
@pytest.mark.parametrize("words", ["--help", "list --help", "--version", "completion bash", "--cfg job", "list --json"])
def test_every_output_that_is_a_result_says_that_it_is_lost(words: str, tmp_path: Path) -> None:
    said = said_by(tmp_path, "> /dev/full", *words.split())
    assert (said.returncode, said.stderr) == (4, "the output cannot be written: No space left on device\n")


@pytest.mark.parametrize("words", ["--help", "list --json"])
def test_a_closed_stdout_is_said(words: str, tmp_path: Path) -> None:
    said = said_by(tmp_path, ">&-", *words.split())
    assert (said.returncode, said.stderr) == (4, "the output cannot be written: stdout is closed\n")


PRETENDED = ("dataset=digits", "training.epochs=1", "executor=inline", "data_dir=.", *WORDS)


@pytest.mark.parametrize(
    ("redirected", "environment"),
    [
        ("2> /dev/full", {}),
        ("2> /dev/full", {"FORCE_COLOR": "1"}),
        ("> /dev/full", {}),
        ("> /dev/full 2> /dev/full", {}),
        ("2>&-", {}),
        (">&- 2>&-", {}),
        ("2>&1 | true; exit 0", {}),
    ],
)
def test_a_run_comes_to_the_same_wherever_its_words_go(
    redirected: str, environment: dict[str, str], tmp_path: Path
) -> None:
    if "full" in redirected and not FULL.exists():
        pytest.skip("there is no device that is always full")
    said = said_by(tmp_path, redirected, *PRETENDED, **environment)
    assert said.returncode == 0, said.stderr
    (record,) = tmp_path.glob("results/runs/??/*/record.json")
    assert '"status":"completed"' in record.read_text()


@needs_full
def test_a_live_display_on_a_full_device_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    record = next(iter(completed_runs(SWEEP).values())).record
    with FULL.open("w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        with progress_display({record.run_id: "seed 0"}, 1, Output()) as observe:
            observe(RunStarted(record.run_id, 0))
            observe(EpochEnded(record.run_id, 1, 2, {"val_loss": 0.5}))
            observe(RunEnded(record, is_ours=True))


def test_signs_of_every_verb_survive_a_terminal_that_knows_ascii_only(folder: Path) -> None:
    keep(folder / "results", SWEEP, completed_runs(SWEEP))
    for words in (
        "report optimizers",
        "compare optimizers",
        "list",
        "list runs",
        "watch --once",
        "fsck",
        "gc",
        "--help",
    ):
        said = said_by(folder, "", *words.split(), PYTHONIOENCODING="ascii", LC_ALL="C", COLUMNS="1")
        assert said.returncode == 0, said.stderr
        assert said.stdout.isascii()
        assert "internal error" not in said.stderr
