"""A changed plan is compared with the one that stood when the first results existed; returning to it restores it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from ablate.core.late_changes import Change, Premise, late_changes
from ablate.core.plans import StudyPlan
from tests.runner.scripted import scripted_study


def plan(seeds: Sequence[int] = (0, 1, 2), claims: tuple[str, ...] = (), confirm: int = 0) -> StudyPlan:
    study = scripted_study(seeds=tuple(seeds), claims=claims)
    sweeps = tuple(replace(sweep, spec=replace(sweep.spec, confirm=confirm)) for sweep in study.sweeps)
    return StudyPlan.of(replace(study, sweeps=sweeps))


def told(former: StudyPlan, now: StudyPlan, events: Sequence[dict[str, Any]] = (), confirmed: Sequence[str] = ()):
    """The changes that are to be logged, as the log has them."""
    changes = late_changes(former, now, events, confirmed)
    return [{"event": change.value, "rates": list(of["rates"])} for change, of in changes.items() if of]


def premise(history: Sequence[StudyPlan]) -> Premise:
    """Of the last of several plans, each of which had results, and was confirmed where it asked for it."""
    events: list[dict[str, Any]] = []
    for former, now in pairwise(history):
        events += told(former, now, events, ["rates"] if former.sweeps[0].spec.confirm else [])
    return Premise.of(history[-1].sweeps[0].spec, events)


def test_what_is_added_and_what_is_taken_away_is_told() -> None:
    assert told(plan(), plan(range(5))) == [{"event": "post_hoc_seeds", "rates": [3, 4]}]
    assert told(plan(), plan(range(1, 4))) == [
        {"event": "post_hoc_seeds", "rates": [3]},
        {"event": "withdrawn_seeds", "rates": [0]},
    ]
    assert told(plan(claims=("a < b", "c < d")), plan(claims=("e < f", "c < d"))) == [
        {"event": "post_hoc_claims", "rates": ["e < f"]},
        {"event": "withdrawn_claims", "rates": ["a < b"]},
    ]
    assert told(plan(), plan(confirm=5)) == []


def test_a_sweep_that_is_new_has_changed_nothing() -> None:
    other = StudyPlan.of(scripted_study(name="new", seeds=(7,)))
    assert not any(late_changes(plan(), other, ()).values())


@pytest.mark.parametrize(
    ("seeds", "added", "withdrawn"),
    [
        ([3, 2], (), (2,)),
        ([3, 2, 3], (), ()),
        ([3, 10], tuple(range(3, 10)), ()),
        ([3, 10, 3], (), ()),
        ([3, 10, 2, 5], (3, 4), ()),
        ([3, 2, 10, 2], (), (2,)),
    ],
)
def test_returning_to_the_first_plan_restores_it(
    seeds: list[int], added: tuple[int, ...], withdrawn: tuple[int, ...]
) -> None:
    found = premise([plan(range(count)) for count in seeds])
    assert (found.added_seeds, found.withdrawn_seeds) == (added, withdrawn)
    assert found.has_other_seeds is bool(added or withdrawn)
    assert found.holds is not found.has_other_seeds


def test_claims_that_return_are_as_planned() -> None:
    first, other = ("a < b",), ("a < b", "c < d")
    assert premise([plan(claims=first), plan(claims=other)]).added_claims == ("c < d",)
    assert premise([plan(claims=other), plan(claims=first)]).withdrawn_claims == ("c < d",)
    assert premise([plan(claims=first), plan(claims=other), plan(claims=first)]).holds
    assert premise([plan(claims=other), plan(claims=first), plan(claims=other)]).holds


def test_confirmation_with_more_seeds_is_a_repetition() -> None:
    asked_later = premise([plan(), plan(confirm=5)])
    assert asked_later.holds
    more = premise([plan(), plan(confirm=5), plan(confirm=10)])
    assert more.first_confirmed == (3, 4, 5, 6, 7)
    assert more.is_confirmation_repeated
    assert not more.has_other_seeds
    assert premise([plan(confirm=5), plan(confirm=10), plan(), plan(confirm=15)]).is_confirmation_repeated
    assert premise([plan(confirm=5), plan(confirm=10), plan(confirm=5)]).holds
    assert premise([plan(confirm=5), plan()]).holds


def test_seeds_that_had_results_confirm_nothing() -> None:
    found = premise([plan(range(5)), plan(range(3), confirm=3)])
    assert found.seen == (3, 4)
    assert found.is_confirmation_repeated


def test_a_log_from_elsewhere_may_hold_anything() -> None:
    odd = [{"event": change.value, "rates": what} for change in Change for what in (None, 3, "x", [[1], {}], {})]
    assert Premise.of(plan(claims=("a < b",), confirm=1).sweeps[0].spec, odd).holds
