"""What is written of a document that was put to the test."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ablate.analysis.results import study_results
from ablate.publishing.writing import rebuild, write_report
from ablate.reporting.markdown import inline, render
from ablate.reporting.replication import conclusions_of_study, original_blocks, takeaway
from ablate.reporting.report import report_latex, report_markdown
from tests.revisited import ORIGINAL, clear_runs, revisiting_sweep
from tests.synthetic import completed_runs, dropout_sweep, optimizer_sweep, plan_of

SWEEP = revisiting_sweep()
RUNS = clear_runs(SWEEP)
RESULTS = study_results(plan_of(SWEEP), RUNS)
(ONE,) = RESULTS.sweeps


def rows(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]


def test_a_number_stands_beside_ours() -> None:
    header, _, sgd, adam, _, *_ = rows(render(original_blocks(ONE)))
    assert header[:5] == ["arm", "quantity", "original", "our mean", "95% interval"]
    assert (sgd[2], sgd[5], sgd[-1], adam[-1]) == ("0.22", "6", "yes", "no")
    assert sgd[3].startswith("0.2")


def test_every_conclusion_has_its_verdict() -> None:
    table = rows(render(conclusions_of_study(RESULTS)))[2:]
    assert [row[-1] for row in table] == [
        "✓ supported",
        "✓ supported",
        "≈ no practical difference (≈ no practical difference, ✓ supported)",
        "✗ refuted",
        "not tested: no minimum is measured",
    ]
    assert [row[2] for row in table] == ["0.22 against 0.5", "0.2", "0.07", "0.22 against –", "–"]
    assert table[2][1] == "AdamW is best, &lt;b&gt;by far&lt;/b&gt;"
    assert all("[" in row[3] for row in table[:4])


def test_the_takeaway_is_made_of_verdicts() -> None:
    revisited = ONE.revisited
    assert revisited is not None
    said = inline(takeaway(revisited))
    assert "Of 4 conclusions tested, 2 held, 1 did not hold and 1 made no difference that matters." in said
    assert "1 conclusion was not tested." in said
    assert "Of its 3 numbers, 2 could be one run of ours." in said
    held, _, rest = said.partition("Did not hold")
    assert "SGD is slow" in held
    assert "SGD beats momentum" in rest
    swapped = replace(revisited, conclusions=tuple(reversed(revisited.conclusions)))
    assert inline(takeaway(swapped)) != said


def test_on_other_data_its_numbers_are_no_measure() -> None:
    sweep = revisiting_sweep(original=replace(ORIGINAL, dataset="mnist"))
    results = study_results(plan_of(sweep), RUNS)
    text = report_markdown(results)
    assert "on other data than the original's (`mnist`)" in text
    assert "could be one run of ours" not in text
    assert "These runs are on other data" in render(conclusions_of_study(results))


def test_the_answer_opens_and_a_study_of_several_sweeps_opens_with_one_table() -> None:
    alone = report_markdown(RESULTS)
    order = [
        "Of 4 conclusions tested, 2 held",
        "[!IMPORTANT]",
        "### What the original stated",
        "### Verdicts",
        "Ten at",
    ]
    assert [alone.index(each) for each in order] == sorted(alone.index(each) for each in order)
    assert "asked in" not in alone
    dropout = dropout_sweep()
    both = report_markdown(study_results(plan_of(SWEEP, dropout), {**RUNS, **completed_runs(dropout)}))
    opening, _, _ = both.partition("## optimizers")
    assert opening.index("Of 4 conclusions tested") < opening.index("| asked in") < opening.index("\n- [`dropout`]")
    assert rows(opening)[2][0] == "[`optimizers`](#sweep-optimizers)"
    assert "inconclusive against" in opening


def test_a_report_without_a_document_is_as_it_was() -> None:
    text = report_markdown(study_results(plan_of(optimizer_sweep()), {}))
    assert "original" not in text


def test_the_folder_has_the_table_for_a_readme_and_is_rebuilt_byte_for_byte(tmp_path: Path) -> None:
    written = write_report(plan_of(SWEEP), RUNS, tmp_path / "report")
    table = (written.path.parent / "conclusions.md").read_text()
    assert rows(table) == rows(render(conclusions_of_study(RESULTS)))
    rebuild(written.path.parent / "data", tmp_path / "again")
    for name in ("report.md", "conclusions.md"):
        assert (tmp_path / "again" / name).read_bytes() == (written.path.parent / name).read_bytes()


def test_latex_has_the_same_verdicts() -> None:
    text = report_latex(RESULTS)
    assert "concluded, and what held" in text
    assert r"SGD beats momentum" in text
