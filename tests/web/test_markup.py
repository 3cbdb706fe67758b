"""Blocks as HTML, read back by the parser of the standard library: text comes back, and nothing else becomes markup."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given, settings
from markupsafe import Markup

from ablate.core.identity import Json
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
    Part,
    Prose,
    Strong,
    Tone,
    Toned,
    bullets,
    table,
    text,
)
from ablate.sanitize.text import harmless
from ablate.web.markup import inline, render
from ablate.web.picture import Picture
from tests.reporting.hostile import HOSTILE, blocks, pieces

TABLE = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td"}
# The elements that each block may be made of, apart from those of the pieces within it.
ELEMENTS = {
    "Heading": {"h2"},
    "Prose": {"p"},
    "ListBlock": {"ul", "li"},
    "Callout": {"aside", "p"},
    "Table": TABLE,
    "Figure": {"figure", "figcaption", "div", "img"},
    "Details": {"details", "summary", "p"},
    "CodeBlock": {"pre", "code"},
}
OF_PIECES = {"span", "code", "strong", "em", "a", "br"}
ATTRIBUTES = {
    "id", "class", "role", "tabindex", "aria-label", "aria-details", "scope", "data-numeric", "src", "alt", "href",
    "data-picture", "hidden", "type",
}  # fmt: skip
VOID = {"br", "img"}


@dataclass
class Parsed(HTMLParser):
    """Elements in their order, each with its attributes, and the text of each as it is read."""

    markup: str
    elements: list[tuple[str, Mapping[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(str(self.markup))
        self.close()
        assert not self.open, "something is left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag

    def handle_data(self, data: str) -> None:
        for index in self.open:
            self.texts[index] += data

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        pytest.fail(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        pytest.fail(f"an instruction: {data}")

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.elements}

    @property
    def attributes(self) -> set[str]:
        return {name for _, attributes in self.elements for name in attributes}

    def text_of(self, *names: str) -> list[str]:
        return [said for (name, _), said in zip(self.elements, self.texts, strict=True) if name in names]

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] or "" for _, found in self.elements if attribute in found]


def shown(content: str) -> str:
    """As a browser shows it, in which runs of spaces are one."""
    return harmless(" ".join(content.split()))


def spaced(content: str) -> str:
    return " ".join(content.split())


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_text_is_read_as_itself_and_stays_in_its_cell(content: str) -> None:
    for piece in (content, Number(content), Code(content)):
        parsed = Parsed(render([table(["a", "b"], [[piece, "end"]], numeric=[0])]))
        assert [spaced(cell) for cell in parsed.text_of("th", "td")] == ["a", "b", shown(content), "end"]
        assert parsed.names <= {"div", "table", "thead", "tbody", "tr", "th", "td", "code"}


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_no_text_is_markup_in_any_block(content: str) -> None:
    for kind, block in blocks(content, content).items():
        parsed = Parsed(render([block]))
        assert parsed.names <= ELEMENTS[kind.__name__], parsed.markup
        assert parsed.attributes <= ATTRIBUTES
        if kind is Figure:
            assert parsed.values("alt") == [shown(content)]
            assert parsed.values("src") == ["figures/a_b=c.png"]
        elif kind is not CodeBlock:
            assert shown(content) in {spaced(said) for said in parsed.texts}
        else:
            assert parsed.texts[0] == harmless(content)


@given(HOSTILE, HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=200)
def test_no_pieces_are_markup_together(first: str, second: str) -> None:
    kinds: list[Inline] = [*pieces(first).values(), *pieces(second).values()]
    for before, after in pairwise(kinds):
        parsed = Parsed(render([Prose(text("a ", before, after, " b"))]))
        assert parsed.names <= {"p", *OF_PIECES}
        assert parsed.attributes <= ATTRIBUTES
        plain = text("a ", before, after, " b").plain
        assert re.sub(r"\s", "", parsed.texts[0]) == re.sub(r"\s", "", harmless(spaced(plain)))


@given(HOSTILE)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_what_a_picture_is_called_and_holds_is_no_markup(content: str) -> None:
    data: Json = {content: [content, 1.5, None]}
    picture = Picture(Markup("<svg></svg>"), table([content], [[content]]), "curves", data)
    parsed = Parsed(render([Figure("figures/a.png", content, text(content))], {"figures/a.png": picture}))
    ours = {"figure", "figcaption", "svg", "script", "details", "summary", *TABLE}
    assert parsed.names <= ours
    assert parsed.attributes <= ATTRIBUTES
    assert parsed.values("aria-label")[0] == shown(content)
    assert json.loads(parsed.text_of("script")[0]) == data
    assert not set("<>&") & set(parsed.text_of("script")[0])


@pytest.mark.parametrize(
    "content",
    [
        "<script>alert(1)</script>",
        "</code></p><img src=x onerror=alert(1)>",
        '" onmouseover="alert(1)',
        "&lt;b&gt;",
        "</script>",
        "<!-- x",
        "javascript:alert(1)",
    ],
)
def test_nothing_becomes_markup(content: str) -> None:
    for piece in pieces(content).values():
        parsed = Parsed(render([Prose(text(piece))]))
        assert parsed.names <= {"p", *OF_PIECES}
        assert not any(name.startswith("on") for name in parsed.attributes)
        assert all(target.startswith("#") for target in parsed.values("href"))


def test_pieces_have_their_elements() -> None:
    line = text(
        "a ", Strong(text("b ", Code("c"))), Emphasis(text("d")), Break(), Number("× 0.5"), Link(text("e"), "f g")
    )
    assert inline(line) == (
        'a <strong>b <code>c</code></strong><em>d</em><br><span class="number">× 0.5</span><a href="#f-g">e</a>'
    )


@pytest.mark.parametrize("tone", list(Tone))
def test_a_tone_is_a_class(tone: Tone) -> None:
    assert inline(text(Toned(text("worse"), tone))) == f'<span class="tone-{tone.value}">worse</span>'


def test_a_table_says_what_its_cells_are() -> None:
    written = render([table(["arm", "n"], [[Code("a"), "10"]], numeric=[1], caption="Arms")])
    assert written == (
        '<div class="scroll" tabindex="0" role="group" aria-label="Arms">\n<table>\n<caption>Arms</caption>\n<thead>\n'
        '<tr><th scope="col">arm</th><th scope="col" data-numeric>n</th></tr>\n</thead>\n<tbody>\n'
        '<tr><th scope="row"><code>a</code></th><td data-numeric>10</td></tr>\n</tbody>\n</table>\n</div>'
    )


def test_a_number_is_not_what_a_row_is_about() -> None:
    parsed = Parsed(render([table(["seed", "loss"], [["0", "0.5"]], numeric=[0, 1])]))
    assert [attributes for name, attributes in parsed.elements if name == "th"] == [
        {"scope": "col", "data-numeric": None}
    ] * 2


def test_headings_have_their_level_and_their_anchor() -> None:
    assert render([Heading(1, text("a")), Heading(3, text("b"), "x y")]) == '<h1>a</h1>\n<h3 id="x-y">b</h3>'


def test_a_paragraph_says_what_part_of_the_report_it_is() -> None:
    assert (
        render([Prose(text("Which?"), Part.QUESTION), Prose(text("x"))]) == '<p class="question">Which?</p>\n<p>x</p>'
    )


def test_lists_lie_within_each_other() -> None:
    nested = ListBlock((Item(text("a"), (Item(text("b")),)), Item(text("c"))))
    assert render([nested]) == "<ul>\n<li>a<ul>\n<li>b</li>\n</ul></li>\n<li>c</li>\n</ul>"
    assert render([bullets([])]) == ""


def test_what_is_folded_and_what_is_called_out() -> None:
    folded = render([Details("Runs <b>", (Prose(text("x")),))])
    assert folded == "<details>\n<summary>Runs &lt;b&gt;</summary>\n<p>x</p>\n</details>"
    assert render([Callout((Prose(text("x")),))]) == '<aside class="callout" role="note">\n<p>x</p>\n</aside>'


def test_code_keeps_its_lines() -> None:
    written = render([CodeBlock("\na  b\n\tc", "sh")])
    assert Parsed(written).text_of("code") == ["\na  b\n\tc"]
    assert 'class="language-sh"' in written


def test_a_figure_that_nobody_draws_is_an_image_beside_the_page() -> None:
    written = render([Figure("figures/a b.png", "Dots", text("A dot is ", Code("x"), "."))])
    assert written == (
        '<figure>\n<div class="image" tabindex="0"><img src="figures/a%20b.png" alt="Dots"></div>\n'
        "<figcaption>A dot is <code>x</code>.</figcaption>\n</figure>"
    )


def test_a_picture_stands_in_the_place_of_its_figure_also_where_that_is_folded() -> None:
    figure = Figure("figures/a.png", "Dots", text("Each a seed."))
    picture = Picture(Markup("<svg></svg>"))
    for block in (figure, Details("More", (figure,)), Callout((figure,))):
        written = render([block], {"figures/a.png": picture})
        assert '<figure role="figure" aria-label="Dots">\n<svg></svg>\n<figcaption>' in written
        assert "<img" not in written


def test_a_picture_of_a_script_has_what_is_drawn_and_what_is_printed() -> None:
    picture = Picture(Markup("<svg></svg>"), table(["epoch"], [["1"]], numeric=[0]), "curves", {"a": [1, 0.5]})
    written = render([Figure("figures/a b.png", "Curves")], {"figures/a b.png": picture})
    assert written.startswith(
        '<figure role="figure" aria-label="Curves" aria-details="numbers-figures-a-b.png" data-picture="curves">\n'
        '<div class="drawn" hidden></div>\n<div class="printed"><svg></svg></div>\n'
        '<script type="application/json">{"a":[1,0.5]}</script>'
    )
    assert '<details class="numbers" id="numbers-figures-a-b.png">\n<summary>The numbers</summary>' in written


def test_a_number_that_is_none_is_refused() -> None:
    """NaN is no JSON, and the script would stop at it."""
    picture = Picture(Markup(), script="curves", data=[float("nan")])
    with pytest.raises(ValueError, match="not JSON compliant"):
        render([Figure("a.png", "a")], {"a.png": picture})
