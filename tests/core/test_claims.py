"""Statements: what is read, what is refused and where, and which arms are meant."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from ablate.core.claims import (
    Quantity,
    Relation,
    Statement,
    parse_statement,
    quantity_info,
    resolution_errors,
    resolve_statement,
    stated_margin,
)
from ablate.core.parse_error import Unreadable
from ablate.core.records import METRICS


@dataclass(frozen=True)
class NamedArm:
    name: str
    levels: dict[str, Any]
    is_baseline: bool = False


OPTIMIZERS = [NamedArm(f"optimizer={name}", {"optimizer": name}, name == "adam") for name in ("sgd", "adam", "adamw")]
DROPOUT = [NamedArm(f"dropout={rate}", {"model.dropout": rate}, rate == 0.0) for rate in (0.0, 0.3)]
GRID = [
    NamedArm(f"dropout={rate},l2={l2}", {"model.dropout": rate, "model.l2": l2}, rate == l2 == 0.0)
    for rate in (0.0, 0.3)
    for l2 in (0.0, 0.01)
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gelu < tanh on val_loss", Statement("gelu", Relation.LESS, "tanh", Quantity("val_loss"))),
        ("gelu<tanh on val_loss", Statement("gelu", Relation.LESS, "tanh", Quantity("val_loss"))),
        (
            "dropout=0.3 < dropout=0 on gap",
            Statement("dropout=0.3", Relation.LESS, "dropout=0", Quantity("gap")),
        ),
        ("adamw ~ adam on val_loss", Statement("adamw", Relation.SAME, "adam", Quantity("val_loss"))),
        (
            "momentum not  worse than adam on test_accuracy",
            Statement("momentum", Relation.NOT_WORSE, "adam", Quantity("test_accuracy")),
        ),
        (
            "sgd > adam on epochs_to(val_accuracy, 0.97)",
            Statement("sgd", Relation.GREATER, "adam", Quantity("epochs_to", "val_accuracy", 0.97)),
        ),
        ("l2=0.01 < l2=0 on weight_std", Statement("l2=0.01", Relation.LESS, "l2=0", Quantity("weight_std"))),
        (
            "adamw ~ adam on val_accuracy within 0.002",
            Statement("adamw", Relation.SAME, "adam", Quantity("val_accuracy"), 0.002),
        ),
        (
            "cnn > value .99570 on test_accuracy",
            Statement("cnn", Relation.GREATER, "value 0.9957", Quantity("test_accuracy")),
        ),
        ("a ~ b on val_loss within 5 %", Statement("a", Relation.SAME, "b", Quantity("val_loss"), "5.0%")),
        (
            "without batch norm better than everything on on val_loss",
            Statement("without batch norm", Relation.BETTER, "everything on", Quantity("val_loss")),
        ),
        ("a worse than b on best_epoch", None),
        ("a < b on best_epoch", Statement("a", Relation.LESS, "b", Quantity("best_epoch"))),
    ],
)
def test_statements_are_read(text: str, expected: Statement | None) -> None:
    if expected is None:
        with pytest.raises(Unreadable):
            parse_statement(text)
    else:
        assert parse_statement(text) == expected


@pytest.mark.parametrize(
    ("text", "word", "nearest"),
    [
        ("gelu < tanh", "", None),
        ("gelu tanh on val_loss", "gelu tanh", None),
        ("gelu beter than tanh on val_loss", "beter than", None),
        ("gelu <= tanh on val_loss", "<=", None),
        ("a == b on val_loss", "==", None),
        ("a < b < c on val_loss", "<", None),
        ("< b on val_loss", "", None),
        ("a < on val_loss", "", None),
        ("a < b on", "", None),
        ("a < b on val_los", "val_los", "val_loss"),
        ("a < b on val_loss please", "please", None),
        ("a < b on seconds", "seconds", None),
        ("a < b on weight_st", "weight_st", "weight_std"),
        ("a < b on epoch_to(val_loss, 1)", "epoch_to(val_loss, 1)", "epochs_to"),
        ("a < b on epochs_to", "epochs_to", None),
        ("a < b on epochs_to(val_los, 1)", "val_los", "val_loss"),
        ("a < b on epochs_to(test_loss, 1)", "test_loss", None),
        ("a < b on epochs_to(val_loss)", "epochs_to(val_loss)", None),
        ("a < b on epochs_to(val_loss, low)", "low", None),
        ("a < b on epochs_to(val_loss, 1e999)", "1e999", None),
        ("a ~ b on val_loss within", "", None),
        ("a ~ b on val_loss within much", "much", None),
        ("a ~ b on val_loss within 0", "0", None),
        ("a ~ b on val_loss within -5%", "-5%", None),
        ("a ~ b on gap within 5%", "5%", None),
        ("a better than b on weight_std", "better than", None),
        ("value 0.1 < a on val_loss", "value 0.1", None),
        ("", "", None),
    ],
)
def test_what_cannot_be_read_is_pointed_at(text: str, word: str, nearest: str | None) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_statement(text)
    error = caught.value
    assert (error.word, error.nearest if nearest else None) == (word, nearest)
    message, shown, marks = str(error).split("\n")
    assert shown == text
    assert marks == " " * error.start + "^" * max(len(word), 1)
    assert message.startswith("expected ")


def test_of_two_relations_the_second_is_pointed_at() -> None:
    with pytest.raises(Unreadable) as caught:
        parse_statement("a < b < c on val_loss")
    assert caught.value.start == 6


TEXTS = "a|b|on|<|>|~|<=|within|better|worse|not|than|val_loss|gap|epochs_to(|,|0.97|)|5%|=|dropout=0.3|[1,2]|é\0"
WORDS = st.sampled_from(TEXTS.split("|"))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(text=st.one_of(st.text(), st.lists(WORDS).map(" ".join), st.lists(WORDS).map("".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(Unreadable):
        statement = parse_statement(text)
        assert parse_statement(str(statement)) == statement


SIDES = st.sampled_from(["gelu", "dropout=0.3", "without dropout", "switched on", "hidden=[128,64]", "a.b=1e-05", "0"])
NUMBERS = st.floats(min_value=1e-300, max_value=1e300)
QUANTITIES = st.one_of(
    st.sampled_from([*METRICS, "weight_std", "best_epoch"]).map(Quantity),
    st.builds(Quantity, st.just("epochs_to"), st.sampled_from(["val_loss", "val_accuracy"]), NUMBERS),
)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    subject=SIDES,
    relation=st.sampled_from(Relation),
    reference=st.one_of(SIDES, NUMBERS.map("value {!r}".format)),
    quantity=QUANTITIES,
    margin=st.one_of(st.none(), NUMBERS, NUMBERS.map("{!r}%".format)),
)
def test_the_normal_form_is_read_back(
    subject: str, relation: Relation, reference: str, quantity: Quantity, margin: Any
) -> None:
    info = quantity_info(quantity)
    statement = Statement(subject, relation, reference, quantity, margin)
    if (relation.judges and not info.direction) or (isinstance(margin, str) and not info.is_error):
        with pytest.raises(Unreadable):
            parse_statement(str(statement))
        return
    assert parse_statement(str(statement)) == statement
    for part, (start, end) in statement.spans.items():
        assert str(statement)[start:end] == str(getattr(statement, part))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("a < b on val_loss", -1),
        ("a > b on val_loss", 1),
        ("a ~ b on val_loss", 0),
        ("a better than b on val_loss", -1),
        ("a better than b on val_accuracy", 1),
        ("a worse than b on val_accuracy", -1),
        ("a not worse than b on val_loss", -1),
        ("a better than b on epochs_to(val_accuracy, 0.9)", -1),
    ],
)
def test_the_sign_is_that_of_the_difference_it_states(text: str, sign: int) -> None:
    assert parse_statement(text).sign == sign


@pytest.mark.parametrize(
    ("text", "arms", "expected"),
    [
        ("adamw ~ adam on val_loss", OPTIMIZERS, ("optimizer=adamw", "optimizer=adam")),
        ("optimizer=sgd > adam on val_loss", OPTIMIZERS, ("optimizer=sgd", "optimizer=adam")),
        ("dropout=0.30 < dropout=0 on gap", DROPOUT, ("dropout=0.3", "dropout=0.0")),
        ("model.dropout=3e-1 < .0 on gap", DROPOUT, ("dropout=0.3", "dropout=0.0")),
        # A stated number is no level, and a level is no stated number.
        ("dropout=0.3 < value 0.0 on gap", DROPOUT, ("dropout=0.3", "value 0.0")),
        ("dropout=0.3 < 0.0 on gap", DROPOUT, ("dropout=0.3", "dropout=0.0")),
        ("dropout=0.3 < l2=0.01 on gap", GRID, ("dropout=0.3,l2=0.0", "dropout=0.0,l2=0.01")),
        ("l2=0.01,dropout=0.3 < 0 on gap", GRID, ("dropout=0.3,l2=0.01", "dropout=0.0,l2=0.0")),
        ("dropout=0.3,l2=0.0 < 0.01 on gap", GRID, ("dropout=0.3,l2=0.0", "dropout=0.0,l2=0.01")),
    ],
)
def test_sides_mean_arms(text: str, arms: list[NamedArm], expected: tuple[str, str]) -> None:
    assert resolve_statement(parse_statement(text), arms) == expected


def test_levels_that_are_no_numbers_are_written_as_json() -> None:
    levels: list[Any] = [[128], [128, 64], None, True, 1]
    arms = [NamedArm(f"arm {index}", {"model.hidden": level}, index == 0) for index, level in enumerate(levels)]
    for side, name in [("hidden=[128, 64]", "arm 1"), ("[128,64]", "arm 1"), ("null", "arm 2"), ("true", "arm 3")]:
        assert resolve_statement(parse_statement(f"{side} < [128] on val_loss"), arms) == (name, "arm 0")
    assert resolve_statement(parse_statement("1 < true on val_loss"), arms) == ("arm 4", "arm 3")


@pytest.mark.parametrize(
    ("text", "arms", "expected"),
    [
        ("adamx < adam on val_loss", OPTIMIZERS, [("adamx", "adam")]),
        ("adamx < sdg on val_loss", OPTIMIZERS, [("adamx", "adam"), ("sdg", "sgd")]),
        ("adam < optimizer=adam on val_loss", OPTIMIZERS, [("optimizer=adam", None)]),
        ("optimzer=sgd < adam on val_loss", OPTIMIZERS, [("optimzer", "optimizer")]),
        ("dropout=0.31 < dropout=0 on gap", DROPOUT, [("0.31", "0.3")]),
        ("dropout=0.31 < value 0.1 on gap", DROPOUT, [("0.31", "0.3")]),
        ("dropout=0.3 < 0.1 on gap", DROPOUT, [("0.1", "0.3")]),
        ("0.3 < dropout=0.0,l2=0.1 on gap", GRID, [("0.1", "0.01")]),
    ],
)
def test_sides_that_mean_no_arm_are_pointed_at(
    text: str, arms: list[NamedArm], expected: list[tuple[str, str | None]]
) -> None:
    errors = resolution_errors(parse_statement(text), arms)
    assert [error.word for error in errors] == [word for word, _ in expected]
    assert [error.nearest for error in errors] == [nearest for _, nearest in expected]
    with pytest.raises(Unreadable):
        resolve_statement(parse_statement(text), arms)


def test_a_number_that_is_no_level_is_told_how_to_be_a_number() -> None:
    (error,) = resolution_errors(parse_statement("dropout=0.3 < 0.1 on gap"), DROPOUT)
    assert "value 0.1" in error.expected


def test_a_side_that_means_two_arms_is_refused_with_both() -> None:
    arms = [
        NamedArm("baseline", {"model.dropout": 0.0, "head.dropout": 0.0}, True),
        NamedArm("model.dropout=0.3", {"model.dropout": 0.3, "head.dropout": 0.0}),
        NamedArm("head.dropout=0.3", {"model.dropout": 0.0, "head.dropout": 0.3}),
    ]
    for side in ("0.3", "dropout=0.3"):
        (error,) = resolution_errors(parse_statement(f"{side} < baseline on gap"), arms)
        assert "model.dropout=0.3, head.dropout=0.3" in error.expected
    assert resolve_statement(parse_statement("head.dropout=0.3 < baseline on gap"), arms)[0] == "head.dropout=0.3"


@settings(deadline=None, derandomize=True, max_examples=100)
@given(side=st.one_of(st.text(), st.lists(WORDS).map("".join)))
def test_any_side_is_resolved_or_refused(side: str) -> None:
    statement = Statement(side, Relation.LESS, "dropout=0.0,l2=0.0", Quantity("gap"))
    errors = resolution_errors(statement, GRID)
    assert errors or resolve_statement(statement, GRID)
    assert all(0 <= error.start <= error.end <= len(str(statement)) for error in errors)


def test_the_sweeps_margin_is_that_of_its_metric_alone() -> None:
    assert stated_margin(parse_statement("a ~ b on val_loss"), "val_loss", "10%") == "10%"
    assert stated_margin(parse_statement("a ~ b on val_loss within 0.1"), "val_loss", "10%") == 0.1
    assert stated_margin(parse_statement("a ~ b on gap"), "val_loss", "10%") is None


def test_an_error_is_positive_and_of_a_metric_that_is_good_one_way() -> None:
    without = {"gap", "penalty", "learning_rate", "gradient_norm"}
    without |= {f"{split}_discriminator_accuracy" for split in ("val", "test", "train")}
    assert {name for name, info in METRICS.items() if not info.is_error} == without
