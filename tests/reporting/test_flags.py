from __future__ import annotations

import pytest

from ablate.analysis.sweep_flags import RaisedFlag
from ablate.reporting.flags import SENTENCES, flag_list
from ablate.reporting.markdown import render
from ablate.verdicts.verdict import Flag
from tests.reporting.wording import forbidden


def test_every_flag_has_a_sentence_of_its_own() -> None:
    assert set(SENTENCES) == set(Flag)
    assert len(set(SENTENCES.values())) == len(SENTENCES)


@pytest.mark.parametrize("flag", list(Flag))
def test_a_sentence_is_one_plain_sentence(flag: Flag) -> None:
    sentence = SENTENCES[flag].plain
    assert sentence[0].isupper()
    assert sentence[-1].isalnum() or sentence[-1] in "%)"
    assert ". " not in sentence
    assert forbidden(sentence) == []


def test_a_flag_names_whom_it_is_about_unless_it_is_all() -> None:
    few = RaisedFlag(Flag.FEW_SEEDS, ("a", "b"), "3 | 4")
    assert render(flag_list([few], subjects=3)).startswith("- **few seeds**, `a`, `b`: Below five seeds")
    assert render(flag_list([few], subjects=2)).startswith("- **few seeds**: Below five seeds")
    assert render(flag_list([few])).endswith("can be resolved (3 \\| 4).")


def test_a_flag_of_many_arms_names_some() -> None:
    raised = RaisedFlag(Flag.FEW_SEEDS, tuple(f"arm_{index}" for index in range(40)))
    assert "`arm_5` and 34 more:" in render(flag_list([raised], subjects=41))


def test_no_flags_are_no_list() -> None:
    assert flag_list([]) == []
