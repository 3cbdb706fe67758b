"""Identity: one text for equal values, another for others, and an error that says where there is none."""

from __future__ import annotations

import hashlib
import json
import math
from collections import OrderedDict
from enum import IntEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st

from ablate.core.identity import canonical, canonical_of_loaded, digest

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(value=VALUES)
def test_the_text_reads_back_as_the_value_and_is_its_own_text(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text
    assert text.isascii()


@settings(deadline=None, derandomize=True, max_examples=100)
@given(value=VALUES)
@example(value=[-0.0, "-0.0", {"a": -0.05}])
def test_what_was_loaded_has_the_same_text(value: Any) -> None:
    assert canonical_of_loaded(json.loads(json.dumps(value))) == canonical(value)


def test_nothing_loaded_is_written_that_json_cannot_say() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_of_loaded(json.loads("[NaN]"))


class Level(IntEnum):
    LOW = 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": (1, 2.0), "a": None}, '{"a":null,"b":[1,2.0]}'),
        ([True, 1, 1.0], "[true,1,1.0]"),
        ([-0.0, 1e-7, 0.1 + 0.2], "[0.0,1e-07,0.30000000000000004]"),
        ([np.float64(0.5), Level.LOW], "[0.5,1]"),
        (OrderedDict([("z", OrderedDict()), ("é", "\u2028")]), '{"z":{},"\\u00e9":"\\u2028"}'),
        (range(2), "[0,1]"),
    ],
)
def test_a_value_has_one_text_whatever_holds_it(value: Any, text: str) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ({"a": [0.0, math.nan]}, ValueError, r"^\$\.a\[1\] is nan, which has no canonical form$"),
        (-math.inf, ValueError, r"^\$ is -inf"),
        ({"a": {1: 2}}, TypeError, r"^\$\.a has the key 1; keys are strings$"),
        ([b"x"], TypeError, r"^\$\[0\] is a bytes, which is not a JSON type$"),
        ({"a": {1.5}}, TypeError, r"^\$\.a is a set"),
        (np.int64(1), TypeError, r"^\$ is a int64"),
    ],
)
def test_what_has_no_text_is_named_with_its_place(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        canonical(value)


def test_a_digest_is_the_sha256_of_tag_version_and_text() -> None:
    assert digest("run", 1, {"seed": 0}) == hashlib.sha256(b'ablate.run.v1\n{"seed":0}').hexdigest()
