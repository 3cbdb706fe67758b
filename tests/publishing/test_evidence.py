import io
from dataclasses import replace

import numpy as np
import pytest

from ablate.analysis import judging
from ablate.analysis.frame import study_tables
from ablate.analysis.judging import judge_study
from ablate.analysis.results import study_results
from ablate.core.records import Failure, StoredRun
from ablate.core.specs import Sweep, confirmation_runs
from ablate.publishing.evidence import Evidence, pack_evidence, unpack_evidence
from ablate.reporting.report import report_markdown
from ablate.verdicts.verdict import Word
from tests.reporting.wording import forbidden
from tests.synthetic import (
    completed_run,
    completed_runs,
    dropout_sweep,
    eventful_runs,
    failed_run,
    optimizer_sweep,
    plan_of,
    with_weights,
)

SWEEP = optimizer_sweep(seeds=3)
PLAN = plan_of(SWEEP)
SWEEP_CONFIRMED = replace(SWEEP, spec=replace(SWEEP.spec, confirm=3))
EVIDENCE = Evidence(PLAN, eventful_runs(SWEEP), ("+sweep=optimizers",))


def test_what_was_packed_says_the_same() -> None:
    back = unpack_evidence(pack_evidence(EVIDENCE).files)
    assert (back.plan, back.command) == (EVIDENCE.plan, EVIDENCE.command)
    assert study_results(back.plan, back.runs) == study_results(EVIDENCE.plan, EVIDENCE.runs)
    assert all(back.runs[run_id].spec == run.spec for run_id, run in EVIDENCE.runs.items())


def test_tables_that_were_made_already_are_packed_as_they_would_be_made(monkeypatch) -> None:
    whole = study_tables(PLAN, EVIDENCE.runs).files()
    assert pack_evidence(replace(EVIDENCE, tables=whole)).files == pack_evidence(EVIDENCE).files
    # Where predictions find no room, verdicts are told of what did.
    monkeypatch.setattr("ablate.publishing.evidence.PREDICTION_BYTES", 0)
    assert pack_evidence(replace(EVIDENCE, tables=whole)).files == pack_evidence(EVIDENCE).files
    assert pack_evidence(EVIDENCE).files["verdicts.csv"] != whole["verdicts.csv"]


@pytest.mark.parametrize("room", [0, 200, 10**9])
@pytest.mark.parametrize("claims", [(), ("adamw < adam on weight_std", "adamw ~ adam on test_accuracy within 0.01")])
def test_what_was_judged_before_packing_holds_as_far_as_the_packed_runs_tell_it(monkeypatch, room, claims) -> None:
    monkeypatch.setattr("ablate.publishing.evidence.PREDICTION_BYTES", room)
    one, other = weighty(SWEEP, *claims), weighty(dropout_sweep((0.3, 0.5)))
    evidence = Evidence(replace(one.plan, sweeps=(*one.plan.sweeps, *other.plan.sweeps)), {**one.runs, **other.runs})
    judged = judge_study(evidence.plan, evidence.runs)
    packed = pack_evidence(replace(evidence, judged=judged))
    assert packed == pack_evidence(evidence)
    back = unpack_evidence(packed.files)
    assert packed.judged == judge_study(back.plan, back.runs)
    assert (packed.judged == judged) == (room == 10**9)


def test_only_sweeps_that_lost_something_are_judged_again(monkeypatch) -> None:
    monkeypatch.setattr("ablate.publishing.evidence.PREDICTION_BYTES", 0)
    bare = {
        run_id: replace(run, arrays={name: array for name, array in run.arrays.items() if "test/" not in name})
        for run_id, run in completed_runs(dropout_sweep((0.3, 0.5))).items()
    }
    plan = plan_of(SWEEP, dropout_sweep((0.3, 0.5)))
    evidence = Evidence(plan, {**EVIDENCE.runs, **bare})
    evidence = replace(evidence, judged=judge_study(plan, evidence.runs))
    asked: list[str] = []
    judge_arms = judging.judge_arms
    monkeypatch.setattr(
        judging,
        "judge_arms",
        lambda arms, baseline, *rest, **named: asked.append(baseline) or judge_arms(arms, baseline, *rest, **named),
    )
    pack_evidence(evidence)
    assert asked == [plan.sweeps[0].baseline.name]


def test_packing_again_gives_the_same_bytes() -> None:
    once = pack_evidence(EVIDENCE).files
    assert pack_evidence(unpack_evidence(once)).files == once


CLAIMS = (
    "adamw < adam on weight_std",
    "sgd > adam on epochs_to(val_loss, 0.3)",
    "adamw ~ adam on test_accuracy within 0.01",
)


def weighty(sweep: Sweep, *claims: str) -> Evidence:
    """A study with these claims, of whose runs all but one have statistics of their weights."""
    asked = replace(sweep, spec=replace(sweep.spec, claims=claims))
    runs = eventful_runs(asked)
    rng = np.random.default_rng(0)
    with_statistics = {run_id: with_weights(run, 0.3 + 0.01 * rng.random()) for run_id, run in list(runs.items())[1:]}
    return Evidence(plan_of(asked), {**runs, **with_statistics}, ("+sweep=optimizers",))


def test_weights_are_packed_where_a_claim_is_about_them() -> None:
    evidence = weighty(SWEEP, *CLAIMS)
    files = pack_evidence(evidence).files
    assert pack_evidence(unpack_evidence(files)).files == files
    with np.load(io.BytesIO(files["weights.npz"])) as packed:
        assert len(packed.files) == 2 * (len(evidence.runs) - 1)
    back = unpack_evidence(files)
    found = study_results(back.plan, back.runs).sweeps[0].claims
    assert found == study_results(evidence.plan, evidence.runs).sweeps[0].claims
    assert found[0].n == 3
    assert "weights.npz" not in pack_evidence(weighty(SWEEP, *CLAIMS[1:])).files


def test_weights_of_other_sweeps_stay_out() -> None:
    asked = weighty(SWEEP, CLAIMS[0])
    other = weighty(dropout_sweep((0.3, 0.5)))
    files = pack_evidence(Evidence(replace(asked.plan, sweeps=(*asked.plan.sweeps, *other.plan.sweeps)),
                          {**asked.runs, **other.runs})).files  # fmt: skip
    assert files["weights.npz"] == pack_evidence(asked).files["weights.npz"]


def test_the_report_of_the_data_is_that_of_the_store() -> None:
    """With claims about weights, epochs and test predictions, a log, and confirmation runs."""
    asked = weighty(SWEEP_CONFIRMED, *CLAIMS)
    fresh = {
        spec.run_id: completed_run(spec) for run, spec in confirmation_runs(SWEEP_CONFIRMED).items() if "ad" in run.arm
    }
    runs = {**asked.runs, **fresh}
    events = ({"event": "post_hoc_claims", "logged_at": "2030-01-02T12:00:00+00:00", "optimizers": [CLAIMS[0]]},)
    files = pack_evidence(replace(asked, runs=runs, events=events)).files
    back = unpack_evidence(files)
    text = report_markdown(study_results(back.plan, back.runs, back.events), back.command)
    assert text == report_markdown(study_results(asked.plan, runs, events), asked.command)
    assert "weights (average of the kernels)" in text
    assert "**post hoc claims**" in text
    assert forbidden(text) == []
    assert files["verdicts.csv"] == study_tables(asked.plan, runs, events=events).files()["verdicts.csv"]


def no_op() -> Evidence:
    """Two arms whose runs came out alike: the same levels, but for the name."""
    sweep = dropout_sweep()
    reference, other = sweep.arms
    whole = {seed: with_weights(completed_run(reference.spec.with_seed(seed)), 0.3) for seed in sweep.spec.seeds}
    runs = {run.spec.run_id: run for run in whole.values()}
    for seed, run in whole.items():
        spec = other.spec.with_seed(seed)
        runs[spec.run_id] = replace(run, spec=spec, record=replace(run.record, run_id=spec.run_id))
    return Evidence(plan_of(sweep), runs)


def test_what_is_known_to_be_the_same_run_stays_known() -> None:
    evidence = no_op()
    packed = pack_evidence(evidence)
    back = unpack_evidence(packed.files)
    assert all("weights/statistics" not in run.arrays for run in back.runs.values())
    assert {run_id: run.digest for run_id, run in back.runs.items()} == {
        run_id: run.digest for run_id, run in evidence.runs.items()
    }
    for judged in (judge_study(evidence.plan, evidence.runs), packed.judged, judge_study(back.plan, back.runs)):
        assert [row.word for row in judged[0].verdicts] == [Word.IDENTICAL]
    assert pack_evidence(back).files == packed.files


def test_reports_without_digests_say_less() -> None:
    files = {name: content for name, content in pack_evidence(no_op()).files.items() if name != "digests.json"}
    back = unpack_evidence(files)
    assert all(run.digest is None for run in back.runs.values())
    (judged,) = judge_study(back.plan, back.runs)
    assert [row.word for row in judged.verdicts] == [Word.NO_DIFFERENCE_SEEN]
    assert "digests.json" not in pack_evidence(back).files
    text = report_markdown(study_results(back.plan, back.runs), back.command)
    shown, _, unresolved = text.partition("**Not resolved**")
    assert "NO DIFFERENCE AT THIS RESOLUTION" not in shown
    assert "NO DIFFERENCE AT THIS RESOLUTION" in unresolved


def test_predictions_are_packed_as_mistakes() -> None:
    labels, predictions = np.array([0, 1, 2, 9, 4]), np.array([0, 2, 2, 0, 4])
    spec = SWEEP.arms[0].spec
    run = completed_run(spec)
    run = replace(run, arrays={**run.arrays, "test/label": labels, "test/prediction": predictions})
    files = pack_evidence(Evidence(PLAN, {spec.run_id: run})).files
    with np.load(io.BytesIO(files["predictions.npz"])) as packed:
        (mistakes,) = (packed[name] for name in packed.files if "mistake" in name)
    assert mistakes.tolist() == [0, 3, 0, 1, 0]
    back = unpack_evidence(files).runs[spec.run_id].arrays
    assert back["test/prediction"].tolist() == predictions.tolist()
    assert back["test/label"].tolist() == labels.tolist()


def test_the_log_keeps_what_happened_and_not_when() -> None:
    events = ({"event": "post_hoc_seeds", "logged_at": "2030-01-02T12:00:00+00:00", "optimizers": [3]},)
    files = pack_evidence(replace(EVIDENCE, events=events)).files
    assert unpack_evidence(files).events == ({"event": "post_hoc_seeds", "optimizers": [3]},)
    assert b"2030" not in files["study_log.jsonl"]
    assert pack_evidence(replace(EVIDENCE, events=())).files.get("study_log.jsonl") == b""
    older = {name: content for name, content in files.items() if name != "study_log.jsonl"}
    assert unpack_evidence(older).events == ()


def test_of_generated_images_those_are_packed_that_the_report_shows() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 1)).astype(np.uint8)
    runs = {
        run_id: replace(run, arrays={**run.arrays, "generated/images": images + np.uint8(run.spec.seed)})
        for run_id, run in completed_runs(SWEEP).items()
    }
    files = pack_evidence(Evidence(PLAN, runs)).files
    back = unpack_evidence(files)
    assert study_results(back.plan, back.runs) == study_results(PLAN, runs)
    assert pack_evidence(back).files == files
    (sweep,) = study_results(back.plan, back.runs).sweeps
    assert [each.seed for each in sweep.samples] == [0] * len(SWEEP.arms)
    assert {each.pixels for each in sweep.samples} == {images.tobytes()}
    assert "generated.npz" not in pack_evidence(EVIDENCE).files


def test_runs_of_other_studies_stay_out() -> None:
    stranger = completed_run(replace(SWEEP.arms[0].spec, salt=9))
    assert (
        pack_evidence(replace(EVIDENCE, runs={**EVIDENCE.runs, stranger.spec.run_id: stranger})).files
        == pack_evidence(EVIDENCE).files
    )


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("no file /home/zoltan/data/mnist.npz", "no file mnist.npz"),
        ("'/tmp/a b/c.txt' is gone", "'a b/c.txt' is gone"),
        ("C:\\Users\\zoltan\\x.npz", "x.npz"),
        ("~/secret/x.npz", "x.npz"),
        ("file:///home/zoltan/conf", "conf"),
        ("1/2 of the runs, shape (3, 4)", "1/2 of the runs, shape (3, 4)"),
        ("see https://keras.io/api/x", "see https://keras.io/api/x"),
    ],
)
def test_messages_lose_their_folders(message: str, kept: str) -> None:
    failed = failed_run(SWEEP.arms[0].spec)
    failure = Failure("error", "OSError", message, 'File "/home/zoltan/x.py", line 3')
    run = replace(failed, record=replace(failed.record, failure=failure))
    files = pack_evidence(Evidence(PLAN, {run.spec.run_id: run})).files
    found = unpack_evidence(files).runs[run.spec.run_id].record.failure
    assert found is not None
    assert (found.message, found.traceback) == (kept, "")
    assert not any(b"zoltan" in content for content in files.values())


def like_mnist(run: StoredRun) -> StoredRun:
    rng = np.random.default_rng(int(run.spec.run_id[:8], 16))
    labels = np.random.default_rng(0).integers(0, 10, 10_000)
    wrong = rng.random(10_000) < 0.02
    predictions = np.where(wrong, rng.integers(0, 10, 10_000), labels)
    history = {f"history/metric_{index}": rng.random(30) for index in range(20)}
    return replace(run, arrays={**history, "test/label": labels, "test/prediction": predictions})


def test_a_study_on_mnist_is_small_enough_to_be_committed() -> None:
    sweep = optimizer_sweep(seeds=8)
    runs = {run_id: like_mnist(run) for run_id, run in completed_runs(sweep).items()}
    assert sum(map(len, pack_evidence(Evidence(plan_of(sweep), runs)).files.values())) < 3_000_000


def probed(run: StoredRun) -> StoredRun:
    rng = np.random.default_rng(int(run.spec.run_id[:8], 16))
    sharpness = {"value/sharpness": np.asarray(rng.random()), "converged": np.asarray(True)}
    surface = {"value/surface_rise": np.asarray(0.1), "loss": rng.random((17, 17))}
    useless = {"not_applicable": np.array("a regression has no confidences")}
    found = {"sharpness": sharpness, "loss_surface": surface, "calibration": useless}
    return replace(run, artefacts={**found, "weights": {"kernel": np.ones(9)}})


@pytest.mark.parametrize("room", [0, 17_000, 10**9])
def test_numbers_of_probes_are_packed_whole_and_pictures_as_far_as_there_is_room(monkeypatch, room: int) -> None:
    monkeypatch.setattr("ablate.publishing.evidence.PROBE_BYTES", room)
    runs = {run_id: probed(run) for run_id, run in completed_runs(SWEEP).items()}
    files = pack_evidence(Evidence(PLAN, runs)).files
    back = unpack_evidence(files).runs
    assert all(back[run_id].probes == run.probes for run_id, run in runs.items())
    assert all("weights" not in run.artefacts for run in back.values())
    assert {str(run.artefacts["calibration"]["not_applicable"]) for run in back.values()} == {
        "a regression has no confidences"
    }
    with_picture = [run for run in back.values() if "loss" in run.artefacts["loss_surface"]]
    assert len(with_picture) == {0: 0, 10**9: len(runs)}.get(room, len(with_picture))
    assert {0: True, 10**9: True}.get(room, 0 < len(with_picture) < len(runs))
    if 0 < len(with_picture) < len(runs):
        assert {run.spec.seed for run in with_picture} == {0}
    assert pack_evidence(unpack_evidence(files)).files == files


def test_a_study_without_probes_has_no_files_of_them() -> None:
    assert not [name for name in pack_evidence(EVIDENCE).files if "probe" in name]
