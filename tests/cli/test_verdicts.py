"""From a command line to its verdicts and back: tables, reports, confirmation, claims. Training is pretended."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from ablate.plots import figures
from tests.cli.conftest import Ablate, Said
from tests.cli.pretended import stand_in
from tests.reporting.wording import forbidden

# One of each kind: a dose, a grid, parts that are taken away.
SWEEPS = ("dropout", "dropout_l2", "ingredients")
OPTIMIZERS = ("+sweep=optimizers", "sweep.factors.optimizer=[sgd,adam,adamw]", "sweep.seeds=4")
STUDY = Path("results/studies/optimizers")
REPORT = Path("reports/optimizers/report.md")


@pytest.fixture
def train(ablate: Ablate, folder: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs a command line with the pretended trainer, which must go well."""

    stand_in(monkeypatch)

    def run(*words: str) -> Said:
        said = ablate(*words, "executor=inline", f"data_dir={folder}")
        assert said.code == 0, said.err
        return said

    return run


@pytest.fixture
def quick_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty pages in place of the figures, which are not what is looked at here."""
    monkeypatch.setattr(figures, "DRAW", dict.fromkeys(figures.DRAW, lambda results: Figure(figsize=(1, 1))))


pytestmark = pytest.mark.usefixtures("quick_drawings")


def tried(folder: Path) -> int:
    return len((folder / "tried").read_text().splitlines())


def state(folder: Path) -> dict[Path, int]:
    """When each file was last written; locks are touched by whoever looks."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"}


def tables() -> dict[str, bytes]:
    return {name: (STUDY / name).read_bytes() for name in ("verdicts.csv", "verdicts.parquet", "runs.csv")}


# reports -----------------------------------------------------------------------------------------------


def test_the_report_of_every_kind_of_sweep_judges_and_says_nothing_too_much(train, folder: Path) -> None:
    train(f"+sweep=[{','.join(SWEEPS)}]", "sweep.seeds=3", "study=kinds")
    _, *sections = re.split(r"^## ", (folder / "reports/kinds/report.md").read_text(), flags=re.MULTILINE)
    found = {section.split()[0]: section for section in sections}
    assert set(SWEEPS) < set(found)
    for sweep in SWEEPS:
        assert re.search(r"\*\*(BETTER|WORSE|EQUIVALENT|INCONCLUSIVE)\*\*", found[sweep]), sweep
        assert "**Not done**" in found[sweep]
        assert forbidden(found[sweep]) == [], sweep
    assert "### Effects of the factors" in found["dropout_l2"]
    assert "slope over model.dropout" in found["dropout"]


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_seeds_give_a_report_without_verdicts(seeds: int, train) -> None:
    train(*OPTIMIZERS[:2], f"sweep.seeds={seeds}", "sweep.confirm=2")
    text = REPORT.read_text()
    assert "no verdict is given below three seeds" in text
    assert not re.search(r"\*\*(BETTER|WORSE|EQUIVALENT|SUPPORTED|REFUTED)\*\*", text)
    assert forbidden(text) == []


def test_what_is_rebuilt_and_set_in_latex_says_the_same(train, ablate: Ablate, folder: Path) -> None:
    train(*OPTIMIZERS, "sweep.claims=['sgd > adam on val_loss']")
    before = REPORT.read_bytes()
    said = ablate("report", "--from", "reports/optimizers/data", "--format", "latex")
    # A script reads the paths alone.
    assert said.out.split() == [str(REPORT), "reports/optimizers/report.html", "reports/optimizers/report.tex"]
    assert said.err.startswith(f"{REPORT} (unchanged")
    assert REPORT.read_bytes() == before
    latex = (folder / "reports/optimizers/report.tex").read_text()
    assert latex.startswith(r"\documentclass")
    for part in ("Verdicts: validation loss", "Claims", "figures/optimizers-paired_differences.png", "In each family"):
        assert part in latex
    assert ablate("report", "optimizers", "--format", "latex").out.split()[-1] == "reports/optimizers/report.tex"
    assert (folder / "reports/optimizers/report.tex").read_text() == latex
    assert REPORT.read_bytes() == before
    for words in (("optimizers",), ("--from", "reports/optimizers/data")):
        assert "unchanged" in ablate("report", *words).err
        assert "unchanged" not in ablate("report", *words, "--redraw").err
    assert REPORT.read_bytes() == before


def test_a_comparison_judges_its_sides(train, ablate: Ablate) -> None:
    train(*OPTIMIZERS)
    said = ablate("compare", "optimizers:adam", "optimizers:sgd")
    assert "The baseline is `optimizers:optimizer=adam`, side A." in said.out
    (sentence,) = re.findall(r"^- `optimizers:optimizer=sgd` is .*$", said.out, re.MULTILINE)
    alone = REPORT.read_text()
    # One comparison is a family of its own, so its p needs no adjustment; the estimate is the report's.
    assert "**WORSE** than the baseline by more than the margin of 10%" in sentence
    estimate = re.search(r"× \d\.\d+ \(95% CI × [\d.]+; ", sentence)
    assert estimate is not None
    assert estimate[0] in alone
    assert forbidden(said.out) == []
    assert forbidden(ablate("compare", "optimizers").out) == []


# tables ------------------------------------------------------------------------------------------------


def test_the_table_of_verdicts_lies_in_the_studys_folder(train) -> None:
    train(*OPTIMIZERS, "sweep.claims=['sgd > adam on val_loss']", "sweep.confirm=3")
    csv, parquet = pd.read_csv(STUDY / "verdicts.csv"), pd.read_parquet(STUDY / "verdicts.parquet")
    assert list(csv) == list(parquet)
    assert csv["sweep"].unique().tolist() == ["optimizers"]
    assert csv["family"].tolist() == parquet["family"].tolist()
    assert csv["family"].value_counts()[["arms", "claims"]].tolist() == [3, 1]
    assert csv["diff"].tolist() == pytest.approx(parquet["diff"].tolist())
    (plan_hash,) = csv["plan_hash"].unique()
    assert plan_hash == json.loads((STUDY / "plans.jsonl").read_text().splitlines()[-1])["plan_hash"]
    packed = Path("reports/optimizers/data/verdicts.csv").read_bytes()
    assert packed == (STUDY / "verdicts.csv").read_bytes()


def test_equal_studies_have_equal_bytes(train, folder: Path) -> None:
    train(*OPTIMIZERS, "sweep.confirm=3")
    first, report = tables(), REPORT.read_bytes()
    shutil.rmtree("results")
    shutil.rmtree("reports")
    train(*OPTIMIZERS, "sweep.confirm=3")
    assert tables() == first
    assert REPORT.read_bytes() == report


# power -------------------------------------------------------------------------------------------------


def test_a_plan_says_what_the_design_can_see(train, ablate: Ablate) -> None:
    before = ablate("plan", *OPTIMIZERS)
    assert "power on val_loss, 4 seeds:" in before.out
    assert "claim on epochs_to cannot be resolved: the sign test of 4 pairs has p ≥ 0.12" in before.out
    assert "to confirm" not in before.out
    confirming = ablate("plan", *OPTIMIZERS, "sweep.confirm=3").out
    assert "then at most 9 runs to confirm the selected arm: 3 arms × 3 fresh seeds" in confirming
    assert "  sees a difference of 2.72 sd with 80 % power, adjusted for 2 comparisons" in before.out
    assert "  seeds for 80 % power at the margin of 10% of the error: " in before.out
    train(*OPTIMIZERS)
    after = ablate("plan", *OPTIMIZERS[:2], "sweep.seeds=8").out
    assert re.search(r"sees a difference of \d+% of the error \(1\.34 sd\) with 80 % power", after)
    assert "by the upper bound of the spread of the 4 seeds that are there" in after
    assert "nan" not in before.out + after


def test_a_plan_says_what_other_numbers_of_seeds_would_show(train, ablate: Ablate) -> None:
    words = ("plan", *OPTIMIZERS, "--seeds")
    before = ablate(*words)
    assert "adjusted for 2 comparisons:" in before.out
    assert re.search(r"^planned: 4 +\d+ % ", before.out, re.MULTILINE)
    assert "seeds for val_loss" not in ablate(*words[:-1]).out
    (shown,) = json.loads(ablate(*words, "--json").out)["sweeps"]
    assert [family["comparisons"] for family in shown["seeds_table"]["families"]] == [2, 1]
    train(*OPTIMIZERS)
    after = ablate(*words).out
    assert "averaged over what the spread may be that 4 seeds have shown" in " ".join(after.split())
    assert re.search(r"^ +seeds +4\.9% +10% +21% +80 % at$", after, re.MULTILINE)


def test_a_single_run_has_no_power_statement(ablate: Ablate) -> None:
    assert "power" not in ablate("plan", "optimizer=sgd").out


# confirmation ------------------------------------------------------------------------------------------


def test_the_selected_arm_is_trained_again_on_fresh_seeds(train, folder: Path) -> None:
    said = train(*OPTIMIZERS, "sweep.confirm=3")
    assert "optimizers, confirmation: " in said.err
    text = REPORT.read_text()
    (sentence,) = re.findall(r"^> - (`optimizer=\w+` has the lowest mean .*)$", text, re.MULTILINE)
    assert re.search(r"selected, and \*\*(not )?confirmed\*\*", sentence)
    runs = pd.read_csv(STUDY / "runs.csv")
    fresh = runs[runs["seed"] >= 4]
    arms = fresh["arm"].nunique()
    assert f" To confirm the selected arm: {arms} arms on 3 fresh seeds, {3 * arms} runs: {3 * arms} completed." in text
    assert f"Every run ({len(runs)}, {len(fresh)} of them to confirm)" in text
    assert sorted(fresh["seed"].unique()) == [4, 5, 6]
    arms = set(fresh["arm"])
    assert {sentence.split("`")[1], "optimizer=adam"} <= arms
    assert "optimizer=sgd" not in arms
    assert tried(folder) == 12 + 3 * len(arms)
    # Its seeds have no part in the verdicts of the arms.
    verdicts = pd.read_csv(STUDY / "verdicts.csv").set_index("family")
    assert verdicts.loc["arms", "n"].tolist() == [4, 4, *[3] * (len(arms) - 1)]


def test_a_second_time_it_changes_nothing(train, folder: Path) -> None:
    train(*OPTIMIZERS, "sweep.confirm=3")
    before, count = state(folder), tried(folder)
    said = train(*OPTIMIZERS, "sweep.confirm=3")
    assert "(unchanged)" in said.out
    assert tried(folder) == count
    assert state(folder) == before


def test_an_interrupted_confirmation_goes_on_where_it_stopped(train, folder: Path) -> None:
    train(*OPTIMIZERS, "sweep.confirm=3")
    whole, report, count = tables(), REPORT.read_bytes(), tried(folder)
    runs = pd.read_csv(STUDY / "runs.csv")
    lost = runs[runs["seed"] >= 4]["run_id"].tolist()[1:3]
    for run_id in lost:
        shutil.rmtree(Path("results/runs") / run_id[:2] / run_id)
    said = train(*OPTIMIZERS, "sweep.confirm=3")
    assert "2 to train" in said.err
    assert (folder / "tried").read_text().split()[count:] == lost
    assert tables() == whole
    assert REPORT.read_bytes() == report


def test_a_sweep_that_does_not_ask_is_not_confirmed(train, folder: Path) -> None:
    said = train(*OPTIMIZERS)
    assert "confirmation" not in said.err
    assert tried(folder) == 12
    assert "**selected, not confirmed**" in REPORT.read_text()


def test_a_confirmation_that_was_paid_for_is_told_without_being_asked_for_again(train, folder: Path) -> None:
    train(*OPTIMIZERS, "sweep.confirm=3")
    before, count = REPORT.read_text(), tried(folder)
    told = [line for line in before.splitlines() if "selected, and **" in line]
    train(*OPTIMIZERS)
    assert tried(folder) == count
    assert len(told) == 1
    assert told[0] in REPORT.read_text()


def test_two_arms_leave_nothing_to_confirm(train, folder: Path) -> None:
    said = train("+sweep=dropout", "sweep.factors.model.dropout=[0.0,0.3]", "sweep.seeds=3", "sweep.confirm=3")
    assert "confirmation" not in said.err
    assert tried(folder) == 6


# what is added later -----------------------------------------------------------------------------------


def test_claims_that_are_added_later_are_logged_and_flagged(train, ablate: Ablate) -> None:
    train(*OPTIMIZERS, "sweep.claims=['sgd > adam on val_loss']")
    assert "post hoc" not in REPORT.read_text()
    assert not (STUDY / "study_log.jsonl").exists()
    later = "sweep.claims=['sgd > adam on val_loss','adamw < adam on val_loss']"
    train(*OPTIMIZERS, later)
    (line,) = (STUDY / "study_log.jsonl").read_text().splitlines()
    assert '"event": "post_hoc_claims"' in line
    assert '"optimizers": ["adamw < adam on val_loss"]' in line
    text = REPORT.read_text()
    assert "**post hoc claims**: Claims were added after there were results, so they are exploratory" in text
    assert "adamw &lt; adam on val_loss)" in text
    assert forbidden(text) == []
    packed = Path("reports/optimizers/data/study_log.jsonl").read_text()
    assert "post_hoc_claims" in packed
    assert "logged_at" not in packed
    ablate("report", "--from", "reports/optimizers/data")
    assert REPORT.read_text() == text
    train(*OPTIMIZERS, later)
    assert len((STUDY / "study_log.jsonl").read_text().splitlines()) == 1


def test_seeds_that_are_added_later_are_flagged(train) -> None:
    train(*OPTIMIZERS)
    train(*OPTIMIZERS[:2], "sweep.seeds=5")
    assert "**post hoc seeds**: Seeds were added after results existed" in REPORT.read_text()


def test_seeds_that_are_taken_away_cost_the_guarantee_until_they_return(train) -> None:
    train(*OPTIMIZERS)
    guaranteed = REPORT.read_text()
    train(*OPTIMIZERS[:2], "sweep.seeds=3")
    text = REPORT.read_text()
    assert "**withdrawn seeds**" in text
    assert "Seed 3 was taken away after there were results, so these rows are exploratory" in text
    assert "study=optimizers_2 'sweep.seeds=[4,5,6,7]'" in text
    assert pd.read_csv(STUDY / "verdicts.csv")["verdict"].isna().all()
    train(*OPTIMIZERS[:2], "sweep.seeds=4")
    assert "exploratory: the chance" not in REPORT.read_text()
    assert REPORT.read_text() == guaranteed
    (line,) = (STUDY / "study_log.jsonl").read_text().splitlines()
    assert '"event": "withdrawn_seeds"' in line


def test_a_confirmation_that_is_repeated_with_more_seeds_confirms_nothing(train) -> None:
    train(*OPTIMIZERS, "sweep.confirm=3")
    assert "repeated confirmation" not in REPORT.read_text()
    train(*OPTIMIZERS, "sweep.confirm=5")
    assert "The confirmation is a repetition: the first was on seeds 4, 5, 6." in REPORT.read_text()
    train(*OPTIMIZERS, "sweep.confirm=3")
    assert "repeated confirmation" not in REPORT.read_text()


def test_replicas_of_one_arm_are_never_identical(ablate: Ablate, folder: Path) -> None:
    """Really trained, for an epoch: another salt is the same recipe with other random numbers."""
    assert ablate("+sweep=aa", "sweep.seeds=2", "training.epochs=1", "model.hidden=[4]", "executor.workers=1").code == 0
    verdicts = pd.read_csv("results/studies/aa/verdicts.csv")
    arms = verdicts[verdicts["family"] == "arms"]
    assert len(arms) == 7
    assert "identical" not in set(arms["verdict"])
    assert not arms["flags"].str.contains("identical_runs").any()
    assert not (arms["diff"] == 0).any()
    assert pd.read_csv("results/studies/aa/runs.csv")["val_loss"].nunique() == 16
