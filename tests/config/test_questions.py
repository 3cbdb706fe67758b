"""Questions: from a leaf of conf/sweep to a SweepSpec, and every leaf that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from ablate.config.overrides import parse_overrides
from ablate.config.problems import ConfigError
from ablate.config.questions import optional_claims, sweep_spec
from ablate.core.specs import LATER

LEAF: dict[str, Any] = {
    "question": "Which?",
    "factors": {"optimizer": ["sgd", "adam"], "model.dropout": [0.0, 0.5]},
    "design": "one_factor",
    "baseline": {"model.dropout": 0, "optimizer": "adam"},
    "seeds": 3,
    "metric": "val_loss",
}


def found(leaf: dict[str, Any], *words: str) -> list[tuple[str, str | None]]:
    with pytest.raises(ConfigError) as caught:
        sweep_spec("name", leaf, parse_overrides(words))
    return [(problem.key, problem.nearest) for problem in caught.value.problems]


def test_a_leaf_needs_no_more_than_a_question_has() -> None:
    spec = sweep_spec("name", LEAF)
    assert spec.seeds == (0, 1, 2)
    assert spec.factors == {"optimizer": ("sgd", "adam"), "model.dropout": (0.0, 0.5)}
    assert list(spec.baseline) == list(spec.factors)
    assert (spec.margin, spec.base, spec.claims) == (None, (), ())


@pytest.mark.parametrize(
    ("margin", "expected"), [(1, 1.0), (0.01, 0.01), ("10%", "10%"), ("2.5 %", "2.5 %"), (None, None)]
)
def test_a_margin_is_a_number_a_percentage_or_none(margin: Any, expected: Any) -> None:
    spec = sweep_spec("name", {**LEAF, "margin": margin})
    assert spec.margin == expected
    assert type(spec.margin) is type(expected)


def test_seeds_are_a_count_or_a_list() -> None:
    assert sweep_spec("name", {**LEAF, "seeds": [7, 2**32 - 1]}).seeds == (7, 2**32 - 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"desing": "grid"}, [("sweep.desing", "design")]),
        ({"design": "gird"}, [("sweep.design", "grid")]),
        ({"metric": "val_los"}, [("sweep.metric", "val_loss")]),
        ({"metric": None}, [("sweep.metric", None)]),
        ({"factors": {}}, [("sweep.factors", None)]),
        ({"factors": {**LEAF["factors"], "optimizer": []}}, [("sweep.factors.optimizer", None)]),
        ({"factors": {"model": {"dropout": [0.0]}}}, None),
        ({"baseline": {"optimizer": "adm", "model.dropout": 0.0}}, [("sweep.baseline.optimizer", "adam")]),
        ({"baseline": {"optimizer": "adam"}}, [("sweep.baseline.model.dropout", None)]),
        ({"baseline": {"optimizer": "adam", "model.dropout": False}}, [("sweep.baseline.model.dropout", None)]),
        ({"baseline": {**LEAF["baseline"], "optimzer": "adam"}}, [("sweep.baseline.optimzer", "optimizer")]),
        ({"seeds": 0}, [("sweep.seeds", None)]),
        ({"seeds": True}, [("sweep.seeds", None)]),
        ({"seeds": []}, [("sweep.seeds", None)]),
        ({"seeds": [1, 1]}, [("sweep.seeds", None)]),
        ({"seeds": [-1]}, [("sweep.seeds", None)]),
        ({"seeds": [2**32]}, [("sweep.seeds", None)]),
        ({"seeds": [True]}, [("sweep.seeds", None)]),
        ({"seeds": "3"}, [("sweep.seeds", None)]),
        ({"margin": 0}, [("sweep.margin", None)]),
        ({"margin": "ten"}, [("sweep.margin", None)]),
        ({"margin": True}, [("sweep.margin", None)]),
        ({"margin": float("nan")}, [("sweep.margin", None)]),
        ({"base": "seed=3"}, [("sweep.base", None)]),
        ({"claims": [3]}, [("sweep.claims", None)]),
        ({"question": 3}, [("sweep.question", None)]),
    ],
)
def test_a_leaf_that_cannot_be_is_refused(
    change: dict[str, Any], expected: list[tuple[str, str | None]] | None
) -> None:
    problems = found({**LEAF, **change})
    assert problems
    assert expected is None or problems == expected


def test_words_change_the_sweep() -> None:
    words = [
        "sweep.seeds=[4,5]",
        "sweep.factors.model.dropout=[0.0,0.1]",
        "sweep.margin=5%",
        "sweep.baseline.optimizer=sgd",
    ]
    spec = sweep_spec("name", LEAF, parse_overrides(words))
    assert spec.seeds == (4, 5)
    assert spec.factors == {"optimizer": ("sgd", "adam"), "model.dropout": (0.0, 0.1)}
    assert spec.margin == "5%"
    assert spec.baseline["optimizer"] == "sgd"


def test_words_for_keys_that_a_sweep_does_not_have_are_refused_with_everything_else() -> None:
    words = ["sweep.seds=3", "sweep.factors.model.dropot=[0.0]", "sweep.seeds.x=1", "sweep.metric=val_los"]
    assert found(LEAF, *words) == [
        ("sweep.seds", "sweep.seeds"),
        ("sweep.factors.model.dropot", "sweep.factors.model.dropout"),
        ("sweep.seeds.x", "sweep.seeds"),
        ("sweep.metric", "val_loss"),
    ]


def test_what_a_leaf_does_not_say_is_as_it_always_was() -> None:
    spec = sweep_spec("name", LEAF)
    assert {key: getattr(spec, key) for key in LATER} == {
        "arms": (),
        "size": None,
        "design_seed": 0,
        "where": (),
        "metrics": (),
        "scale": None,
        "alpha": 0.05,
        "multiplicity": "holm",
        "confirm": 0,
        "worst": None,
        "paired": True,
    }
    assert sweep_spec("name", {**LEAF, **dict.fromkeys(set(LATER) - {"metrics"})}) == spec


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"design": "random", "size": 3, "design_seed": 7}, "design_seed", 7),
        ({"design": "list", "arms": [{"name": "a", "optimizer": "sgd"}]}, "arms", ({"name": "a", "optimizer": "sgd"},)),
        ({"where": ["dropout < 1"]}, "where", ("dropout < 1",)),
        ({"scale": "log_error"}, "scale", "log_error"),
        ({"scale": "log_error", "margin": "5%"}, "scale", "log_error"),
        ({"scale": "raw", "margin": 1}, "scale", "raw"),
        ({"alpha": 0.01}, "alpha", 0.01),
        ({"multiplicity": "joint"}, "multiplicity", "joint"),
        ({"confirm": 5}, "confirm", 5),
        ({"worst": 8}, "worst", 8.0),
        ({"paired": False}, "paired", False),
        ({"metric": "gap", "margin": 0.1}, "margin", 0.1),
    ],
)
def test_what_a_leaf_says_is_kept(change: dict[str, Any], field: str, expected: Any) -> None:
    assert getattr(sweep_spec("name", {**LEAF, **change}), field) == expected


def test_a_metric_without_a_direction_has_no_worst_value() -> None:
    assert found({**LEAF, "metric": "gradient_norm", "margin": 0.1, "worst": 9.0}) == [("sweep.worst", None)]


@pytest.mark.parametrize(
    ("metric", "worst"),
    [("val_accuracy", 1.5), ("val_accuracy", -0.1), ("val_loss", -1), ("val_loss", float("nan")), ("val_loss", "8")],
)
def test_a_worst_value_is_one_that_the_metric_can_have(metric: str, worst: Any) -> None:
    assert found({**LEAF, "metric": metric, "worst": worst}) == [("sweep.worst", None)]


@pytest.mark.parametrize("metric", ["gap", "penalty"])
def test_a_relative_margin_needs_an_error_above_zero(metric: str) -> None:
    assert found({**LEAF, "metric": metric, "margin": "5%"}) == [("sweep.margin", None)]


@pytest.mark.parametrize("value", ["3", True, 2.5, [1], {"a": 1}])
@pytest.mark.parametrize("key", ["size", "design_seed", "confirm", "alpha", "arms", "where", "scale"])
def test_values_of_another_type_are_refused(key: str, value: Any) -> None:
    if (key, value) != ("alpha", 2.5):
        assert key in {problem.partition(".")[2].partition("[")[0] for problem, _ in found({**LEAF, key: value})}


CLAIM = "sgd < adam on val_loss"


class TestClaims:
    @pytest.mark.parametrize("key", ["factors", "design", "baseline"])
    def test_are_read_where_the_arms_are_not_known(self, key: str) -> None:
        claims = ["x < y on val_los", "x < y on gap"]
        assert found({**LEAF, "claims": claims, key: None}) == [(f"sweep.{key}", None), ("sweep.claims[0]", "val_loss")]

    def test_need_no_margin_of_a_metric_that_is_not_known(self) -> None:
        claims = ["sgd ~ adam on val_loss"]
        assert found({**LEAF, "claims": claims, "metric": "val_los"}) == [("sweep.metric", "val_loss")]
        assert found({**LEAF, "claims": claims}) == [("sweep.claims[0]", None)]

    def test_of_a_leaf_that_stands_as_it_is_are_refused_where_they_cannot_be(self) -> None:
        assert found({**LEAF, "claims": [CLAIM, "nadam < adam on val_loss"]}) == [("sweep.claims[1]", "adam")]

    def test_of_words_are_refused_where_they_cannot_be(self) -> None:
        assert found(LEAF, "sweep.claims=['nadam < adam on val_loss']") == [("sweep.claims[0]", "adam")]

    @pytest.mark.parametrize(
        ("claim", "word"),
        [
            (CLAIM, "sweep.factors.optimizer=[adam,nadam]"),
            ("sgd ~ adam on val_loss", "sweep.metric=val_accuracy"),
            ("sgd ~ adam on val_loss", "sweep.margin=null"),
        ],
    )
    def test_that_words_take_the_ground_from_are_no_problem(self, claim: str, word: str) -> None:
        leaf = {**LEAF, "margin": "5%", "claims": [claim]}
        assert optional_claims(leaf, parse_overrides([word])) == (claim,)
        assert sweep_spec("name", leaf, parse_overrides([word])).claims == (claim,)

    def test_that_never_could_be_are_refused_whatever_the_words(self) -> None:
        leaf = {**LEAF, "claims": [CLAIM, "nadam < adam on val_loss"]}
        assert optional_claims(leaf, parse_overrides(["sweep.seeds=2"])) == (CLAIM,)
        assert found(leaf, "sweep.seeds=2") == [("sweep.claims[1]", "adam")]
