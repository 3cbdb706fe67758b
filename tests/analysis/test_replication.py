"""A document's numbers and conclusions beside ours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ablate.analysis.replication import Revisited
from ablate.analysis.results import sweep_results
from ablate.reporting.answer import conclusion_counts
from ablate.verdicts.verdict import Word
from tests.revisited import CONCLUSIONS, ORIGINAL, clear_runs, revisiting_sweep
from tests.synthetic import optimizer_sweep, plan_of


def found(**fields: object) -> Revisited:
    sweep = revisiting_sweep(**fields)
    revisited = sweep_results(plan_of(sweep).sweeps[0], clear_runs(sweep)).revisited
    assert revisited is not None
    return revisited


def test_a_conclusion_holds_if_all_of_its_claims_do() -> None:
    words = [each.word for each in found().conclusions]
    assert words == [Word.SUPPORTED, Word.SUPPORTED, Word.NO_PRACTICAL_DIFFERENCE, Word.REFUTED, None]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([Word.SUPPORTED, Word.SUPPORTED], Word.SUPPORTED),
        ([Word.SUPPORTED, Word.NOT_RESOLVED], Word.NOT_RESOLVED),
        ([Word.NOT_RESOLVED, Word.REFUTED], Word.REFUTED),
        ([Word.NO_PRACTICAL_DIFFERENCE, Word.NOT_RESOLVED], Word.NO_PRACTICAL_DIFFERENCE),
        ([Word.NO_PRACTICAL_DIFFERENCE, Word.REFUTED], Word.REFUTED),
        ([], None),
    ],
)
def test_the_worst_claim_decides(words: list[Word], expected: Word | None) -> None:
    of_two = found().conclusions[2]
    verdicts = tuple(replace(of_two.verdicts[0], word=word) for word in words)
    assert replace(of_two, verdicts=verdicts).word is expected


def test_a_number_is_measured_by_one_run_of_ours() -> None:
    sgd, adam, epoch = found().numbers
    values = np.array(sgd.ours.values)
    # Whitmore (1986): the next of a normal sample lies within mean ± t·s·√(1 + 1/n).
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / len(values))
    assert sgd.one_run == pytest.approx((values.mean() - half, values.mean() + half))
    assert (sgd.arm, sgd.stated, sgd.is_as_one_of_ours) == ("optimizer=sgd", 0.22, True)
    assert (adam.arm, adam.is_as_one_of_ours) == ("optimizer=adam", False)
    assert (epoch.quantity.name, epoch.ours.mean, epoch.is_as_one_of_ours) == ("best_epoch", 12.0, True)


def test_one_seed_gives_no_range() -> None:
    assert {each.is_as_one_of_ours for each in found(seeds=1).numbers} == {None}


def test_the_numbers_of_a_claim_are_those_of_its_two_sides() -> None:
    slow, above, *_ = found().conclusions
    assert (slow.stated, above.stated) == (((0.22, 0.5),), ((0.22, None),))


def test_other_data_are_noticed() -> None:
    assert found().is_on_its_data
    assert not found(original=replace(ORIGINAL, dataset="mnist")).is_on_its_data
    assert found(original=replace(ORIGINAL, dataset="")).is_on_its_data


def test_without_a_document_there_is_nothing_to_revisit() -> None:
    assert sweep_results(plan_of(optimizer_sweep()).sweeps[0], {}).revisited is None


def test_before_anything_has_run_there_is_no_verdict() -> None:
    revisited = sweep_results(plan_of(revisiting_sweep()).sweeps[0], {}).revisited
    assert revisited is not None
    assert [each.word for each in revisited.conclusions if each.is_without_verdict] == [None] * 4
    assert next(conclusion_counts(revisited.conclusions)) == "4 conclusions have no verdict."
    assert len(revisited.conclusions) == len(CONCLUSIONS)
    assert {each.ours.mean for each in revisited.numbers} == {None}
