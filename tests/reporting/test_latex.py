from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from ablate.analysis.results import study_results
from ablate.reporting.latex import escape_latex, report_latex, results_latex, verdicts_latex
from ablate.reporting.quantities import difference
from tests.judged import draws, judge, judged
from tests.synthetic import completed_runs, optimizer_sweep, plan_of

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
HOSTILE = st.text(alphabet="ab\\{}$&#%_^~<>|\"`'-,?![] \n−×±≈▲雪é", max_size=30)


def as_read(latex: str) -> str:
    """The text that LaTeX would set, for what `escape_latex` writes."""
    names = {
        "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">",
        "textbar": "|", "textquotedbl": '"', "textasciigrave": "`", "textquotesingle": "'", "times": "×", "pm": "±",
        "approx": "≈", "blacktriangle": "▲",
    }  # fmt: skip
    pattern = re.compile(r"\\texttt\{U\+([0-9A-F]+)\}|\$-\$|\{\[\}|\$?\\([a-z]+)(?:\{\}|\$)|\\(.)|\{\}")

    def read(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[2]:
            return names[found[2]]
        return found[3] or {"$-$": "−", "{[}": "[", "{}": ""}[found[0]]

    return pattern.sub(read, latex)


@given(st.text(alphabet="ab$&#%_^~<>|\"`'?![]-, \n−×±≈▲雪", max_size=30))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_escaped_text_is_read_as_itself(text: str) -> None:
    assert as_read(escape_latex(text)) == " ".join(text.split())


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_no_text_is_a_command_or_leaves_its_cell(text: str) -> None:
    latex = escape_latex(text)
    assert set(COMMAND.findall(latex)) <= KNOWN
    bare = COMMAND.sub("", latex)
    assert not set(bare) & set("&%#_^~<>|`'\n")
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0


def test_signs_are_not_joined() -> None:
    assert escape_latex("--from a,,b") == "-{}-from a,{},b"


def body(latex: str) -> list[list[str]]:
    lines = [line for line in latex.splitlines() if line.endswith(r" \\")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", line.removesuffix(r" \\"))] for line in lines]


def test_a_table_has_rules_and_rows_of_one_length() -> None:
    rows = judge(draws(4), margin=0.004)
    latex = verdicts_latex(rows)
    header, *found = body(latex)
    columns = re.search(r"\\begin\{tabular\}\{([lr]+)\}", latex)
    assert columns is not None
    assert {len(row) for row in found} == {len(header)} == {len(columns[1])}
    assert [latex.count(rule) for rule in (r"\toprule", r"\midrule", r"\bottomrule")] == [1, 1, 1]
    assert [row[0] for row in found] == [rf"\texttt{{optimizer=choice\_{index}}}" for index in (1, 2, 3)]
    assert found[0][2] == escape_latex(difference(rows[0]))


def test_a_hostile_name_is_a_name() -> None:
    row = replace(judge(draws(2))[0], subject=r"a\\ \input{/etc/passwd} & %")
    latex = verdicts_latex([row])
    assert r"\input" not in latex
    assert [len(cells) for cells in body(latex)] == [len(body(latex)[0])] * 2


def test_the_results_have_every_arm() -> None:
    assert len(body(results_latex(STUDY.sweeps[0]))) == 7


def test_the_document_is_whole() -> None:
    results = replace(STUDY, sweeps=(judged(STUDY.sweeps[0]),))
    latex = report_latex(results)
    assert latex.startswith(r"\documentclass")
    assert latex.endswith("\\end{document}\n")
    begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", latex) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    assert latex.isascii()
    assert r"\detokenize{figures/optimizers-paired_differences.png}" in latex
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    assert report_latex(results) == latex


def test_a_document_without_verdicts_has_its_results() -> None:
    assert r"\toprule" in report_latex(STUDY)


@pytest.mark.parametrize("text", ["snow 雪", "tab\there", "bell\x07"])
def test_what_latex_has_no_letter_for_is_named(text: str) -> None:
    assert escape_latex(text).isascii()
