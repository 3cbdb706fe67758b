"""The page that reads a digit: who can be asked, how it is asked, and what is shown of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from ablate.analysis.photo_predictions import Opinion, PhotoPrediction
from ablate.config.runs import Settings
from ablate.core.specs import Component
from ablate.operations.predict import Predictions
from ablate.serving.application import application
from ablate.serving.heat import image_of, layer_of
from ablate.serving.pages.digit import MOST_CLASSES, MOST_SIDES
from ablate.serving.reader import Busy, Reader, State, Step
from ablate.serving.readings import Preparation, Question, Reading, SideReading
from ablate.serving.security import Security, names_of
from ablate.serving.site import Site
from tests.cli.kept import keep
from tests.damage import state
from tests.serving.conftest import TestClient
from tests.serving.stored import HOSTILE
from tests.synthetic import completed_runs, optimizer_sweep

SWEEP = optimizer_sweep(seeds=2, optimizers={"adam": 0.001, "sgd": 0.01})
WAITING = State(Step.WAITING, "Starting TensorFlow")
HERE = {"origin": "http://127.0.0.1:8765"}


class Told(Reader):
    """A reader that answers what it was told to, and remembers what it was asked."""

    def __init__(self, folder: Path, answer: State) -> None:
        super().__init__(Settings(folder, folder, None, Component("a.b", {})))
        self.answer, self.asked, self.askers = answer, [], []  # type: ignore[var-annotated]

    def ask(self, question: Question, asker: str = "") -> str:
        if asker == "too many":
            raise Busy("6 pictures are waiting to be read.")
        self.asked.append(question)
        self.askers.append(asker)
        return "n1"

    def state(self, number: str) -> State | None:
        return self.answer if number == "n1" else None


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A study of which one arm kept the weights of one seed, and one that kept none."""
    runs = completed_runs(SWEEP)
    first = next(iter(runs))
    runs[first] = replace(runs[first], artefacts={"weights": {"a": np.zeros(3, np.float32)}})
    keep(tmp_path / "results", SWEEP, runs)
    keep(tmp_path / "results", replace(SWEEP, spec=replace(SWEEP.spec, name="bare", seeds=(7,))), {})
    return tmp_path / "results"


Open = Callable[..., tuple[TestClient, Told]]


@pytest.fixture
def opened(results: Path) -> Open:
    def open_one(answer: State = WAITING, most: int = 10_000) -> tuple[TestClient, Told]:
        reader = Told(results, answer)
        app = application(Site(results, reader=reader), Security(names_of("127.0.0.1"), None), most)
        return TestClient(app, base_url=HERE["origin"], follow_redirects=False), reader

    return open_one


def read(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def prediction(classes: int, seeds: int = 2, names: tuple[str, ...] = ()) -> PhotoPrediction:
    """Seed 0 reads 1, all others 2; in the mean 2 is ahead."""
    opinions = []
    for seed in range(seeds):
        probabilities = np.full(classes, 0.1 / (classes - 1))
        probabilities[1 if seed == 0 else 2] = 0.9 + 0.01 * seed
        opinions.append(Opinion(f"{seed:064x}", seed, probabilities, np.eye(classes)[0]))
    return PhotoPrediction("five.png", {}, tuple(opinions), class_names=names)


def side(name: str, found: PhotoPrediction, unasked: int = 0) -> SideReading:
    runs = len(found.opinions)
    return SideReading(
        name,
        found=Predictions(name, runs + unasked, unasked, (found,), {}),
        seed=0,
        layers=(layer_of("conv_1", np.ones((4, 4, 3))), layer_of("hidden_1", np.array([0.0, 1.5]))),
        layers_left_out=2,
    )


def reading(*sides: SideReading, problem: str = "") -> State:
    steps = tuple(image_of(np.eye(8), title) for title in ("grey", "centred in 8×8"))
    return State(Step.DONE, "", Reading(sides, (Preparation(steps, steps[0]),), problem))


# the page --------------------------------------------------------------------------------------------


def test_arms_with_weights_are_offered_and_the_others_say_what_keeps_them(opened: Open) -> None:
    client, _ = opened()
    page = client.get("/digit").text
    assert re.search(r'value="optimizers:optimizer=adam" checked(?! disabled)', page)
    assert re.search(r'value="optimizers:optimizer=sgd" disabled', page)
    assert "1 study without weights" in page
    assert "ablate +sweep=bare keep=[weights]" in read(page).replace("'", "")


def test_the_address_says_who_is_asked(opened: Open) -> None:
    client, _ = opened()
    checked = 'value="optimizers:optimizer=adam" checked'
    page = client.get("/digit?with=3fa9&with=optimizers:optimizer%3Dadam").text
    assert checked in page
    assert 'value="3fa9"' in page
    assert checked not in client.get("/digit?with=3fa9").text
    # Whoever cannot be asked says why when asked, and is not left out in silence.
    assert (
        'value="optimizers:optimizer=sgd bare:x"'
        in client.get("/digit?with=optimizers:optimizer%3Dsgd&with=bare:x").text
    )


def test_a_store_without_weights_says_how_to_begin(tmp_path: Path) -> None:
    app = application(Site(tmp_path / "none"), Security(names_of("127.0.0.1"), None))
    page = TestClient(app, base_url=HERE["origin"]).get("/digit").text
    assert "keep=[weights]" in page
    assert "canvas" not in page


# asking ----------------------------------------------------------------------------------------------


def test_what_is_sent_reaches_the_reader_and_the_answer_is_there_at_once(opened: Open, results: Path) -> None:
    client, reader = opened()
    before = state(results)
    query = {"with": ["optimizers:adam", "3fa9"], "name": "five\n.png", "seed": "1", "asker": "me"}
    told = client.post("/api/readings", params=query, content=b"\x89PNG", headers=HERE).json()
    assert told["kind"] == "reading"
    assert told["number"] == "n1"
    assert (told["step"], told["said"], told["is_over"]) == ("waiting", "Starting TensorFlow", False)
    (asked,) = reader.asked
    assert (asked.sides, asked.picture, asked.seed) == (("optimizers:adam", "3fa9"), b"\x89PNG", 1)
    assert "\n" not in asked.name
    assert reader.askers == ["me"]
    assert client.get("/api/readings/n1").json() == told
    assert state(results) == before


def test_a_form_has_a_picture_read_without_a_script(opened: Open) -> None:
    client, reader = opened()
    files, fields = {"picture": ("five.png", b"\x89PNG")}, {"with": ["optimizers:adam", "3fa9 81c2"]}
    answer = client.post("/digit", data=fields, files=files, headers=HERE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/digit/n1")
    (asked,) = reader.asked
    assert asked == Question(("optimizers:adam", "3fa9", "81c2"), b"\x89PNG", "five.png")
    page = client.get("/digit/n1").text
    assert "Starting TensorFlow" in page
    assert '<meta http-equiv="refresh"' in page
    none = client.post("/digit", data=fields, files={"picture": ("", b"")}, headers=HERE)
    assert none.status_code == 400
    assert "Choose a picture" in none.text


@pytest.mark.parametrize(
    ("query", "status", "why"),
    [
        ({}, 400, "Choose who is asked"),
        ({"with": [f"{number:04x}" for number in range(MOST_SIDES + 1)]}, 400, "Choose who is asked"),
        ({"with": "x" * 500}, 400, "Choose who is asked"),
        ({"with": "a:b", "seed": "-1"}, 400, "whole number"),
        ({"with": "a:b", "seed": "nonsense"}, 400, "whole number"),
        ({"with": "a:b", "asker": "too many"}, 429, "6 pictures are waiting"),
    ],
)
def test_nonsense_is_said(opened: Open, query: dict[str, str], status: int, why: str) -> None:
    client, reader = opened()
    answer = client.post("/api/readings", params=query, content=b"x", headers=HERE)
    assert answer.status_code == status
    assert why in answer.json()["message"]
    assert reader.asked == []


def test_too_much_is_refused_before_anybody_reads_it(opened: Open) -> None:
    client, reader = opened()
    answer = client.post("/api/readings?with=a:b", content=b"x" * 10_001, headers=HERE)
    assert answer.status_code == 413
    assert reader.asked == []


def test_another_site_cannot_have_anything_read(opened: Open) -> None:
    client, reader = opened()
    answer = client.post("/api/readings?with=a:b", content=b"x", headers={"origin": "http://elsewhere"})
    assert answer.status_code == 403
    assert reader.asked == []


@pytest.mark.parametrize("path", ["/api/readings/n2", "/digit/n2"])
def test_a_reading_that_is_not_there_is_said(opened: Open, path: str) -> None:
    client, _ = opened()
    assert client.get(path).status_code == 404


def test_a_server_without_a_reader_says_so(results: Path) -> None:
    app = application(Site(results), Security(names_of("127.0.0.1"), None))
    answer = TestClient(app, base_url=HERE["origin"]).post("/api/readings?with=a:b", content=b"", headers=HERE)
    assert answer.status_code == 400
    assert "reads no pictures" in answer.json()["message"]


# what is shown ---------------------------------------------------------------------------------------


def test_the_answer_says_the_mean_the_votes_and_each_seed(opened: Open) -> None:
    client, _ = opened(reading(side("optimizers:adam", prediction(10, seeds=3), unasked=1)))
    page = client.get("/digit/n1").text
    said = read(page)
    assert "2 mean 0.614 2 of 3 seeds agree" in said  # (0.0111 + 0.91 + 0.92) / 3
    assert "Each seed: 2 read 2, 1 reads 1" in said
    assert "seed 0: 1 0.900" in said
    assert "seed 2: 2 0.920" in said
    assert re.findall(r'seed \d: <span class="tone-open">(\d)</span>', page) == ["1"], "the one that does not agree"
    assert "Without the preparation: 0 (1.000)" in said
    assert "1 of 4 seeds kept no weights" in said
    assert "3 maps of 4×4; 0 silent, strongest 1" in said
    assert "2 units; 1 silent, strongest 1.5" in said
    assert "2 layers between these are not shown" in said
    assert page.count("data:image/png;base64,") == 3 + 2
    assert f'href="/runs/{0:064x}"' in page
    assert 'style="' not in page
    told = client.get("/api/readings/n1").json()
    assert told["is_over"]
    assert told["sides"][0]["predict"]["images"][0]["predicted"] == 2


def test_classes_have_names_and_of_many_the_most_probable_are_shown(opened: Open) -> None:
    names = tuple(f"kind {number}" for number in range(100))
    client, _ = opened(reading(side("flowers:a", prediction(100, seeds=1, names=names))))
    page = client.get("/digit/n1").text
    assert page.count('class="bar-mean"') == MOST_CLASSES
    assert "kind 1 0.900" in read(page)
    assert "88 further classes have 0.089 together" in read(page)


def test_what_could_not_be_asked_stands_beside_what_could(opened: Open) -> None:
    bare = SideReading("optimizers:sgd", f"It has no weights saved. {HOSTILE}", "Keep them.")
    client, _ = opened(reading(side("optimizers:adam", prediction(10)), bare))
    page = client.get("/digit/n1").text
    assert "optimizers:sgd was not asked. It has no weights saved." in read(page)
    assert "<script>alert" not in page
    assert "What they read" in page


def test_a_picture_that_nobody_can_read_is_said_once(opened: Open) -> None:
    blank = [SideReading(f"optimizers:{name}", "Nothing is written on it.") for name in ("adam", "sgd")]
    client, _ = opened(reading(*blank))
    assert read(client.get("/digit/n1").text).count("Nothing is written on it.") == 1
    client, _ = opened(reading(problem="What was sent is no image."))
    assert "What was sent is no image." in client.get("/digit/n1").text
    client, _ = opened(State(Step.FAILED, "It took more than 180 seconds"))
    assert "more than 180 seconds" in client.get("/digit/n1").text
