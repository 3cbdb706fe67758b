from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st
from markdown_it import MarkdownIt

from ablate.reporting.markdown import code, details, escape, fenced, image, table

# What renders markdown for rich, as a second opinion on what a text means.
RENDERER = MarkdownIt("gfm-like", {"linkify": False})


def cells(markdown: str) -> list[str]:
    """The text of the cells of every table in `markdown`, as a reader sees it."""
    tokens = RENDERER.parse(markdown)
    return [
        "".join(child.content for child in following.children or [])
        for token, following in pairwise(tokens)
        if token.type in {"td_open", "th_open"}
    ]


def tags(markdown: str) -> set[str]:
    tokens = RENDERER.parse(markdown)
    return {child.type for token in tokens for child in (token.children or []) if child.type != "text_special"}


HOSTILE = st.text(alphabet="ab |`<>*_~[]()!#\\&$\n\r\t.-+=:;\"'é/@", max_size=30)


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_escaped_text_is_read_as_itself(text: str) -> None:
    markdown = table(["a", "b"], [[escape(text), "end"]])
    assert cells(markdown) == ["a", "b", " ".join(text.split()), "end"]
    assert tags(markdown) <= {"text"}


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_code_stays_in_its_cell(text: str) -> None:
    assert cells(table(["a", "b"], [[code(text), "end"]])) == ["a", "b", " ".join(text.split()), "end"]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "![x](http://e.vil/p.png)", "[x](javascript:1)", "**b**", "_i_", "a<br>b"]
)
def test_nothing_becomes_markup(text: str) -> None:
    assert "<script" not in RENDERER.render(escape(text))
    assert tags(escape(text)) <= {"text"}


def test_neither_links_nor_mentions() -> None:
    escaped = escape("see https://example.org, www.example.org, ask @someone")
    assert "://" not in escaped
    assert "www." not in escaped
    assert "@" not in escaped


def test_names_within_words_keep_their_underscores() -> None:
    assert escape("val_loss of keras.optimizers.Adam") == "val_loss of keras.optimizers.Adam"


def test_a_table_is_aligned_in_its_source() -> None:
    assert table(["arm", "n"], [["a", "10"], ["longer", "8"]], numeric=[1]).splitlines() == [
        "| arm    |   n |",
        "| ------ | --: |",
        "| a      |  10 |",
        "| longer |   8 |",
    ]


def test_a_row_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        table(["a", "b"], [["1"]])


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fenced("a\n````\nb", "sh") == "`````sh\na\n````\nb\n`````"


def test_details_leave_room_for_markdown() -> None:
    assert details("Runs", "| a |") == "<details>\n<summary>Runs</summary>\n\n| a |\n\n</details>"


def test_an_image_has_its_alternative() -> None:
    assert image("a [b]", "figures/x.png") == "![a \\[b\\]](figures/x.png)"
