"""The folder of a study: its plans stay, and its name stands for one study."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ablate.core.plans import StudyPlan
from ablate.storage.studies import AnotherStudy, Difference, StudyFolder, UnreadablePlan, differences, study_names
from tests.runner.scripted import scripted_study

NOON = datetime(2030, 1, 2, 12, 0, 0, 5, tzinfo=UTC)
PLAN = StudyPlan.of(scripted_study())
MORE_SEEDS = StudyPlan.of(scripted_study(seeds=(0, 1, 2, 3)))


@pytest.fixture
def folder(tmp_path):
    return StudyFolder(tmp_path, "rates", now=lambda: NOON)


def test_keeps_plans_with_time_and_command(folder):
    assert folder.plan() is None
    assert folder.record_plan(PLAN, ["+sweep=rates", "sweep.seeds=3"])
    (line,) = folder.plan_lines()
    assert (line.plan, line.planned_at) == (PLAN, "2030-01-02T12:00:00+00:00")
    assert line.argv == ("+sweep=rates", "sweep.seeds=3")
    assert folder.path.joinpath("plans.jsonl").read_text().startswith(f'{{"plan_hash": "{PLAN.plan_hash}"')


def test_writes_equal_plans_once_and_the_latest_holds(folder):
    answers = [folder.record_plan(plan, ()) for plan in (PLAN, PLAN, MORE_SEEDS, PLAN)]
    assert answers == [True, False, True, True]
    assert [line.plan for line in folder.plan_lines()] == [PLAN, MORE_SEEDS, PLAN]
    assert folder.plan() == PLAN


def test_more_seeds_and_claims_are_the_same_study(folder):
    folder.record_plan(PLAN, ())
    folder.record_plan(StudyPlan.of(scripted_study(seeds=(5,), claims=("a < b",))), ())
    assert len(folder.plan_lines()) == 2


def test_refuses_another_study_and_says_what_differs(folder):
    folder.record_plan(PLAN, ())
    other = StudyPlan.of(scripted_study(rates=(0.1, 0.3)))
    with pytest.raises(
        AnotherStudy, match=r"rates is the name of another study: the arm rate=0.3 is new; the arm rate=0.2 is gone$"
    ) as caught:
        folder.record_plan(other, ())
    fields = {difference.field: difference for difference in caught.value.differences}
    levels = fields["rates.factors.optimizer.learning_rate"]
    assert (levels.kept, levels.asked) == ([0.1, 0.2], [0.1, 0.3])
    assert "rates.arms.rate=0.3.optimizer.arguments.learning_rate" in fields
    assert folder.plan() == PLAN
    with pytest.raises(AnotherStudy):
        folder.check(other)


def test_a_damaged_plan_leaves_the_earlier_one(folder, caplog):
    folder.record_plan(PLAN, ())
    folder.record_plan(MORE_SEEDS, ())
    path = folder.path / "plans.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    assert folder.plan() == PLAN
    assert "line 2 is damaged" in caplog.text
    assert folder.record_plan(MORE_SEEDS, ())
    assert [line.plan for line in folder.plan_lines()] == [PLAN, MORE_SEEDS]


def test_logs_events_in_order(folder):
    folder.log("post_hoc_seeds", {"rates": [3]})
    folder.log("nondeterminism", {})
    assert folder.events() == (
        {"event": "post_hoc_seeds", "logged_at": "2030-01-02T12:00:00+00:00", "rates": [3]},
        {"event": "nondeterminism", "logged_at": "2030-01-02T12:00:00+00:00"},
    )


def test_writes_tables_beside_the_plans(folder):
    path = folder.write("runs.csv", b"a,b\n")
    assert path == folder.path / "runs.csv"
    assert path.read_bytes() == b"a,b\n"


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "../x", "a\n", "-x", "a" * 101, "a=b", "con.1", "a."])
def test_refuses_names_that_are_no_folder_names(tmp_path, name):
    with pytest.raises(ValueError, match="cannot name a study"):
        StudyFolder(tmp_path, name)


def test_differences_tell_types_and_absence_apart():
    kept = {"a": {"same": 1, "number": 1, "gone": {}}, "list": [1, 2]}
    asked = {"a": {"same": 1, "number": 1.0, "new": None}, "list": [1, 2]}
    assert differences(kept, asked) == (
        Difference("a.gone", {}, None),
        Difference("a.new", None, None),
        Difference("a.number", 1, 1.0),
    )


def test_makes_way_for_another_study_and_keeps_what_stood_there(folder, tmp_path):
    other, third = (StudyPlan.of(scripted_study(rates=(0.1, rate))) for rate in (0.3, 0.4))
    assert folder.make_way(PLAN) is None
    folder.record_plan(PLAN, ())
    folder.log("post_hoc_seeds", {"rates": [3]})
    before = {path.name: path.read_bytes() for path in folder.path.iterdir()}
    assert folder.make_way(MORE_SEEDS) is None
    aside = folder.make_way(other)
    assert aside is not None
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == before
    assert (folder.plan(), folder.events(), study_names(tmp_path)) == (None, (), ())
    folder.record_plan(other, ())
    assert study_names(tmp_path) == ("rates",)
    assert folder.make_way(third) not in (aside, None)
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == before


def test_makes_way_where_the_plan_cannot_be_read(folder):
    folder.record_plan(PLAN, ())
    (line,) = folder.journals[0].entries()
    folder.journals[0].append({**line, "format": 99})
    with pytest.raises(UnreadablePlan):
        folder.check(PLAN)
    assert folder.make_way(PLAN) is not None
    folder.check(PLAN)
