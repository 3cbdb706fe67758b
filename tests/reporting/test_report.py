import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.results import study_results
from ablate.core.records import StoredRun
from ablate.core.specs import Sweep
from ablate.reporting.report import report_markdown
from ablate.verdicts.verdict import Word
from tests.analysis.test_seed_noise import noise_sweep
from tests.reporting.wording import forbidden
from tests.synthetic import (
    completed_run,
    completed_runs,
    dropout_sweep,
    eventful_runs,
    failed_run,
    optimizer_sweep,
    plan_of,
    run_spec,
    with_class_names,
)

SWEEP = optimizer_sweep()
TEXT = report_markdown(study_results(plan_of(SWEEP), eventful_runs(SWEEP)), ("+sweep=optimizers",))


def rows_of(text: str, first_cell: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith(f"| {first_cell} ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def test_what_went_wrong_comes_before_what_was_found() -> None:
    assert TEXT.index("objective not finite in epoch 4") < TEXT.index("### Results")
    assert "48 runs: 1 failed, 1 diverged, 1 missing, 45 completed." in TEXT
    assert TEXT.index("| failed ") < TEXT.index("| diverged ") < TEXT.index("| missing ")


def row_of(text: str, arm: str, cells: int) -> list[str]:
    """The arm's row of the last table that has so many columns: 11 where it is judged, 6 where it is averaged."""
    return [row for row in rows_of(text, f"`optimizer={arm}`") if len(row) == cells][-1]


def test_an_arm_is_averaged_and_judged() -> None:
    """Worked out by hand from the eight values of each arm; two significant digits of each standard error."""
    runs = eventful_runs(SWEEP)
    arm, baseline = (
        np.array([min(runs[SWEEP.arms[index].spec.with_seed(seed).run_id].history["val_loss"]) for seed in range(8)])
        for index in (1, 3)
    )
    own_low, own_high = stats.t.interval(0.95, 7, arm.mean(), stats.sem(arm))
    own = ["8", f"{arm.mean():.4f}", f"{arm.std(ddof=1):.4f}", f"[{own_low:.4f}, {own_high:.4f}]", "–"]
    assert row_of(TEXT, "momentum", 6)[1:] == own
    low, high = stats.ttest_rel(arm, baseline).confidence_interval()
    assert 0.001 < stats.sem(arm - baseline) < 0.01
    judged = row_of(TEXT, "momentum", 11)
    assert judged[1:4] == ["▼ worse", f"+{np.mean(arm - baseline):.4f}", f"[+{low:.4f}, +{high:.4f}]"]
    assert judged[5:] == ["+21%", "<.001", "1", "0/8", "8", "–"]


def test_what_is_not_averaged_is_said_beside_the_mean() -> None:
    row = row_of(TEXT, "sgd", 6)
    assert (row[1], row[-1]) == ("5", "1 diverged, 1 failed, 1 missing")
    assert row_of(TEXT, "sgd", 11)[-2] == "5 of 8, 1 diverged"


def test_divergence_is_counted_with_its_interval() -> None:
    """Of 6 seeds with an outcome on both sides, by the published limits of Clopper and Pearson for 1 of 6."""
    row = next(row for row in rows_of(TEXT, "`optimizer=sgd`") if any("won" in cell for cell in row))
    assert row[1:4] == ["1 of 6 [0.00, 0.64]", "0 of 6 [0.00, 0.46]", "1"]


@pytest.mark.parametrize("runs", [eventful_runs(SWEEP), completed_runs(SWEEP), {}], ids=["eventful", "whole", "none"])
def test_no_report_says_too_much(runs: dict[str, StoredRun]) -> None:
    sweeps = SWEEP, dropout_sweep(seeds=8)
    assert forbidden(report_markdown(study_results(plan_of(*sweeps), runs))) == []


def test_verdicts_are_said_of_what_was_judged_and_of_nothing_else() -> None:
    """Each arm in the box and in the table of verdicts, the second sweep's one arm among them."""
    text = report_markdown(study_results(plan_of(SWEEP, dropout_sweep()), completed_runs(SWEEP, dropout_sweep())))
    assert len(re.findall(r"\*\*(?:BETTER|WORSE|EQUIVALENT|INCONCLUSIVE|IDENTICAL)\*\*", text)) == 5 + 1
    assert len(re.findall(r"\| [▲▼≈○] (?:better|worse|equivalent|inconclusive) ", text)) == 5 + 1


def test_failure_messages_cannot_break_the_page() -> None:
    assert "&lt;b&gt;weights&lt;/b&gt;" in TEXT
    assert "<b>" not in TEXT
    failures = rows_of(TEXT, "failed  ")
    assert [len(row) for row in failures] == [4]


def test_names_from_outside_cannot_break_the_page() -> None:
    name = "sg|d`<i>\n# x"
    sweep = optimizer_sweep(seeds=2, optimizers={name: 0.1, "adam": 0.001}, question="Is <img src=x> | better_ ?")
    text = report_markdown(study_results(plan_of(sweep), completed_runs(sweep)))
    assert "<i>" not in text
    assert "<img" not in text
    assert "\n# x" not in text


def test_the_setup_shows_what_all_share_and_what_each_changes() -> None:
    assert re.search(
        r"\| `model` +\| `ablate.models.mlp.mlp`, activation `relu`, dropout `0.0`, hidden `\[128\]`", TEXT
    )
    changes = next(row for row in rows_of(TEXT, "`optimizer=sgd`") if len(row) == 2)
    assert changes[1] == "optimizer `keras.optimizers.sgd`, optimizer.learning_rate `0.01`"
    assert next(row for row in rows_of(TEXT, "`optimizer=adam`") if len(row) == 2)[1] == "baseline"


def test_a_null_within_a_group_is_a_choice_and_a_null_group_is_none() -> None:
    """`validation_last: null` says that the fraction holds; `augment: null` says nothing."""
    assert "validation_last `null`" in TEXT
    assert "`augment`" not in TEXT


def test_checksums_are_short() -> None:
    assert "digest `d1d1d1d1d1d1`" in TEXT


def test_arguments_of_another_component_are_not_missed() -> None:
    arms = [
        replace(arm, spec=replace(arm.spec, optimizer=replace(arm.spec.optimizer, arguments=arguments)))
        for arm, arguments in zip(SWEEP.arms[2:4], ({"rho": 0.9}, {"beta_1": 0.9}), strict=True)
    ]
    plan = plan_of(replace(SWEEP, arms=tuple(arms)))
    (row,) = (row for row in rows_of(report_markdown(study_results(plan, {})), "`optimizer=rmsprop`") if len(row) == 2)
    assert row[1] == "optimizer `keras.optimizers.rmsprop`, optimizer.rho `0.9`"


def test_one_seed_gives_numbers_and_no_intervals() -> None:
    sweep = optimizer_sweep(seeds=1)
    text = report_markdown(study_results(plan_of(sweep), completed_runs(sweep)))
    assert row_of(text, "momentum", 6)[3:] == ["–", "–", "–"]
    assert not any(word in text for word in ("inconclusive", "INCONCLUSIVE", "| verdict |"))
    assert "on the only seed, and one pair says nothing of other seeds" in text
    assert not re.search(r"95% CI|p[=<]", text)


def test_a_study_of_which_nothing_ran_says_so() -> None:
    text = report_markdown(study_results(plan_of(SWEEP), {}))
    assert "48 runs: 48 missing." in text
    assert "has no completed run, so nothing can be compared with it" in text
    assert "![" not in text


def test_equal_configurations_are_counted() -> None:
    arms = (*SWEEP.arms, replace(SWEEP.arms[0], name="optimizer=again"))
    text = report_markdown(study_results(plan_of(replace(SWEEP, arms=arms)), {}))
    assert "7 arms map to 6 distinct configurations." in text


def test_many_arms_are_told_by_their_extremes() -> None:
    sweep = optimizer_sweep(2, {f"o{index}": 0.1 * (index + 1) for index in range(13)} | {"adam": 0.001})
    runs = completed_runs(sweep) | {
        spec.run_id: completed_run(spec, 1.0) for spec in sweep.run_specs() if spec.optimizer.target.endswith(".o7")
    }
    text = report_markdown(study_results(plan_of(sweep), runs))
    box = [line for line in text.splitlines() if line.startswith("> ")]
    start = box.index("> - 13 arms without a verdict, of which the 3 largest differences:")
    told = [line for line in box[start + 1 :] if line.startswith(">   - ")]
    assert len(told) == 3
    assert any("`optimizer=o7` (no verdict): difference +1.0" in line for line in told)


def test_two_sweeps_have_a_section_each() -> None:
    text = report_markdown(study_results(plan_of(SWEEP, dropout_sweep()), {}))
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## optimizers",
        "## dropout",
        "## How to rebuild",
        "## Computed with",
    ]


def test_the_question_of_a_lone_sweep_is_asked_once() -> None:
    assert TEXT.count(SWEEP.spec.question) == 1


def test_a_study_that_only_joins_the_questions_of_its_sweeps_asks_them_once() -> None:
    plan = plan_of(SWEEP, dropout_sweep())
    joined = replace(plan, question=" ".join(sweep.spec.question for sweep in plan.sweeps))
    own = replace(plan, question="What matters?")
    assert report_markdown(study_results(joined, {})).count(SWEEP.spec.question) == 1
    assert "**What matters?**" in report_markdown(study_results(own, {}))


def test_the_command_is_quoted_for_a_shell() -> None:
    text = report_markdown(study_results(plan_of(SWEEP), {}), ("+sweep=[a,b]", "x=1 2"))
    assert "python -m ablate '+sweep=[a,b]' 'x=1 2'" in text


def test_a_long_failure_is_cut() -> None:
    spec = run_spec("sgd", 0.01)
    runs = {spec.run_id: failed_run(spec, "x" * 5000)}
    assert max(map(len, report_markdown(study_results(plan_of(SWEEP), runs)).splitlines())) < 1000


def test_what_a_grid_varies_is_not_said_to_be_set_for_all_arms() -> None:
    command = ("-m", "optimizer=sgd,adam", "seed=0,1", "training.epochs=2")
    text = report_markdown(study_results(plan_of(SWEEP), {}), command)
    (line,) = [line for line in text.splitlines() if line.startswith("Set for all arms")]
    assert line.endswith(": `training.epochs=2`.")


def test_a_report_says_that_every_seed_has_a_split_of_its_own() -> None:
    sweep = optimizer_sweep(4)
    own = [replace(arm.spec, dataset=replace(arm.spec.dataset, split_seed=None)) for arm in sweep.arms]
    arms = tuple(replace(arm, spec=spec) for arm, spec in zip(sweep.arms, own, strict=True))
    text = report_of(replace(sweep, arms=arms))
    assert "over new seeds and splits of the same data" in text
    assert "and every seed has a split of its own" in text
    assert "**resplits**" in text
    assert forbidden(text) == []
    usual = report_of(sweep)
    assert "over new seeds on the same data and split" in usual
    assert "split of its own" not in usual


def test_a_report_about_noise_tells_shares_and_no_verdicts() -> None:
    sweep = noise_sweep(6)
    text = report_of(sweep)
    assert "### Where the noise comes from" in text
    assert "### Verdicts" not in text
    assert "held at one number" in text
    assert forbidden(text) == []
    assert not [word for word in Word if f"**{word.upper()}**" in text]


def report_of(sweep: Sweep) -> str:
    return report_markdown(study_results(plan_of(sweep), completed_runs(sweep)))


def test_the_most_frequent_mistake_is_told_by_name_where_classes_have_names() -> None:
    sweep = optimizer_sweep(seeds=3)

    def report_of(runs: dict[str, StoredRun]) -> str:
        return report_markdown(study_results(plan_of(sweep), runs))

    named = with_class_names(completed_runs(sweep), [f"kind {number}" for number in range(10)])
    said = re.search(r"Most often the baseline takes “kind (\d)” for “kind (\d)” \((\d+) of (\d+)\)", report_of(named))
    assert said is not None
    true, predicted, count, of = map(int, said.groups())
    planned = plan_of(sweep).sweeps[0]
    baseline = [named[run.run_id] for run in planned.runs_of(planned.baseline.name)]
    pairs = [
        pair for run in baseline for pair in zip(run.arrays["test/label"], run.arrays["test/prediction"], strict=True)
    ]
    wrong = Counter((int(label), int(read)) for label, read in pairs if label != read)
    assert count == wrong[true, predicted] == max(wrong.values())
    assert of == sum(label == true for label, _ in pairs)
    assert "Most often the baseline takes" not in report_of(completed_runs(sweep))
