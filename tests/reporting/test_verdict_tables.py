from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from ablate.core.claims import Relation
from ablate.core.records import METRICS
from ablate.plots.signs import SIGNS
from ablate.reporting.blocks import Tone, Toned
from ablate.reporting.quantities import difference
from ablate.reporting.verdict_tables import verdict_rows
from ablate.reporting.words import TONES
from ablate.verdicts.engine import ArmValues, judge_arms
from ablate.verdicts.verdict import Family, Scale, Word
from tests.judged import by_seed, claim, draws, judge


def columns(verdicts, adjustment: str = "Holm") -> dict[str, list[str]]:
    found = verdict_rows(verdicts, adjustment)
    return {
        column.title.plain: [row[position].plain for row in found.rows] for position, column in enumerate(found.columns)
    }


def test_a_table_of_ratios() -> None:
    found = columns(judge(draws(4), margin=math.log(1.1), scale=Scale.LOG_ERROR))
    assert found["arm"] == [f"optimizer=choice_{index}" for index in (1, 2, 3)]
    assert found["verdict"] == ["▲ better", "≈ equivalent", "▼ worse"]
    assert found["ratio of errors"][0].startswith("× 0.8")
    assert found["95% interval"][0].startswith("[0.8")
    assert found["raw difference"][0].startswith("−0.01")
    assert found["wins"] == ["8/8", "2/8", "0/8"]
    assert "error" not in found


def test_columns_that_tell_nothing_are_left_out() -> None:
    alone = columns(judge(draws(2)), "")
    assert "adjusted interval" not in alone
    assert "equivalence p" not in alone
    assert "p" in alone
    single = columns(judge(draws(3, 1)))
    assert "Holm p" not in single
    assert single["95% interval"] == ["–", "–"]


def test_below_three_seeds_no_p_is_shown() -> None:
    (row,) = judge(draws(2, 2))
    assert columns([replace(row, p_diff=0.01, p_diff_adj=0.02, p_tost_adj=0.03)]).get("Holm p", ["–"]) == ["–"]


def test_percentage_points_are_said_once() -> None:
    arms = {"base": by_seed([0.97, 0.971, 0.969]), "arm": by_seed([0.98, 0.982, 0.979])}
    found = columns(judge(arms, "test_accuracy"))
    assert found["difference, pp"] == ["+1.033"]
    assert found["error"] == ["−34%"]


def test_claims_and_effects_are_called_that() -> None:
    row = claim("optimizer=choice_1 < optimizer=choice_2 on val_loss", draws(3))
    assert next(iter(columns([row]))) == "claim"
    # An effect has no two sides.
    effect = replace(row, family=Family.EXPLORATORY, word=None, arm="", reference="", relation=None)
    assert next(iter(columns([effect]))) == "effect"
    assert "verdict" not in columns([effect])


def test_claims_have_seeds_that_agree_and_arms_have_wins() -> None:
    directed = claim("optimizer=choice_2 > optimizer=choice_1 on val_loss", draws(3))
    alike = replace(directed, relation=Relation.SAME)
    found = columns([directed, alike])
    assert found["as claimed"] == ["8/8", "–"]
    assert "wins" not in found
    assert "as claimed" not in columns([alike])
    assert "as claimed" not in columns(judge(draws(3)))


def test_seeds_that_are_missing_or_diverged_are_counted() -> None:
    arms = {"base": by_seed([0.1, 0.11, 0.12]), "arm": by_seed([0.2, 0.21])}
    found = columns(judge(arms, diverged={"arm": 1}))
    assert found["seeds"] == ["2 of 3, 1 diverged"]


def test_seeds_for_power_are_named_of_what_is_open() -> None:
    better, equivalent, _ = judge(draws(4), margin=math.log(1.1), scale=Scale.LOG_ERROR)
    unresolved = replace(equivalent, word=Word.INCONCLUSIVE, seeds_needed_high=23)
    half = replace(unresolved, seeds_needed_high=7, seeds_needed_half=19)
    rows = [better, unresolved, half, replace(half, n_diverged=1)]
    assert columns(rows)["seeds for 80% power"] == ["–", "23", "half the margin: 19", "–"]
    assert "seeds for 80% power" not in columns([better])


def decimals(cells: list[str]) -> set[int]:
    numbers = [number for cell in cells for number in re.findall(r"\d+\.\d+|\d+", cell)]
    return {len(number.partition(".")[2]) for number in numbers}


@pytest.mark.parametrize("scale", list(Scale))
def test_one_column_has_one_precision(scale: Scale) -> None:
    """Of arms whose spreads differ by a factor of ten, of which one lies far out."""
    arms = draws(5)
    base = np.array(list(arms["optimizer=choice_0"].values()))
    noise = np.random.default_rng(1).standard_normal((3, base.size))
    for name, spread, factor in zip(list(arms)[1:4], (0.001, 0.01, 0.004), (1.0, 1.2, 9.0), strict=True):
        arms[name] = by_seed(base * factor * np.exp(spread * noise[list(arms).index(name) - 1]))
    found = columns(judge(arms, margin=None, scale=scale))
    headers = ["95% interval", "adjusted interval", "raw difference" if scale is Scale.LOG_ERROR else "error"]
    for header in [*headers, "ratio of errors" if scale is Scale.LOG_ERROR else "difference"]:
        assert len(decimals(found[header])) == 1, header


def test_claims_on_several_metrics_have_a_precision_each() -> None:
    loss = claim("optimizer=choice_1 < optimizer=choice_2 on val_loss", draws(3))
    accuracy = replace(loss, metric=METRICS["val_accuracy"], diff=0.2, sd=0.3)
    assert decimals(columns([loss, accuracy])["difference"]) == {
        len(difference(row).removesuffix(" pp").partition(".")[2]) for row in (loss, accuracy)
    }


def test_every_word_has_a_sign_and_a_tone() -> None:
    assert set(SIGNS) == set(TONES) == set(Word)


def test_a_verdict_is_told_in_its_tone() -> None:
    """What is better is good whatever the sign of the difference, and what is open is neither good nor bad."""
    found = verdict_rows(judge(draws(4), margin=math.log(1.1), scale=Scale.LOG_ERROR))
    pieces = [row[1].pieces[0] for row in found.rows]
    assert [piece.tone for piece in pieces if isinstance(piece, Toned)] == [Tone.GOOD, Tone.ALIKE, Tone.BAD]
    assert TONES[Word.INCONCLUSIVE] is TONES[Word.NOT_RESOLVED] is Tone.OPEN


def test_an_empty_table_has_its_header() -> None:
    assert verdict_rows([]).rows == ()


def test_one_seed_leaves_a_column_of_one_precision() -> None:
    arms = {"base": ArmValues({0: 1.0}), "far": ArmValues({0: 3.04}), "near": ArmValues({0: 1.45})}
    found = columns(judge_arms(arms, "base", METRICS["val_loss"]))
    assert found["difference"] == ["+2.040", "+0.450"]
