"""Every page, from a store with everything in it that may go wrong: what it says, and that it changes nothing."""

from __future__ import annotations

import html
import importlib
import re
import shutil
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from ablate.core.identity import short_id
from ablate.core.specs import RunSpec
from ablate.operations.as_json import to_json
from ablate.operations.catalogue import catalogue
from ablate.operations.compare import compare
from ablate.operations.show import show
from tests.damage import state
from tests.serving.conftest import Browser, TestClient, make_store
from tests.serving.stored import ALONE, DAMAGED, DIVERGED, FAILED, HOSTILE, LACKING, RUNS, SOUND

TWO = "with=optimizers:adam&with=optimizers:sgd"
PAGES = (
    "/",
    "/studies/optimizers",
    "/studies/optimizers/answer",
    "/studies/optimizers/report.html",
    "/studies/optimizers/live",
    "/studies/optimizers/explore",
    "/studies/optimizers/explore?sweep=optimizers&margin=0.3",
    "/runs",
    "/runs?columns=arm&columns=optimizer.learning_rate&columns=test_loss&sort=-test_loss&per_page=5&page=2",
    "/runs?q=adam&study=optimizers&status=completed&where=seed=0",
    f"/runs/{SOUND}",
    f"/runs/{FAILED}",
    f"/runs/{DIVERGED}",
    f"/runs/{ALONE.run_id}",
    "/arms",
    "/arms?metric=val_loss&aggregate=last_mean&k=3&sort=-arm",
    "/arms?metric=test_loss&sort=-mean&q=adam",
    "/digit",
    "/compare",
    f"/compare?{TWO}",
    f"/compare/disagreements?{TWO}",
    f"/compare/weights?{TWO}",
    f"/compare/report.html?{TWO}",
    "/api",
    "/api/studies",
    "/api/studies/optimizers",
    "/api/studies/optimizers/explore?margin=0.3",
    "/api/studies/optimizers/live",
    "/api/runs?where=status=failed",
    "/api/arms?metric=val_loss&aggregate=last",
    f"/api/runs/{SOUND}",
    f"/api/compare?{TWO}",
)
# Path → status → a word that it says.
PROBLEMS = (
    ("/nowhere", 404, "no such page"),
    ("/studies/none", 404, "There are optimizers"),
    ("/studies/.hidden", 404, "cannot name a study"),
    ("/studies/optimizers/figures/none", 404, "no figure none"),
    ("/studies/none/live", 404, "There are optimizers"),
    ("/studies/.hidden/live/events", 404, "cannot name a study"),
    (f"/studies/optimizers/live/events?last={'x' * 200}", 400, "no id of an event"),
    ("/studies/none/explore", 404, "There are optimizers"),
    ("/studies/optimizers/explore?sweep=none", 404, "no sweep none"),
    ("/studies/optimizers/explore?margin=-1", 400, "positive and finite"),
    ("/studies/optimizers/explore?margin=nan", 400, "positive and finite"),
    ("/studies/optimizers/explore?margin=10%25", 400, "number above 0"),
    (f"/runs/{DAMAGED}", 404, "checksum does not match"),
    (f"/runs/{LACKING}", 404, "not trained yet"),
    ("/runs/" + "0" * 64, 404, "no run"),
    ("/runs/zz", 400, "at least four digits"),
    ("/runs?where=nope=3", 400, "nope"),
    ("/runs?q=" + "1+" * 3000, 400, "it may have 200"),
    ("/arms?q=" + "1+" * 3000, 400, "it may have 200"),
    ("/runs?where=model.x=" + "{a:" * 2000, 400, "more than 1,000"),
    ("/arms?where=model.x=" + "{a:" * 2000, 400, "more than 1,000"),
    ("/api/runs?where=model.x=" + "{a:" * 2000, 400, "more than 1,000"),
    ("/runs?study=" + "a" * 2000, 400, "it may have 1,000"),
    ("/runs?page=x", 400, "whole number"),
    ("/runs?per_page=100000", 400, "whole number"),
    ("/arms?metric=nope", 400, "nope"),
    ("/arms?aggregate=nope", 400, "evaluated"),
    ("/runs?sort=nope", 400, "no column nope"),
    ("/arms?metric=val_loss&sort=mean", 400, "cannot be sorted"),
    ("/compare?with=optimizers:none", 404, "names no arm"),
    ("/compare?with=0000", 404, "no run 0000"),
    (f"/compare?with={SOUND}", 200, "two sides"),
    (f"/compare?with={SOUND}&with={SOUND[:9]}", 400, "name each side once"),
    (f"/compare?with={SOUND}&with=optimizers:nadam+none", 404, "no run none"),
    (f"/compare?with={SOUND}&with={DAMAGED}", 404, "checksum does not match"),
    ("/compare/report.html", 400, "from two"),
)


def text_of(answer_text: str) -> str:
    """What is read on a page."""
    without_scripts = re.sub(r"<(script|style)\b.*?</\1>", " ", answer_text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", without_scripts)).split())


class Links(HTMLParser):
    """Where a page leads to on the server, what it is made of included."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {value for name, value in attrs if name in ("href", "src") and value and value.startswith("/")}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands(path: str, browser: Browser) -> None:
    answer = browser().get(path)
    assert answer.status_code == 200
    if "api/" in path:
        assert {"kind", "version"} <= answer.json().keys()
    else:
        assert answer.text.rstrip().endswith("</html>")


@pytest.mark.parametrize(("path", "status", "word"), PROBLEMS)
def test_what_cannot_be_is_said(path: str, status: int, word: str, browser: Browser) -> None:
    answer = browser().get(path)
    assert (answer.status_code, word in text_of(answer.text)) == (status, True), text_of(answer.text)
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", [path for path, _, _ in PROBLEMS if path.startswith(("/studies/none", "/runs/"))])
def test_the_same_is_said_to_programs(path: str, browser: Browser) -> None:
    page, document = browser().get(path), browser().get(f"/api{path}")
    assert document.status_code == page.status_code
    assert document.json()["message"] in text_of(page.text)


def test_nobody_writes_a_script_or_a_control_into_a_page(browser: Browser) -> None:
    """The question of the study and the message of its failure hold both."""
    client = browser()
    for path in PAGES:
        page = client.get(path).text
        if "/api/" not in path:
            assert "<script>alert" not in page
        assert "\x1b" not in page
        assert "{{ 7 * 7 }}" in page or "7 * 7" not in page
    assert "alert(1)" in client.get("/").text
    assert "alert(1)" in client.get(f"/runs/{FAILED}").text


def test_every_link_of_every_page_leads_somewhere(browser: Browser) -> None:
    client = browser()
    links = {link for path in PAGES if "/api/" not in path for link in Links(client.get(path).text).found}
    assert {f"/runs/{SOUND}", "/assets/style.css", "/api"} <= links
    # Nobody can open what is damaged or not there yet, and the tables say that it is.
    unopened = {f"/runs/{DAMAGED}", f"/runs/{LACKING}"}
    figures = {link for link in links if "/figures/" in link}
    for link in sorted(links - unopened - figures):
        assert client.get(link).status_code == 200, link


def test_nothing_is_asked_of_another_place(browser: Browser) -> None:
    for path in PAGES:
        addresses = re.findall(r"(?:href|src|action)=\"([^\"]*)\"", browser().get(path).text)
        assert {urlsplit(address).netloc for address in addresses} <= {""}, path


# what they say -----------------------------------------------------------------------------------------


def test_the_studies_say_how_far_each_is(browser: Browser) -> None:
    client = browser()
    first = text_of(client.get("/").text)
    # Of twelve one failed, and one is missing. That one is damaged shows when it is opened.
    assert "10 of 12 runs" in first
    assert "under way" in first
    assert "Its answer so far" in first
    client.get("/studies/optimizers/answer")
    assert "Its answer so far" not in client.get("/").text


def test_a_study_is_its_report_as_far_as_it_is(browser: Browser) -> None:
    said = text_of(browser().get("/studies/optimizers").text)
    assert "9 of 12 runs are done" in said
    assert "checksum does not match" in said
    assert "fsck --repair" in said
    assert "How to rebuild" in said


def test_the_report_of_a_study_is_one_file(browser: Browser) -> None:
    answer = browser().get("/studies/optimizers/report.html")
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''optimizers.html"
    assert Links(answer.text).found == set()


def test_a_figure_that_no_page_draws_is_an_image(browser: Browser) -> None:
    client = browser()
    figures = [link for link in Links(client.get("/studies/optimizers").text).found if "/figures/" in link]
    for figure in figures[:1]:
        answer = client.get(figure)
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")


def test_a_run_says_all_that_is_stored_of_it(browser: Browser) -> None:
    said = text_of(browser().get(f"/runs/{short_id(SOUND)}").text)
    for part in (SOUND, "completed", "optimizers:optimizer=adam", "seed 1", "val_loss", "optimizer.learning_rate"):
        assert part in said
    assert f"{RUNS[SOUND].record.metrics['test_loss']:.4f}" in said


def test_a_failure_is_shown_with_its_end(browser: Browser) -> None:
    said = text_of(browser().get(f"/runs/{FAILED}").text)
    assert "failed" in said
    assert "ValueError" in said
    assert "Traceback (most recent call last)" in said


def rows_of(page: str) -> list[list[str]]:
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return [
        [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


def test_runs_are_sorted_filtered_and_cut_here(browser: Browser) -> None:
    client = browser()
    query = "columns=status&columns=test_loss&sort=-test_loss&per_page=5"
    first, second = (rows_of(client.get(f"/runs?{query}&page={page}").text) for page in (1, 2))
    losses = {run_id: run.record.metrics["test_loss"] for run_id, run in RUNS.items() if run_id not in UNMEASURED}
    expected = sorted([*losses, ALONE.run_id], key=lambda run_id: -losses.get(run_id, loss_of_alone()))
    assert [row[1] for row in (*first, *second)][: len(expected)] == [short_id(run_id) for run_id in expected]
    # What has no value comes last, in either direction.
    backwards = rows_of(client.get("/runs?columns=test_loss&sort=test_loss").text)
    assert [row[1] for row in backwards][: len(expected)] == [short_id(run_id) for run_id in reversed(expected)]
    failed = rows_of(client.get("/runs?status=failed&columns=status").text)
    assert [(row[1], row[2]) for row in failed] == [(short_id(FAILED), "failed")]
    assert len(rows_of(client.get("/runs?q=NADAM+optimizers").text)) == 4


UNMEASURED = (FAILED, DIVERGED, LACKING)


def loss_of_alone() -> float:
    from tests.synthetic import completed_run

    return completed_run(ALONE).record.metrics["test_loss"]


def test_arms_are_means_over_their_seeds(browser: Browser) -> None:
    """By hand: of adam four, of sgd the two that ended whole, of nadam three; and a run by itself."""
    client = browser()
    rows = {row[1].split()[0]: row for row in rows_of(client.get("/arms?metric=test_loss").text)}
    adam = [run.record.metrics["test_loss"] for run in list(RUNS.values())[:4]]
    assert rows["optimizers:optimizer=adam"][2] == "4"
    assert float(rows["optimizers:optimizer=adam"][3]) == pytest.approx(sum(adam) / 4, abs=1e-3)
    assert rows["optimizers:optimizer=sgd"][2] == "2 (1 failed, 1 diverged)"
    assert rows["optimizers:optimizer=nadam"][2] == "3 (1 missing)"
    assert len(rows) == 4


@pytest.mark.parametrize(
    ("aggregate", "number"),
    [
        ("evaluated", lambda run: run.history["val_loss"][run.record.evaluated_epoch - 1]),
        ("last", lambda run: run.history["val_loss"][-1]),
        ("best", lambda run: run.history["val_loss"].min()),
        ("last_mean&k=3", lambda run: run.history["val_loss"][-3:].mean()),
    ],
)
def test_which_number_of_a_run_is_meant_is_said(aggregate: str, number, browser: Browser) -> None:  # type: ignore[no-untyped-def]
    page = browser().get(f"/arms?metric=val_loss&aggregate={aggregate}&where=arm=nadam").text
    runs = list(RUNS.values())[8:11]
    assert float(rows_of(page)[0][3]) == pytest.approx(sum(map(number, runs)) / 3, abs=1e-3)
    assert "val_loss " in text_of(page)


def test_sides_are_compared_as_the_verb_does(browser: Browser, results: Path) -> None:
    found = compare("optimizers:adam", "optimizers:nadam", results_dir=results, sets_aside=False)
    page = browser().get("/compare?with=optimizers:adam&with=optimizers:nadam")
    said = text_of(page.text)
    for label in found.labels:
        assert label in said
    assert "Verdicts" in said
    exploratory = browser().get(f"/compare?with={SOUND}&with={ALONE.run_id}&allow=yes")
    assert "Exploratory differences" in text_of(exploratory.text)


def test_examples_that_are_not_here_are_said(browser: Browser) -> None:
    """The data of the store is made up, and so is its digest."""
    said = text_of(browser().get(f"/compare/disagreements?{TWO}").text)
    assert "is not what the run was trained on" in said


def test_examples_are_shown_as_images(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty at most, each with what it is and what both sides take it for."""
    asked: list[list[int]] = []

    def images(spec: RunSpec, indices: list[int], *_: object) -> list[np.ndarray[Any, Any]]:
        asked.append(indices)
        return [np.full((8, 8), 0.5) for _ in indices]

    monkeypatch.setattr("ablate.serving.pages.compare.example_images", images)
    found = browser().get(f"/api/compare?{TWO}").json()["disagreements"]["examples"]
    page = browser().get(f"/compare/disagreements?{TWO}").text
    assert asked == [[each["index"] for each in found[:50]]]
    assert page.count("<use ") == len(found[:50])
    first = found[0]
    assert f"is {first['label']}A: {first['predictions'][0]} (" in text_of(page)
    assert "data:image/png;base64," in browser().get(f"/compare/report.html?{TWO}").text


def test_a_form_may_give_the_sides_in_one_field(browser: Browser) -> None:
    answer = browser().get("/compare?with=optimizers:adam+optimizers:nadam&with=")
    assert answer.status_code == 200
    assert "Verdicts" in text_of(answer.text)


def test_the_documents_are_those_of_the_operations(browser: Browser, results: Path) -> None:
    client = browser()
    assert client.get("/api/studies").json() == to_json(catalogue(results_dir=results, sets_aside=False))
    assert client.get(f"/api/runs/{SOUND}").json() == to_json(show(SOUND, results_dir=results, sets_aside=False)[0])
    assert client.get(f"/api/compare?{TWO}").json() == to_json(
        compare("optimizers:adam", "optimizers:sgd", results_dir=results, sets_aside=False)
    )


def test_the_page_of_the_documents_names_every_address(browser: Browser) -> None:
    from ablate.serving.routes import routes

    said = text_of(browser().get("/api").text)
    assert [route.path for route in routes() if route.path not in said] == []


# the store is only read ----------------------------------------------------------------------------------


def crawl(client: TestClient) -> None:
    for path in (*PAGES, *(path for path, _, _ in PROBLEMS)):
        client.get(path)


def test_nothing_of_the_store_is_changed(browser: Browser, tmp_path: Path) -> None:
    """Not a byte, not a time, not a file more, though much of it is damaged."""
    folder = make_store(tmp_path / "results")
    (folder / "studies" / "optimizers" / "study_log.jsonl").write_text("damaged\n")
    before = state(folder)
    crawl(browser(folder))
    assert state(folder) == before


def test_a_folder_that_may_not_be_written_is_shown(browser: Browser, tmp_path: Path) -> None:
    folder = make_store(tmp_path / "results")
    places = [folder, *folder.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        client = browser(folder)
        assert {path: client.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 200)
    finally:
        for place in places:
            place.chmod(0o755 if place.is_dir() else 0o644)


@pytest.mark.parametrize("path", ["/", "/runs", "/arms", "/compare", "/api/studies", "/api/runs"])
def test_a_folder_without_a_store_says_how_to_make_one(path: str, browser: Browser, tmp_path: Path) -> None:
    answer = browser(tmp_path / "none").get(path)
    assert answer.status_code == 200
    assert path not in ("/", "/runs", "/arms") or "ablate +sweep=optimizers" in text_of(answer.text)
    assert path != "/" or "no such folder" in text_of(answer.text)
    assert not (tmp_path / "none").exists()


def test_what_is_stored_later_appears(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    client = browser(folder)
    assert "no study" in text_of(client.get("/").text)
    make_store(folder)
    assert "optimizers" in text_of(client.get("/").text)
    assert "9 of 12 runs are done" in text_of(client.get("/studies/optimizers").text)
    shutil.rmtree(folder / "runs")
    assert "Nothing of it has been trained yet" in text_of(client.get("/studies/optimizers").text)


def test_a_link_that_leads_out_is_not_followed(browser: Browser, tmp_path: Path) -> None:
    """What it leads to is as sound as can be, and somebody else's."""
    mine, theirs = make_store(tmp_path / "mine"), make_store(tmp_path / "theirs")
    run = mine / "runs" / SOUND[:2] / SOUND
    shutil.rmtree(run)
    run.symlink_to(theirs / "runs" / SOUND[:2] / SOUND)
    client = browser(mine)
    for path in (f"/runs/{SOUND}", f"/api/runs/{SOUND}", "/studies/optimizers", f"/compare?{TWO}"):
        answer = client.get(path)
        assert (answer.status_code, "leads out" in text_of(answer.text)) == (404, True), path
    shutil.rmtree(mine / "studies" / "optimizers")
    (mine / "studies" / "optimizers").symlink_to(theirs / "studies" / "optimizers")
    assert client.get("/studies/optimizers").status_code == 404
    said = text_of(client.get("/").text)
    assert "leads out" in said
    assert "of 12 runs" not in said
    assert "optimizer=adam" not in client.get("/compare").text


def test_the_tables_say_what_is_damaged_and_what_lies_elsewhere(browser: Browser, tmp_path: Path) -> None:
    """The index knows neither: the one is missing for it, the other as sound as can be."""
    mine, theirs = make_store(tmp_path / "mine"), make_store(tmp_path / "theirs")
    run = mine / "runs" / SOUND[:2] / SOUND
    shutil.rmtree(run)
    run.symlink_to(theirs / "runs" / SOUND[:2] / SOUND)
    (mine / "runs" / ALONE.run_id[:2] / ALONE.run_id / "record.json").write_text("{}")
    broken = next(iter(RUNS))
    (mine / "runs" / broken[:2] / broken / "record.json").write_text("{}")
    client = browser(mine)
    loss = "columns=status&columns=test_loss&columns=seed"
    rows = {row[1]: row[2:] for row in rows_of(client.get(f"/runs?{loss}").text)}
    assert rows[short_id(SOUND)] == ["elsewhere", str(RUNS[SOUND].spec.seed), ""]
    assert rows[short_id(broken)][0] == "damaged"
    assert rows[short_id(LACKING)][0] == "missing"
    seeds = client.get("/arms?metric=test_loss&where=arm=adam").text
    assert "elsewhere" in seeds
    assert "damaged" in seeds


def test_a_plan_that_cannot_be_read_is_said(browser: Browser, tmp_path: Path) -> None:
    folder = make_store(tmp_path / "results")
    plans = folder / "studies" / "optimizers" / "plans.jsonl"
    plans.write_text(plans.read_text()[:-50] + "}\n")
    client = browser(folder)
    assert "line 1 is damaged" in text_of(client.get("/").text)
    assert (client.get("/studies/optimizers").status_code, client.get("/runs").status_code) == (404, 200)
    assert client.get("/compare").status_code == 200


def test_a_hostile_name_stands_there_as_it_is(browser: Browser) -> None:
    assert html.escape(HOSTILE.split("<")[1].split(">")[0]) in browser().get("/").text


# what takes long -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "slow"),
    [
        ("/studies/optimizers", "ablate.serving.pages.study.report_blocks"),
        ("/studies/optimizers/answer", "ablate.serving.pages.studies.answer_of"),
        (f"/compare?{TWO}", "ablate.serving.pages.compare.compare"),
    ],
)
def test_a_page_that_takes_long_says_so_and_comes(
    path: str, slow: str, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, _, name = slow.rpartition(".")
    real, may_go = getattr(importlib.import_module(module), name), threading.Event()

    def waits(*given: object, **named: object) -> object:
        assert may_go.wait(30)
        return real(*given, **named)

    monkeypatch.setattr(slow, waits)
    monkeypatch.setattr("ablate.serving.content.PATIENCE", 0.05)
    client = browser()
    first = client.get(path)
    assert first.status_code == 202
    assert '<meta http-equiv="refresh"' in first.text
    assert "is being made" in text_of(first.text)
    if path == "/studies/optimizers":
        assert "10 of 12 runs" in text_of(first.text)  # as the index has it
    # Nobody else waits for it.
    assert client.get("/runs").status_code == 200
    may_go.set()
    monkeypatch.setattr("ablate.serving.content.PATIENCE", 30)
    assert client.get(path).status_code == 200


def test_many_damaged_runs_are_counted_and_not_listed(browser: Browser, tmp_path: Path) -> None:
    folder = make_store(tmp_path / "results")
    for record in folder.glob("runs/*/*/record.json"):
        record.write_text("{}")
    said = text_of(browser(folder).get("/studies/optimizers").text)
    assert said.count("so the run counts as missing") == 5
    assert "6 more runs are damaged" in said
