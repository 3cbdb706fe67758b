from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from ablate.analysis.results import study_results
from ablate.reporting.blocks import (
    Block,
    Break,
    Code,
    CodeBlock,
    Emphasis,
    Figure,
    Inline,
    Number,
    Strong,
    Table,
    bullets,
    table,
    text,
)
from ablate.reporting.latex import document, inline, render, tabular
from ablate.reporting.quantities import difference
from ablate.reporting.report import report_latex, report_markdown
from ablate.reporting.verdict_tables import verdict_rows
from tests.judged import draws, judge, judged
from tests.reporting.hostile import ALPHABET, HOSTILE, blocks, pieces
from tests.synthetic import completed_runs, eventful_runs, optimizer_sweep, plan_of

SWEEP = optimizer_sweep(seeds=4)
STUDY = study_results(plan_of(SWEEP), completed_runs(SWEEP))
COMMAND = re.compile(r"\\([A-Za-z]+|.)")
# What escaped text may hold of commands.
KNOWN = {
    "textbackslash", "{", "}", "$", "&", "#", "%", "_", "textasciicircum", "textasciitilde", "textless", "textgreater",
    "textbar", "textquotedbl", "textasciigrave", "textquotesingle", "times", "div", "pm", "infty", "approx",
    "blacktriangle", "blacktriangledown", "circ", "checkmark", "ldots", "alpha", "delta", "rho", "sigma",
    "textsuperscript", "texttt",
}  # fmt: skip
# What blocks and pieces are set with.
OURS = {
    "textbf", "emph", "newline", "begin", "end", "section", "subsubsection", "item", "centering", "caption",
    "resizebox", "ifdim", "width", "linewidth", "else", "fi", "toprule", "midrule", "bottomrule", "raggedright",
    "arraybackslash", "includegraphics", "textheight", "detokenize", "ttfamily", "small", "mbox", "\\",
}  # fmt: skip


def as_read(latex: str) -> str:
    """The text that LaTeX would set, for what `inline` writes of a string."""
    names = {
        "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">",
        "textbar": "|", "textquotedbl": '"', "textasciigrave": "`", "textquotesingle": "'", "times": "×", "pm": "±",
        "approx": "≈", "blacktriangle": "▲",
    }  # fmt: skip
    pattern = re.compile(r"\\texttt\{U\+([0-9A-F]+)\}|\$-\$|\{[\[*]\}|\$?\\([a-z]+)(?:\{\}|\$)|\\(.)|\{\}")

    def read(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[2]:
            return names[found[2]]
        return found[3] or {"$-$": "−", "{[}": "[", "{*}": "*", "{}": ""}[found[0]]

    return pattern.sub(read, latex)


def is_balanced(latex: str) -> bool:
    begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", latex) for word in ("begin", "end"))
    bare = re.sub(r"\\.", "", latex)
    return sorted(begun) == sorted(ended) and bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0


@given(st.text(alphabet="ab$&#%_^~<>|\"`'?![]*-, \n−×±≈▲雪\x1b", max_size=30))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_escaped_text_is_read_as_itself(content: str) -> None:
    for piece in (content, Number(content)):
        assert as_read(inline(text(piece))) == " ".join(content.split())


@given(st.text(alphabet=ALPHABET, max_size=30))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_no_text_is_a_command_or_leaves_its_cell(content: str) -> None:
    latex = inline(text(content))
    assert set(COMMAND.findall(latex)) <= KNOWN
    bare = COMMAND.sub("", latex)
    assert not set(bare) & set("&%#_^~<>|`'\n")
    assert all(sign.isprintable() for sign in bare)
    assert is_balanced(latex)


@given(HOSTILE, HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_no_pieces_are_commands_together(first: str, second: str) -> None:
    kinds: list[Inline] = [*pieces(first).values(), *pieces(second).values()]
    for before, after in pairwise(kinds):
        latex = inline(text("a ", before, after, " b"))
        assert set(COMMAND.findall(latex)) <= KNOWN | {"textbf", "emph", "newline", "pageref"}
        assert is_balanced(latex)
        assert "\n" not in latex


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_no_text_is_a_command_in_any_block(content: str) -> None:
    for block in blocks(content, content).values():
        latex = render([block])
        assert set(COMMAND.findall(latex)) <= KNOWN | OURS
        assert is_balanced(latex)


@pytest.mark.parametrize("content", ["*", "[2cm]", "* x"])
def test_no_text_is_an_argument_of_the_line_end_before_it(content: str) -> None:
    latex = render([table(["a"], [["x"], [content]]), CodeBlock(f"x\n{content}"), bullets([content])])
    assert not re.search(r"(\\\\|\\item)\s*[*\[]", latex)


def test_signs_are_not_joined() -> None:
    assert inline(text("--from a,,b")) == "-{}-from a,{},b"


def test_pieces_have_their_commands() -> None:
    line = text("a ", Strong(text("b ", Code("c_d"))), " ", Emphasis(text("e")), Break(), Number("[−0.1, <.001]"))
    assert inline(line) == (r"a \textbf{b \texttt{c\_d}} \emph{e}\newline {[}$-$0.1, \textless{}.001]")


def body(latex: str) -> list[list[str]]:
    lines = [line for line in latex.splitlines() if line.endswith(r" \\")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", line.removesuffix(r" \\"))] for line in lines]


def test_a_table_has_rules_and_rows_of_one_length() -> None:
    rows = judge(draws(4), margin=0.004)
    latex = tabular(verdict_rows(rows))
    header, *found = body(latex)
    columns = re.search(r"\\begin\{tabular\}\{([lr]+)\}", latex)
    assert columns is not None
    assert {len(row) for row in found} == {len(header)} == {len(columns[1])}
    assert [latex.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]
    assert [row[0] for row in found] == [rf"\texttt{{optimizer=choice\_{index}}}" for index in (1, 2, 3)]
    assert found[0][2] == inline(text(difference(rows[0])))


def test_a_hostile_name_is_a_name() -> None:
    row = replace(judge(draws(2))[0], subject=r"a\\ \input{/etc/passwd} & %")
    latex = tabular(verdict_rows([row]))
    assert r"\input" not in latex
    assert [len(cells) for cells in body(latex)] == [len(body(latex)[0])] * 2


def test_cells_of_many_words_break_and_names_do_not() -> None:
    words, name = "many words " * 8, Code("a_name_" * 8)
    assert r"{lp" not in tabular(table(["a"], [[name]])).replace(">", "")
    assert r"p{0.7\linewidth}" in tabular(table(["a", "b"], [[name, words]]))
    assert r"p{0.35\linewidth}" in tabular(table(["a", "b"], [[text("x", Break(), "y"), words]]))


def test_a_long_table_is_cut_into_pages_with_a_header_each() -> None:
    rows = [[f"arm {index}", str(index)] for index in range(100)]
    latex = render([table(["arm", "n"], rows, numeric=[1], caption="every run")])
    assert latex.count(r"\begin{tabular}{lr}") == latex.count(r"\caption{Every run}") == 4
    assert [cells[0] for cells in body(latex) if cells[0] != "arm"] == [row[0] for row in rows]


def test_an_empty_list_is_nothing() -> None:
    """LaTeX refuses one without an item."""
    assert render([bullets([])]) == ""


def test_an_empty_table_has_its_header() -> None:
    assert body(render([Table(table(["a", "b"], []).columns, ())])) == [["a", "b"]]


def test_a_file_name_cannot_end_its_command() -> None:
    latex = render([Figure("figures/a}\\input{b}%.png", "a")])
    assert r"\detokenize{figures/a--input-b--.png}" in latex


def test_the_document_is_whole() -> None:
    results = replace(STUDY, sweeps=(judged(STUDY.sweeps[0]),))
    latex = report_latex(results)
    assert latex.startswith(r"\documentclass")
    assert latex.endswith("\\end{document}\n")
    assert is_balanced(latex)
    assert latex.isascii()
    assert r"\detokenize{figures/optimizers-paired_differences.png}" in latex
    assert r"\caption{Verdicts: validation loss}" in latex
    assert report_latex(results) == latex


def test_the_document_says_all_that_the_markdown_says() -> None:
    """Headings, rows and figures, one for one: setup, events, every run and how to rebuild among them."""
    results = study_results(plan_of(SWEEP), eventful_runs(SWEEP))
    markdown, latex = report_markdown(results, ("+sweep=optimizers",)), report_latex(results, ("+sweep=optimizers",))
    sections = re.findall(r"\\(?:title|section|subsection)\{(.*)\}", latex)
    assert sections == re.findall(r"^#+ (.*)$", markdown, re.MULTILINE)
    folded = re.findall(r"<summary>(.*)</summary>", markdown)
    assert re.findall(r"\\subsubsection\{(.*)\}", latex) == folded
    assert "Every setting that all arms share" in folded
    assert latex.count(r"\includegraphics") == markdown.count("![")
    rows = [line for line in markdown.splitlines() if line.startswith("|") and not line.startswith("| --")]
    assert len(body(latex)) == len(rows)
    assert "objective not finite in epoch 4" in latex
    assert r"python -m ablate +sweep=optimizers" in latex


def test_a_document_without_verdicts_has_its_results() -> None:
    assert r"\toprule" in report_latex(STUDY)


@pytest.mark.parametrize("content", ["snow 雪", "tab\there", "bell\x07"])
def test_what_latex_has_no_letter_for_is_named(content: str) -> None:
    assert inline(text(content)).isascii()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_hostile_texts_in_every_block_compile(tmp_path: Path) -> None:
    every = "".join(sign for sign in ALPHABET if sign != "\n")
    contents = [
        every,
        *(f"{sign}x{sign}" for sign in every),
        "*",
        "[x]",
        "--",
        r"\input{x}",
        "%",
        "▲▼○≈✓✗∞…–—αδρσ²‘’“”",
    ]
    said = [block for content in contents for block in _without_figures(content)]
    said += [CodeBlock("a\n\n*b\n[c]"), bullets(["[x]", "*"])]
    (tmp_path / "report.tex").write_text(document(said))
    compiled = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"],
        cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False, timeout=300,
    )  # fmt: skip
    assert compiled.returncode == 0, compiled.stdout[-2000:]


def _without_figures(content: str) -> list[Block]:
    whole = text(*pieces(content).values())
    return [block for kind, block in blocks(whole, content).items() if kind is not Figure]
