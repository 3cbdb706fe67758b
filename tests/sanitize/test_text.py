"""Text from elsewhere is shown, and not obeyed."""

from __future__ import annotations

import unicodedata

from hypothesis import given, settings, strategies as st

from ablate.sanitize.text import LONGEST_STEM, file_stem, harmless, one_line

# Categories and bidirectional classes of Unicode.
UNSEEN = ("Cc", "Cs", "Zl", "Zp")
TURNING = ("LRO", "RLO", "LRE", "RLE", "PDF", "LRI", "RLI", "FSI", "PDI")


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text(st.characters(exclude_categories=())))
def test_no_control_is_left_and_all_can_be_written(text: str) -> None:
    for shown, kept in ((harmless(text), "\n\t"), (one_line(text), "")):
        shown.encode("utf-8")
        assert not [
            sign for sign in shown if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") and sign not in kept
        ]
        assert not [sign for sign in shown if unicodedata.bidirectional(sign) in ("LRO", "RLO", "LRE", "RLE", "PDF")]


def test_what_people_write_stays() -> None:
    text = "naïve 雪 😀 μ ± 1 — “it’s” optimizer=adam, 👩‍🔬"
    assert harmless(text) == one_line(text) == text
    assert one_line("a\nb\tc") == "a\\nb\\tc"


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.text(max_size=400))
def test_a_stem_is_a_name_of_a_file_in_its_folder(text: str) -> None:
    stem = file_stem(text)
    assert len(stem) <= LONGEST_STEM + 13
    assert not set(stem) & set('/\\:*?"<>|\0\n ')


def test_long_names_that_begin_alike_stay_apart() -> None:
    one, other = (file_stem("x" * 500 + end) for end in "ab")
    assert one != other
    assert file_stem("a/../b c") == "a-..-b-c"
