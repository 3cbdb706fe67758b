"""Curves in a real browser: what is drawn follows what is chosen, and every number that is read is one of the data."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files

import pytest

from ablate.analysis.curves import ArmCurves, MetricCurves, SeedCurve
from ablate.core.records import METRICS
from ablate.web.pictures.curves import curves_picture

pytestmark = pytest.mark.browser

ASSETS = files("ablate.web") / "assets"
EPOCHS = 6
HOSTILE = '<img src=x onerror="alert(1)">'
COLOURS = """
:root { --ink: #111111; --muted: #555555; --line: #dddddd; --paper: #ffffff; --panel: #eeeeee; --bad: #bb2222;
  --accent: #0a5ea8; --series-1: #ff0000; --series-2: #0000ff; }
:root[data-theme="dark"] { --series-1: #00ff00; }
@media (prefers-color-scheme: dark) { :root { --series-2: #ffff00; } }
"""
# How many pixels of the drawing have a colour: red, green and blue, each from 0 to 255.
PIXELS = """([red, green, blue]) => {
  const canvas = document.querySelector(".curves-chart canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue && data[i + 3] > 200) found++;
  }
  return found;
}"""
INK, RED, BLUE, GREEN, YELLOW, BAD = (
    [17, 17, 17], [255, 0, 0], [0, 0, 255], [0, 255, 0], [255, 255, 0], [187, 34, 34],
)  # fmt: skip


def arm(name: str, level: float, is_baseline: bool = False, diverges: bool = False) -> ArmCurves:
    curve = [level / (1 + epoch) for epoch in range(EPOCHS)]
    seeds = [SeedCurve(seed, tuple(value * factor for value in curve), False) for seed, factor in ((0, 0.9), (1, 1.1))]
    ends = [SeedCurve(2, tuple(curve[:3]), True)] if diverges else []
    return ArmCurves(name, is_baseline, (*seeds, *ends), tuple(curve))


def metric(name: str, scale: float = 1.0) -> MetricCurves:
    arms = (arm("base", 0.5 * scale, is_baseline=True), arm(HOSTILE, 0.9 * scale), arm("far", 0.3 * scale, False, True))
    return MetricCurves(METRICS[name], arms)


PICTURE = curves_picture([metric("val_loss"), metric("loss", 0.8), metric("val_accuracy")])


@pytest.fixture
def opened(browser_page, tmp_path):
    def open_picture(picture=PICTURE, **options):
        data = json.dumps(picture.data).replace("<", "\\u003c")
        style = "".join((ASSETS / name).read_text() for name in ("uPlot/uPlot.min.css", "pictures.css", "curves.css"))
        script = "".join((ASSETS / name).read_text() for name in ("uPlot/uPlot.iife.min.js", "curves.js"))
        path = tmp_path / "page.html"
        path.write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Curves</title><style>{COLOURS}{style}</style>'
            '<figure role="figure" aria-label="Curves" data-picture="curves"><div class="drawn" hidden></div>'
            f'<div class="printed">{picture.markup}</div><script type="application/json">{data}</script></figure>'
            f"<script>{script}</script></html>",
            encoding="utf-8",
        )
        # Of the tests themselves, which look at pixels.
        page = browser_page(path.as_uri(), expected="getImageData", **options)
        page.wait_for_selector(".curves-chart canvas")
        settle(page)
        return page

    return open_picture


def settle(page):
    """uPlot draws in a microtask of its own, after what asks for it."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def check(page, label, checked=False):
    page.get_by_label(label, exact=True).set_checked(checked)
    settle(page)


def pixels(page, colour):
    return page.evaluate(PIXELS, colour)


def said(page):
    return page.locator(".curves-said").inner_text()


def values(page):
    return page.locator(".curves-value").all_inner_texts()


def box_of_plot(page):
    return page.locator(".curves-chart .u-over").bounding_box()


def test_it_draws_every_arm_and_hides_what_is_printed(opened):
    page = opened()
    assert page.locator(".printed").is_hidden()
    assert all(pixels(page, colour) > 50 for colour in (INK, RED, BLUE))
    assert pixels(page, BAD) > 5  # the cross of what diverged
    assert page.locator(".curves-name code").all_inner_texts() == ["base", HOSTILE, "far"]
    assert "3 arms shown" in page.locator(".curves-chart").get_attribute("aria-label")


def test_an_arm_is_hidden_and_shown_again(opened):
    page = opened()
    rows = page.locator(".curves-arms label")
    rows.nth(1).locator("input").uncheck()
    settle(page)
    assert pixels(page, RED) == 0
    assert pixels(page, BLUE) > 50
    page.get_by_role("button", name="none").click()
    settle(page)
    assert pixels(page, BLUE) == pixels(page, INK) == 0
    page.get_by_role("button", name="all").click()
    settle(page)
    assert min(pixels(page, RED), pixels(page, BLUE), pixels(page, INK)) > 50


def test_layers_are_switched(opened):
    page = opened()
    everything = pixels(page, RED)
    check(page, "mean")
    without_means = pixels(page, RED)
    assert without_means < everything
    check(page, "seeds")
    check(page, "95% interval")
    assert pixels(page, RED) == 0
    assert pixels(page, INK) == 0


def test_a_metric_is_chosen_and_a_share_on_a_logarithmic_axis_is_an_error(opened):
    page = opened()
    page.get_by_label("Metric").select_option(label=METRICS["val_accuracy"].title)
    settle(page)
    check(page, "log axis", False)
    page.locator(".curves-chart").focus()
    page.keyboard.press("Home")
    assert "base: 0.5 " in said(page)
    page.locator(".curves-chart").blur()
    check(page, "log axis", True)
    page.locator(".curves-chart").focus()
    page.keyboard.press("End")
    mean = 1 - 0.5 / EPOCHS
    assert f"base: {mean:.4g} " in said(page)
    assert page.locator(".curves-title").inner_text().startswith("1 − ")


def test_what_is_pointed_at_is_told_with_its_interval(opened):
    page = opened()
    box = box_of_plot(page)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    last = [[each[name][-1] for name in ("mean", "low", "high")] for each in PICTURE.data["metrics"][0]["arms"]]
    assert values(page) == [f"{mean:.4g} [{low:.4g}, {high:.4g}]".replace("-", "−") for mean, low, high in last]
    assert page.locator(".curves-readout").inner_text().startswith(f"epoch {EPOCHS}")
    page.mouse.move(0, 0)
    assert values(page) == ["", "", ""]


def test_a_drag_zooms_and_a_double_click_shows_all_again(opened):
    page = opened()
    box = box_of_plot(page)
    page.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.95 * box["width"], box["y"] + 60, steps=4)
    page.mouse.up()
    settle(page)
    page.mouse.move(box_of_plot(page)["x"] + 3, box["y"] + 30)
    assert page.locator(".curves-readout").inner_text().startswith("epoch 4")
    # What is redrawn stays as near.
    check(page, "seeds", False)
    page.mouse.move(box_of_plot(page)["x"] + 3, box["y"] + 30)
    assert page.locator(".curves-readout").inner_text().startswith("epoch 4")
    page.mouse.dblclick(box["x"] + 50, box["y"] + 50)
    settle(page)
    page.mouse.move(box_of_plot(page)["x"] + 3, box["y"] + 30)
    assert page.locator(".curves-readout").inner_text().startswith("epoch 1")


def test_keys_step_through_epochs_and_arms(opened):
    page = opened()
    page.locator(".curves-chart").focus()
    page.keyboard.press("ArrowRight")
    assert said(page).startswith("epoch 1. base: 0.5 [")
    assert values(page)[1].startswith("0.9 [")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert said(page).startswith(f"epoch 2. {HOSTILE}: 0.45 [")
    assert page.locator(".curves-readout").inner_text() == said(page)
    page.keyboard.press("End")
    assert said(page).startswith(f"epoch {EPOCHS}. ")
    page.keyboard.press("ArrowLeft")
    assert said(page).startswith(f"epoch {EPOCHS - 1}. ")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert said(page).startswith(f"epoch {EPOCHS - 1}. far: ")
    page.locator(".curves-arms input").nth(2).uncheck()
    page.locator(".curves-chart").focus()
    page.keyboard.press("Home")
    assert said(page).startswith("epoch 1. base: ")
    page.keyboard.press("ArrowUp")
    assert said(page).startswith(f"epoch 1. {HOSTILE}: ")
    page.keyboard.press("Escape")
    assert values(page) == ["", "", ""]


def test_colours_follow_the_theme_of_the_page_and_of_the_system(opened):
    page = opened()
    page.evaluate("() => document.documentElement.setAttribute('data-theme', 'dark')")
    settle(page)
    assert pixels(page, RED) == 0
    assert pixels(page, GREEN) > 50
    page.emulate_media(color_scheme="dark")
    settle(page)
    assert pixels(page, BLUE) == 0
    assert pixels(page, YELLOW) > 50


def test_paper_has_the_picture_and_no_canvas(opened):
    page = opened()
    page.emulate_media(media="print")
    assert page.locator(".drawn").is_hidden()
    assert page.locator(".printed .plot-area").count() == 3
    assert all(each.is_visible() for each in page.locator(".printed .plot-area").all())


def test_without_a_script_the_picture_is_seen(browser_page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(f'<figure data-picture="curves"><div class="printed">{PICTURE.markup}</div></figure>')
    page = browser_page(path.as_uri(), java_script_enabled=False)
    assert page.locator(".printed .plot-area").count() == 3
    assert page.locator(".printed .plot-area").first.is_visible()


def test_a_live_page_feeds_it_and_what_was_chosen_stays(opened):
    page = opened()
    page.locator(".curves-arms input").nth(1).uncheck()
    check(page, "seeds", False)
    longer = {**PICTURE.data, "x": [*PICTURE.data["x"], EPOCHS + 1]}
    longer["metrics"] = [
        {**each, "arms": [{**one, "mean": [*one["mean"], 0.0123]} for one in each["arms"]]}
        for each in longer["metrics"]
    ]
    update = "(data) => ablateCurves.update(document.querySelector('figure'), data)"
    page.evaluate(update, longer)
    settle(page)
    page.locator(".curves-chart").focus()
    page.keyboard.press("End")
    assert said(page) == f"epoch {EPOCHS + 1}. base: 0.0123"
    assert pixels(page, RED) == 0
    elements = page.evaluate("() => document.querySelectorAll('*').length")
    for _ in range(30):
        page.evaluate(update, longer)
    assert page.evaluate("() => document.querySelectorAll('*').length") == elements
    # Another arm has come.
    more = {**longer, "arms": [*longer["arms"], {"name": "new", "baseline": False}]}
    more["metrics"] = [{**each, "arms": [*each["arms"], each["arms"][0]]} for each in more["metrics"]]
    page.evaluate(update, more)
    settle(page)
    assert page.locator(".curves-name code").all_inner_texts() == ["base", HOSTILE, "far", "new"]
    assert not page.locator(".curves-arms input").nth(1).is_checked()
    assert page.locator(".curves-chart canvas").count() == 1


def test_it_is_as_wide_as_there_is_room(opened):
    page = opened()
    page.set_viewport_size({"width": 390, "height": 800})
    settle(page)
    assert page.locator(".curves-chart .uplot").bounding_box()["width"] <= 390
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_what_is_thinned_is_read_by_its_means(opened):
    rising = tuple(float(epoch) for epoch in range(1, 2001))
    one = replace(arm("base", 1.0, is_baseline=True), seeds=(SeedCurve(0, rising, False),), mean=rising)
    picture = curves_picture([MetricCurves(METRICS["val_loss"], (one,))])
    page = opened(picture)
    assert "Drawn: every" in page.locator(".curves-note").inner_text()
    page.locator(".curves-chart").focus()
    page.keyboard.press("ArrowRight")
    assert said(page) == "epoch 1. base: 1"
    page.keyboard.press("ArrowRight")
    label, _, value = said(page).removeprefix("epoch ").partition(". base: ")
    first, last = map(int, label.split("–"))
    assert float(value) == (first + last) / 2


def test_one_epoch_and_no_number_at_all_are_drawn(opened):
    flat = replace(arm("base", 1.0, is_baseline=True), seeds=(SeedCurve(0, (0.5,), False),), mean=(0.5,))
    none = ArmCurves("far", False, (SeedCurve(0, (), True),), ())
    page = opened(curves_picture([MetricCurves(METRICS["val_loss"], (flat, none))]))
    assert pixels(page, INK) > 5
    page.locator(".curves-arms input").first.uncheck()
    page.locator(".curves-chart").focus()
    page.keyboard.press("ArrowRight")
    assert said(page) == "epoch 1. far: –"


def test_before_the_first_epoch_there_is_an_empty_drawing_that_fills(opened):
    waiting = ArmCurves("base", True, (), ())
    page = opened(curves_picture([MetricCurves(METRICS["val_loss"], (waiting,))]))
    box = box_of_plot(page)
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.locator(".curves-chart").focus()
    page.keyboard.press("ArrowRight")
    assert said(page) == "epoch 0. base: –"
    arms = (arm("base", 1.0, is_baseline=True),)
    first = curves_picture([MetricCurves(METRICS["val_loss"], arms)]).data
    page.evaluate("(data) => ablateCurves.update(document.querySelector('figure'), data)", first)
    settle(page)
    assert pixels(page, INK) > 50
    page.mouse.move(box["x"] + 1, box["y"] + 50)
    assert values(page)[0].startswith("1 [")


def test_where_every_run_diverged_the_seeds_are_seen(opened):
    """However many arms there are: without a mean there is nothing else."""
    ends = tuple(ArmCurves(name, name == "a", (SeedCurve(0, (1.0, 3.0, 9.0), True),), ()) for name in "abcdef")
    page = opened(curves_picture([MetricCurves(METRICS["val_loss"], ends)]))
    assert page.get_by_label("seeds").is_checked()
    drawn = page.locator(".curves-chart canvas").screenshot()
    page.get_by_label("seeds").uncheck()
    assert page.locator(".curves-chart canvas").screenshot() != drawn
