from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st
from markdown_it import MarkdownIt

from ablate.reporting.blocks import (
    Break,
    Callout,
    Code,
    CodeBlock,
    Details,
    Emphasis,
    Figure,
    Heading,
    Inline,
    Item,
    Link,
    ListBlock,
    Number,
    Prose,
    Strong,
    bullets,
    table,
    text,
)
from ablate.reporting.markdown import inline, render
from ablate.sanitize.text import harmless
from tests.reporting.hostile import HOSTILE, blocks, pieces

# What renders markdown for rich, as a second opinion on what a text means.
RENDERER = MarkdownIt("gfm-like", {"linkify": False})
# The tokens of markdown-it that each block may be made of.
TOKENS = {
    "Heading": {"heading"},
    "Prose": {"paragraph"},
    "ListBlock": {"bullet_list", "list_item", "paragraph"},
    "Callout": {"blockquote", "paragraph"},
    "Table": {"table", "thead", "tbody", "tr", "th", "td"},
    "Figure": {"paragraph"},
    "Details": {"html_block", "paragraph"},
    "CodeBlock": {"fence"},
}


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


def block_kinds(markdown: str) -> set[str]:
    kinds = {token.type.removesuffix("_open").removesuffix("_close") for token in RENDERER.parse(markdown)}
    return kinds - {"inline"}


def shown(content: str) -> str:
    return harmless(" ".join(content.split()))


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_text_is_read_as_itself_and_stays_in_its_cell(content: str) -> None:
    for piece in (content, Number(content), Code(content)):
        markdown = render([table(["a", "b"], [[piece, "end"]])])
        assert cells(markdown) == ["a", "b", shown(content), "end"]
        assert tags(markdown) <= {"text", "code_inline"}


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_no_text_is_markup_in_any_block(content: str) -> None:
    for kind, block in blocks(content, content).items():
        markdown = render([block])
        assert block_kinds(markdown) <= TOKENS[kind.__name__], markdown
        images = {"image", "em_open", "em_close"} if kind is Figure else set()
        lines = {"softbreak"} if kind is Callout else set()
        assert tags(markdown) <= {"text", *images, *lines}, markdown


@given(HOSTILE, HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_no_pieces_are_markup_together(first: str, second: str) -> None:
    kinds: list[Inline] = [*pieces(first).values(), *pieces(second).values()]
    for before, after in pairwise(kinds):
        markdown = inline(text("a ", before, after, " b"))
        assert "\n" not in markdown
        ours = {f"{kind}_{end}" for kind in ("strong", "em", "link") for end in ("open", "close")}
        assert tags(markdown) <= {"text", "code_inline", "html_inline", *ours}
        assert "<script" not in markdown
        assert markdown.count("<") == markdown.count("<br>") + sum(
            markdown.count(f"<{sign}") for sign in [".", *"0123456789"]
        )


@pytest.mark.parametrize(
    "content", ["<script>alert(1)</script>", "![x](http://e.vil/p.png)", "[x](javascript:1)", "**b**", "_i_", "a<br>b"]
)
def test_nothing_becomes_markup(content: str) -> None:
    for kind, piece in pieces(content).items():
        if kind is not Break:
            assert "<script" not in RENDERER.render(inline(text(piece)))
            links = set() if kind is Link else {"link_open"}
            assert not {"image", "html_inline", *links} & tags(inline(text(piece)))


@pytest.mark.parametrize(
    "content", ["- x", "+ x", "1. x", "12) x", "---", "- - -", "# x", "> x", "===", "~~~", "    x"]
)
def test_a_paragraph_begins_no_other_block(content: str) -> None:
    assert block_kinds(render([Prose(text(content))])) == {"paragraph"}
    nested = render([bullets([content])])
    assert RENDERER.render(nested).count("<li>") == 1


def test_numbers_and_what_follows_are_no_link() -> None:
    assert inline(text(Number("[0.1, 0.2] <.001"))) == "[0.1, 0.2] <.001"
    assert tags(inline(text(Number("[1]"), "(javascript:1)"))) == {"text"}
    assert tags(inline(text(Number("[1](x)")))) == {"text"}
    assert block_kinds(render([Prose(text(Number("[1]"), ": /x"))])) == {"paragraph"}
    assert inline(text(Number("[x] <b>"))) == r"\[x\] &lt;b&gt;"


def test_neither_links_nor_mentions() -> None:
    line = inline(text("see https://example.org, www.example.org, ask @someone"))
    assert "://" not in line
    assert "www." not in line
    assert "@" not in line


def test_names_within_words_keep_their_underscores() -> None:
    assert inline(text("val_loss of keras.optimizers.Adam")) == "val_loss of keras.optimizers.Adam"


def test_pieces_have_their_signs() -> None:
    line = text("a ", Strong(text("b ", Code("c"))), " ", Emphasis(text("d")), Break(), Strong(text("")))
    assert inline(line) == "a **b `c`** *d*<br>"


def test_a_table_is_aligned_in_its_source() -> None:
    assert render([table(["arm", "n"], [["a", "10"], ["longer", "8"]], numeric=[1])]).splitlines() == [
        "| arm    |   n |",
        "| ------ | --: |",
        "| a      |  10 |",
        "| longer |   8 |",
    ]


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert render([CodeBlock("a\n````\nb", "sh")]) == "`````sh\na\n````\nb\n`````"


def test_details_leave_room_for_markdown_and_their_summary_is_html() -> None:
    block = Details("Runs <b> of a_b", (Prose(text("x")),))
    assert render([block]) == "<details>\n<summary>Runs &lt;b&gt; of a_b</summary>\n\nx\n\n</details>"


def test_an_image_has_its_alternative_and_a_file_that_is_no_markup() -> None:
    assert render([Figure("figures/x.png", "a [b]")]) == "![a \\[b\\]](figures/x.png)"
    assert render([Figure("f/x.png", "a", text("b ", Code("c")))]) == "![a](f/x.png)\n\n*b `c`*"
    assert render([Figure("a b](c)<.png", "a")]) == "![a](a%20b%5D%28c%29%3C.png)"


def test_a_callout_is_one_quotation() -> None:
    items = ListBlock((Item(text("a"), (Item(text("b")),)),))
    assert render([Callout((Prose(text("x")), items)), Heading(3, text("y"))]) == (
        "> [!IMPORTANT]\n> x\n>\n> - a\n>   - b\n\n### y"
    )


@given(st.lists(HOSTILE, max_size=4))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_every_item_of_a_list_is_one(contents: list[str]) -> None:
    said = [content for content in contents if content.strip()]
    assert RENDERER.render(render([bullets(said)])).count("<li>") == len(said)


def test_a_link_leads_to_the_heading_of_its_anchor() -> None:
    written = render([Heading(2, text("a_b"), "x y"), bullets([Link(text(Code("a_b")), "x y")])])
    assert written == '<a id="x-y"></a>\n\n## a_b\n\n- [`a_b`](#x-y)'
    assert RENDERER.render(inline(text(Link(text("[a](b)"), "c")))).count("<a ") == 1
