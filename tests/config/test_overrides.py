"""Overrides: what is written is read back as it was."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings, strategies as st

from ablate.config.overrides import Override, layered, parse_overrides, write_override
from ablate.config.problems import ConfigError
from ablate.core.identity import Json

# Hydra reads ${…} as a reference to another key wherever it stands, so no quoting could keep it.
TEXTS = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs"), exclude_characters="$"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
KEYS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda key: key not in {"null", "true", "false"})
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=6)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(VALUES)
@example("it's")
@example("\\")
@example("\\'")
@example("a\\\\")
@example("true")
@example("1,2")
def test_a_written_word_is_read_back_as_it_was(value: Json) -> None:
    (override,) = parse_overrides([write_override("model.x", value).text])
    assert override.value == value
    assert type(override.value) is type(value)
    assert override.key == "model.x"


def test_signs_are_kept_apart_from_keys() -> None:
    overrides = parse_overrides(["a.b=1", "+c=2", "++d=3", "~e"])
    assert [(override.sign, override.key) for override in overrides] == [
        ("", "a.b"),
        ("+", "c"),
        ("+", "d"),
        ("~", "e"),
    ]


def test_everything_that_is_no_word_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_overrides(["optimizer", "seed=1", "seed=1,2", "a=[1"])
    assert [problem.value for problem in caught.value.problems] == ["optimizer", "1,2", "a=[1"]


@pytest.mark.parametrize(
    ("texts", "allowed"),
    [
        (["seed=1", "seed=2"], "each key once, and seed=1 is given, too"),
        (["model.l2=0", "seed=1", "+model.l2=0"], "each key once, and model.l2=0 is given, too"),
        (["~model.l2", "model.l2=0"], "each key once, and ~model.l2 is given, too"),
        (["+sweep=a", "+sweep=b"], "each key once; for several sweeps +sweep=[a,b]"),
        (["+sweep=[a,b]", "sweep=c"], "each key once; for several sweeps +sweep=[a,b,c]"),
    ],
)
def test_a_key_is_given_once(texts: list[str], allowed: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_overrides(texts)
    (problem,) = caught.value.problems
    assert problem.allowed == allowed
    assert (problem.key, problem.value) == (parse_overrides(texts[-1:])[0].key, parse_overrides(texts[-1:])[0].value)


def test_the_last_layer_wins_key_by_key() -> None:
    low, high = parse_overrides(["a=1", "b=1"]), parse_overrides(["b=2", "c=2"])
    assert [(override.key, override.value) for override in layered(low, high)] == [("a", 1), ("b", 2), ("c", 2)]


def test_the_root_is_the_first_part_of_the_key() -> None:
    assert Override("model.dropout=0", "model.dropout", 0).root == "model"


@pytest.mark.parametrize("key", ["study", "+sweep", "+experiment", "results_dir", "reports_dir", "data_dir"])
@pytest.mark.parametrize("name", ["2024", "1e5", "nan", "2024.10", "true", "1_000", "-3", "inf"])
def test_a_name_stays_as_it_is_written(key: str, name: str) -> None:
    (override,) = parse_overrides([f"{key}={name}"])
    assert override.value == name
    # What is recorded, and what Hydra is given, is read back as the same name.
    assert parse_overrides([override.text]) == (override,)


def test_no_name_and_several_names_are_no_text() -> None:
    assert [each.value for each in parse_overrides(["study=null", "+sweep=[a,b]"])] == [None, ["a", "b"]]
