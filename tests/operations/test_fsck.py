"""Every kind of damage is found where it is, nothing is changed by looking, and what can be mended is."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ablate.analysis.frame import study_tables
from ablate.core.plans import StudyPlan
from ablate.operations.fsck import StoreFinding, What, fsck
from ablate.operations.publish import LEFT, publish
from ablate.sanitize.files import stands
from ablate.storage.atomic import sealed_text
from ablate.storage.garbage import DEAD_SECONDS, GarbageKind, NoResultsFolder, UnknownNeeds, planned_ids
from ablate.storage.leases import Leases
from ablate.storage.runs import RunStore
from ablate.storage.studies import StudyFolder
from tests.cli.kept import keep
from tests.damage import ODDITIES, age, empty, flip, refuse, state, truncate
from tests.synthetic import completed_run, completed_runs, optimizer_sweep, run_spec, study, with_weights

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
BASELINE = SWEEP.baseline.spec
DAY_SECONDS = 86400.0


@pytest.fixture(autouse=True)
def no_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their figures take longest, and are looked at in the tests of the verbs."""
    monkeypatch.setattr("ablate.operations.publish.write_packed", lambda *arguments: None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sound store: a study, its runs, the weights of one of them, its tables."""
    runs = completed_runs(SWEEP)
    weights = {"weights": {"kernel": np.arange(30, dtype=np.float32)}}
    runs[BASELINE.run_id] = replace(runs[BASELINE.run_id], artefacts=weights)
    keep(tmp_path, SWEEP, runs)
    folder = StudyFolder(tmp_path, "optimizers")
    folder.log("post_hoc_seeds", {"optimizers": [1]})
    publish(folder, RunStore(tmp_path), tmp_path / "reports")
    return tmp_path


def found(root: Path) -> list[StoreFinding]:
    return list(fsck(root, root / "reports").findings)


@pytest.mark.parametrize("name", sorted(LEFT))
@pytest.mark.parametrize("oddity", ["giant", "fifo", "folder", "garbage"])
def test_what_photographs_and_lines_left_is_looked_at(root: Path, name: str, oddity: str) -> None:
    path = StudyFolder(root, "optimizers").path / name
    ODDITIES.get(oddity, lambda garbage: garbage.write_bytes(b"no archive"))(path)
    (finding,) = found(root)
    assert (finding.what, finding.subject, finding.path) == (What.DAMAGED, "study optimizers", path.relative_to(root))
    assert finding.is_problem
    assert finding.detail.startswith(f"{name} is damaged (")
    assert mend(root) == (finding,)
    assert [each.what for each in found(root)] == [GarbageKind.SET_ASIDE]
    assert [each.name for each in path.parent.glob(f"{name}*")] == [f"{name}.corrupt"]
    # And whoever meets it before that sets it aside as well.
    ODDITIES["fifo"](path)
    publish(StudyFolder(root, "optimizers"), RunStore(root), root / "reports")
    assert not stands(path)


def mend(root: Path) -> tuple[StoreFinding, ...]:
    return fsck(root, root / "reports", repair=True).mended


def run_file(name: str) -> Callable[[Path], Path]:
    return lambda root: RunStore(root).folder(BASELINE.run_id) / name


def study_file(name: str) -> Callable[[Path], Path]:
    return lambda root: root / "studies" / "optimizers" / name


def test_a_sound_store_is_sound(root: Path) -> None:
    before = state(root)
    assert found(root) == []
    assert state(root) == before
    assert mend(root) == ()


@pytest.mark.parametrize(
    ("name", "damage"),
    [("spec.json", flip), ("arrays.npz", flip), ("arrays.npz", Path.unlink), ("record.json", truncate)],
)
def test_damage_to_a_run_is_found_and_set_aside(root: Path, name: str, damage: Callable[[Path], None]) -> None:
    folder = RunStore(root).folder(BASELINE.run_id)
    damage(folder / name)
    before = state(root)
    run, tables = found(root)
    assert (run.what, run.subject, root / run.path) == (What.DAMAGED, f"run {BASELINE.run_id[:12]}", folder)
    assert name in run.detail
    assert str(root) not in run.detail
    # Of a study that lost a run the tables are old, not wrong: it will be trained again.
    assert (tables.what, tables.is_problem) == (What.TABLES, False)
    assert state(root) == before
    assert mend(root) == (run, tables)
    assert not folder.exists()
    assert folder.with_name(f"{folder.name}.corrupt").is_dir()
    assert [finding.what for finding in found(root)] == [GarbageKind.SET_ASIDE]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_completed_run_whose_weights_are_not_finite_is_found_and_set_aside(root: Path, value: float) -> None:
    """As earlier versions kept it where a graph of operations hid such weights from the losses."""
    store = RunStore(root)
    folder = store.folder(BASELINE.run_id)
    whole = with_weights(store.get(BASELINE.run_id), std=0.1)
    store.remove(folder)
    statistics = whole.arrays["weights/statistics"].copy()
    statistics[1] = value
    store.put(replace(whole, arrays={**whole.arrays, "weights/statistics": statistics}))
    before = state(root)
    run, tables = found(root)
    assert (run.what, run.subject, root / run.path) == (What.DAMAGED, f"run {BASELINE.run_id[:12]}", folder)
    assert (run.detail, run.is_problem) == ("is completed, and its weights are not finite: it diverged", True)
    assert (tables.what, tables.is_problem) == (What.TABLES, False)
    assert state(root) == before
    assert mend(root) == (run, tables)
    assert folder.with_name(f"{folder.name}.corrupt").is_dir()
    assert not store.has(BASELINE.run_id)
    assert [finding.what for finding in found(root)] == [GarbageKind.SET_ASIDE]


def test_a_completed_run_whose_weights_are_finite_is_sound(root: Path) -> None:
    alone = run_spec(seed=9)
    RunStore(root).put(with_weights(completed_run(alone), std=0.1))
    assert [finding.what for finding in found(root) if finding.is_problem] == []


@pytest.mark.parametrize("damage", [truncate, flip, empty])
def test_damage_to_an_artefact_is_found_and_set_aside(root: Path, damage: Callable[[Path], None]) -> None:
    path = run_file("artefacts/weights.npz")(root)
    damage(path)
    before = state(root)
    (finding,) = found(root)
    assert (finding.what, root / finding.path, finding.is_problem) == (What.DAMAGED, path, True)
    assert finding.subject == f"run {BASELINE.run_id[:12]}, weights"
    assert state(root) == before
    assert mend(root) == (finding,)
    assert [path.name for path in path.parent.iterdir()] == ["weights.npz.corrupt"]
    assert RunStore(root).has(BASELINE.run_id)


def test_an_artefact_of_another_run_is_damage(root: Path) -> None:
    other = RunStore(root).folder(SWEEP.arms[1].spec.run_id) / "artefacts"
    other.mkdir()
    run_file("artefacts/weights.npz")(root).rename(other / "weights.npz")
    (finding,) = found(root)
    assert f"is 'weights' of run '{BASELINE.run_id}" in finding.detail


@pytest.mark.parametrize("name", ["plans.jsonl", "study_log.jsonl"])
@pytest.mark.parametrize("damage", [flip, lambda path: path.write_bytes(path.read_bytes() + b'{"torn": ')])
def test_damage_to_a_line_is_found_and_moved(root: Path, name: str, damage: Callable[[Path], None]) -> None:
    path = study_file(name)(root)
    whole = path.read_bytes()
    damage(path)
    damaged = path.read_bytes()
    (finding,) = found(root)
    assert (finding.what, finding.subject, finding.is_problem) == (What.DAMAGED, "study optimizers", True)
    assert finding.detail.startswith(f"{name}, line {len(damaged.splitlines())} is damaged")
    assert path.read_bytes() == damaged
    assert mend(root) == (finding,)
    assert path.read_bytes() in (b"", whole)
    assert path.with_name(f"{name}.corrupt").read_bytes() == damaged.splitlines()[-1] + b"\n"


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("runs.csv", flip),
        ("runs.parquet", flip),
        ("history.csv", Path.unlink),
        ("timings.parquet", truncate),
        ("verdicts.csv", empty),
    ],
)
def test_tables_that_are_not_those_of_the_runs_are_found_and_made_again(
    root: Path, name: str, damage: Callable[[Path], None]
) -> None:
    path = study_file(name)(root)
    whole = path.read_bytes()
    damage(path)
    (finding,) = found(root)
    assert (finding.what, finding.subject, finding.is_problem) == (What.TABLES, "study optimizers", True)
    assert finding.detail == f"{path.name} is {'not what the plan and the runs give' if path.exists() else 'missing'}"
    assert mend(root) == (finding,)
    assert path.read_bytes() == whole


def test_tables_of_a_study_with_runs_to_train_are_no_problem(root: Path) -> None:
    more = optimizer_sweep(seeds=3, optimizers={"adam": 0.001, "sgd": 0.01})
    StudyFolder(root, "optimizers").record_plan(StudyPlan.of(study(more)), ["+sweep=optimizers"])
    (finding,) = found(root)
    assert (finding.what, finding.is_problem) == (What.TABLES, False)
    assert finding.detail.endswith("(its runs are not all done)")


def test_a_table_that_another_library_has_written_is_the_same_table(root: Path) -> None:
    path = study_file("runs.parquet")(root)
    content = path.read_bytes()
    by = pq.ParquetFile(io.BytesIO(content)).metadata.created_by.encode()
    assert by.startswith(b"parquet-cpp-arrow version ")
    path.write_bytes(content.replace(by, by.replace(b"version", b"Version")))
    assert path.read_bytes() != content
    assert found(root) == []
    pq.write_table(pq.read_table(path).slice(1), path)
    assert [finding.what for finding in found(root)] == [What.TABLES]


def test_a_table_of_another_library_that_cannot_be_the_same_is_not_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few bytes of parquet can repeat a row as often as they like."""
    path = study_file("runs.parquet")(root)
    table = pq.read_table(path)
    pq.write_table(pa.concat_tables([table] * 2), path)
    path.write_bytes(path.read_bytes().replace(b"parquet-cpp-arrow version", b"parquet-cpp-arrow Version"))
    monkeypatch.setattr(pq.ParquetFile, "read", lambda table: pytest.fail("it is read"))
    assert [finding.what for finding in found(root)] == [What.TABLES]


def test_a_run_in_a_wrong_place_is_found(root: Path) -> None:
    store = RunStore(root)
    (root / "runs" / "zz").mkdir()
    store.folder(BASELINE.run_id).rename(root / "runs" / "zz" / BASELINE.run_id)
    assert "no run of its name is looked for" in found(root)[0].detail
    mend(root)
    assert {finding.what for finding in found(root)} == {GarbageKind.SET_ASIDE}


def test_a_file_in_place_of_a_run_is_found(root: Path) -> None:
    path = RunStore(root).folder("a" * 64)
    path.parent.mkdir(exist_ok=True)
    path.write_text("no folder")
    assert [(finding.what, finding.detail) for finding in found(root)] == [(What.DAMAGED, "is no folder")]
    mend(root)
    assert [finding.what for finding in found(root)] == [GarbageKind.SET_ASIDE]


def test_a_run_under_the_name_of_another_is_found(root: Path) -> None:
    store, other = RunStore(root), BASELINE.with_seed(77)
    store.folder(other.run_id).parent.mkdir(exist_ok=True)
    store.folder(BASELINE.run_id).rename(store.folder(other.run_id))
    details = [finding.detail for finding in found(root) if root / finding.path == store.folder(other.run_id)]
    assert f"record.json belongs to run '{BASELINE.run_id}'" in details


def test_what_the_system_does_not_let_read_is_a_problem_that_stays(root: Path, monkeypatch) -> None:
    path = run_file("arrays.npz")(root)
    refuse(monkeypatch, path, PermissionError(13, "Permission denied"))
    (finding,) = found(root)
    assert (finding.what, finding.detail, finding.is_problem) == (What.REFUSED, "Permission denied", True)
    assert mend(root) == ()
    assert path.exists()


def test_what_a_later_version_wrote_is_noted_and_left(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = RunStore(root).folder(BASELINE.run_id)
    artefact = folder / "artefacts" / "weights.npz"
    artefact.with_name("dreams.npz").write_bytes(artefact.read_bytes().replace(b'"weights"', b'"dreams_"'))
    (folder / "record.json").write_text(sealed_text({"run_id": folder.name, "schema": 99, "files": {}}))
    before = state(root)
    versions = [finding for finding in found(root) if finding.what is What.ANOTHER_VERSION]
    assert [root / finding.path for finding in versions] == [folder]
    assert not any(finding.is_problem for finding in versions)
    mend(root)
    assert state(root)[folder / "record.json"] == before[folder / "record.json"]


def test_only_what_nobody_can_want_is_removed(root: Path) -> None:
    temporary = root / "studies" / "optimizers" / ".tmp-1"
    temporary.write_text("half a table")
    (root / "runs" / "aa").mkdir(exist_ok=True)
    aside = root / "runs" / "aa" / f"{'a' * 64}.corrupt"
    aside.mkdir()
    assert [finding.what for finding in found(root)] == [GarbageKind.SET_ASIDE]
    age(temporary, 2 * DEAD_SECONDS)
    assert [finding.what for finding in mend(root)] == [GarbageKind.TEMPORARY]
    assert aside.exists()
    assert not temporary.exists()


def test_strays_are_named_and_left(root: Path) -> None:
    (root / "notes.txt").write_text("mine")
    (root / "runs" / "aa").mkdir(exist_ok=True)
    (root / "runs" / "aa" / "notes.txt").write_text("mine")
    before = state(root)
    assert [(finding.what, finding.subject, finding.is_problem) for finding in found(root)] == [
        (What.STRAY, "notes.txt", False),
        (What.STRAY, "runs/aa/notes.txt", False),
    ]
    mend(root)
    assert state(root) == before


def test_an_empty_folder_of_a_study_is_told_as_gc_tells_it(root: Path) -> None:
    lost = root / "studies" / "lost"
    lost.mkdir()
    (lost / "plans.jsonl.lock").touch()
    before = state(root)
    with pytest.raises(UnknownNeeds, match="To mend what can be mended: ablate fsck --repair"):
        planned_ids(root)
    (finding,) = found(root)
    assert (finding.what, finding.subject, finding.is_problem) == (What.DAMAGED, "study lost", True)
    assert finding.detail == (
        "has no plan, and its folder is empty; run its command again, or remove the folder: until then gc removes "
        "nothing"
    )
    assert mend(root) == ()
    assert state(root) == before
    shutil.rmtree(lost)
    assert found(root) == []
    assert planned_ids(root)


def test_the_tables_are_those_of_the_runs_that_are_sound(root: Path) -> None:
    flip(run_file("arrays.npz")(root))
    mend(root)
    folder = StudyFolder(root, "optimizers")
    plan = folder.plan()
    assert plan is not None
    sound = RunStore(root).present(plan.possible_run_ids)
    expected = study_tables(plan, sound, events=folder.events()).files()
    assert {name: study_file(name)(root).read_bytes() for name in expected} == expected
    assert b"missing" in expected["runs.csv"]


def test_problems_come_first(root: Path) -> None:
    (root / "notes.txt").write_text("mine")
    study_file("runs.csv")(root).unlink()
    assert [finding.what for finding in found(root)] == [What.TABLES, What.STRAY]


def test_what_is_left_after_a_repair(root: Path) -> None:
    flip(run_file("spec.json")(root))
    study_file("runs.csv")(root).unlink()
    before = fsck(root, root / "reports")
    assert (before.mended, [finding.what for finding in before.problems_left]) == ((), [What.DAMAGED])
    assert (before.space["runs"].number, "set aside" in before.space) == (4, False)
    after = fsck(root, root / "reports", repair=True)
    assert after.findings == before.findings
    assert (after.mended, after.problems_left) == (before.findings, ())
    # The folder as it is afterwards: the run counts among what was set aside.
    assert (after.space["runs"].number, after.space["set aside"].number) == (3, 1)
    assert [finding.is_mended for finding in (*before.findings, *after.findings)] == [False] * 2 + [True] * 2


def test_where_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(NoResultsFolder, match="There is no results folder") as raised:
        fsck(tmp_path / "nowhere", tmp_path / "reports", repair=True)
    assert raised.value.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def lose_plan(root: Path) -> Path:
    """The study's file of plans, which is gone."""
    path = study_file("plans.jsonl")(root)
    path.unlink()
    return path


def keep_report(root: Path, plan: StudyPlan) -> None:
    folder = root / "reports" / "optimizers" / "data"
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(json.dumps({"plan": plan.to_json(), "command": ["+sweep=optimizers"]}))


def test_a_study_with_tables_and_no_plan_is_found_and_left_to_its_command(root: Path) -> None:
    lose_plan(root)
    before = state(root)
    for _ in range(2):
        (finding, *_) = found(root)
        assert (finding.what, finding.subject, finding.is_problem) == (What.DAMAGED, "study optimizers", True)
        assert "its tables name 4 runs, 4 of them stored" in finding.detail
        assert mend(root) == ()
        assert state(root).keys() == before.keys()


def test_a_lost_plan_comes_back_from_the_report(root: Path) -> None:
    folder = StudyFolder(root, "optimizers")
    plan = folder.plan()
    assert plan is not None
    keep_report(root, plan)
    path = lose_plan(root)
    assert [finding.subject for finding in mend(root)] == ["study optimizers"]
    assert folder.plan() == plan
    assert not any(finding.is_problem for finding in found(root))
    path.write_bytes(b"")
    assert [finding.subject for finding in mend(root)] == ["study optimizers"]
    assert folder.plan() == plan


def test_the_report_of_fewer_runs_than_the_tables_name_is_not_the_plan(root: Path) -> None:
    keep_report(root, StudyPlan.of(study(optimizer_sweep(seeds=1, optimizers={"adam": 0.001, "sgd": 0.01}))))
    path = lose_plan(root)
    assert mend(root) == ()
    assert not path.exists()


@pytest.mark.parametrize("name", ["plans.jsonl", "study_log.jsonl"])
@pytest.mark.parametrize("oddity", ODDITIES)
def test_what_is_no_file_in_the_place_of_a_journal_is_damage(root: Path, name: str, oddity: str) -> None:
    path = study_file(name)(root)
    path.unlink()
    ODDITIES[oddity](path)
    assert (What.DAMAGED, "study optimizers", True) in [
        (each.what, each.subject, each.is_problem) for each in found(root)
    ]
    mend(root)
    assert path.is_file()
    assert path.stat().st_size == 0
    assert stands(path.with_name(f"{name}.corrupt"))


@pytest.mark.parametrize("name", ["record.json", "spec.json", "arrays.npz"])
@pytest.mark.parametrize("oddity", ODDITIES)
def test_what_is_no_file_in_the_place_of_one_of_a_run_is_damage(root: Path, name: str, oddity: str) -> None:
    path = run_file(name)(root)
    path.unlink()
    ODDITIES[oddity](path)
    run, _ = found(root)
    assert (run.what, run.subject, run.is_problem) == (What.DAMAGED, f"run {BASELINE.run_id[:12]}", True)
    assert str(root) not in run.detail
    assert run in mend(root)
    assert stands(path.parent.with_name(f"{BASELINE.run_id}.corrupt") / name)
    assert not RunStore(root).has(BASELINE.run_id)


@pytest.mark.parametrize("oddity", ODDITIES)
def test_what_is_no_file_in_the_place_of_an_artefact_is_damage(root: Path, oddity: str) -> None:
    path = run_file("artefacts/weights.npz")(root)
    path.unlink()
    ODDITIES[oddity](path)
    assert RunStore(root, sets_aside=False).artefacts(BASELINE.run_id) == ()
    # Where a link leads nowhere there is no artefact, which is no damage to what is kept.
    assert [finding.subject for finding in found(root)] == [f"run {BASELINE.run_id[:12]}, weights"]
    assert len(mend(root)) == 1
    assert stands(path.with_name("weights.npz.corrupt"))


@pytest.mark.parametrize("oddity", ODDITIES)
def test_what_is_no_file_in_the_place_of_a_table_is_made_again(root: Path, oddity: str) -> None:
    path = study_file("runs.csv")(root)
    whole = path.read_bytes()
    path.unlink()
    ODDITIES[oddity](path)
    (finding,) = found(root)
    assert (finding.what, finding.is_problem) == (What.TABLES, True)
    assert mend(root) == (finding,)
    assert path.read_bytes() == whole


@pytest.mark.parametrize("oddity", sorted(ODDITIES.keys() - {"folder", "empty folder"}))
def test_what_is_no_folder_in_the_place_of_a_run_or_of_its_artefacts_is_damage(root: Path, oddity: str) -> None:
    artefacts, folder = run_file("artefacts")(root), RunStore(root).folder(SWEEP.arms[1].spec.run_id)
    for path in (artefacts, folder):
        shutil.rmtree(path)
        ODDITIES[oddity](path)
    damaged = {finding.path for finding in found(root) if finding.what is What.DAMAGED}
    assert {root / path for path in damaged} == {artefacts, folder}
    mend(root)
    for path in (artefacts, folder):
        assert not stands(path)
        assert stands(path.with_name(f"{path.name}.corrupt"))


@pytest.mark.parametrize("oddity", sorted(ODDITIES.keys() - {"giant"}))
def test_what_is_no_file_in_the_place_of_a_claim_is_damage(root: Path, oddity: str) -> None:
    path = root / "claims" / BASELINE.run_id
    path.parent.mkdir(exist_ok=True)
    ODDITIES[oddity](path)
    (finding,) = found(root)
    assert (finding.what, finding.subject) == (What.DAMAGED, f"claim of run {BASELINE.run_id[:12]}")
    assert mend(root) == (finding,)
    assert stands(path.with_name(f"{path.name}.corrupt"))
    assert Leases(root).take(BASELINE.run_id)


def test_a_plan_that_may_not_be_read_is_no_damage(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = study_file("plans.jsonl")(root)
    refuse(monkeypatch, path, PermissionError(13, "Permission denied"))
    (finding,) = found(root)
    assert (finding.what, finding.detail, finding.is_problem) == (What.REFUSED, "Permission denied", True)
    assert mend(root) == ()
    assert path.is_file()


def test_folders_that_are_links_are_looked_into(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("runs", "studies"):
        shutil.move(root / name, elsewhere / name)
        (root / name).symlink_to(elsewhere / name)
    assert found(root) == []
    flip(run_file("arrays.npz")(root))
    assert [finding.what for finding in found(root)] == [What.DAMAGED, What.TABLES]
