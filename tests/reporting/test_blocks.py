from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import ablate.reporting
from ablate.reporting import latex, markdown
from ablate.reporting.blocks import Block, Code, Number, Piece, Strong, Text, joined, paragraph, table, text
from tests.reporting.hostile import HOSTILE, blocks, kinds, pieces

ROOM = Path(ablate.reporting.__file__).parent
RENDERERS = {"markdown.py", "latex.py"}
# What begins a block of markdown, sets off a part of a line in it, or is a command, a tag, or the end of a line.
MARKUP = re.compile(r"^(#+ |[-+] |> |\d+\. )|\*\*|(^|\W)\*\w|`|\||!\[|\]\(|</?[a-z]|\\[a-zA-Z&%]|&[a-z]+;|\n")


def sections() -> list[Path]:
    """The modules that make blocks; `pairs` takes a word in them for another, by patterns."""
    modules = [path for path in ROOM.glob("*.py") if path.name not in RENDERERS | {"blocks.py", "pairs.py"}]
    return [path for path in modules if "ablate.reporting.blocks import" in path.read_text()]


def strings(source: str) -> Iterator[str]:
    """Every string in the source, those within f-strings among them, but for docstrings."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented) and
                  isinstance(node.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


@pytest.mark.parametrize("module", sections(), ids=lambda path: path.stem)
def test_sections_write_no_markup(module: Path) -> None:
    found = [string for string in strings(module.read_text()) if MARKUP.search(string)]
    # They join the lines of a block of code and the tables of a file, and end one.
    assert [string for string in found if string.strip("\n")] == []


@pytest.mark.parametrize(
    "source", ['f"**{x}**"', '"`a`"', '"| a"', '"## A"', '"- a"', r'"\\begin{x}"', '"<br>"', '"*a*"']
)
def test_markup_would_be_found(source: str) -> None:
    assert any(MARKUP.search(string) for string in strings(f"x = {source}"))


def test_the_sections_are_those_that_a_report_has() -> None:
    names = {path.stem for path in sections()}
    assert {"report", "sections", "summary", "verdicts", "replication", "comparison", "captions", "flags"} <= names


@pytest.mark.parametrize("kind", kinds(Block))
def test_every_block_is_set_by_every_renderer(kind: type) -> None:
    block = blocks("words", "words")[kind]
    for rendered in (markdown.render([block]), latex.render([block])):
        assert "words" in rendered
        # No block of code, but what was rendered: the name of a class never stands in a report.
        assert kind.__name__ not in rendered


@pytest.mark.parametrize("kind", kinds(Piece))
def test_every_piece_is_set_by_every_renderer(kind: type) -> None:
    line = text("a ", pieces("words")[kind], " b")
    for rendered in (markdown.inline(line), latex.inline(line)):
        assert rendered.startswith("a ")
        assert rendered.endswith(" b")
        assert kind.__name__ not in rendered


@given(st.lists(HOSTILE, max_size=5))
@settings(deadline=None, derandomize=True, max_examples=50)
def test_text_says_its_parts_in_order(parts: list[str]) -> None:
    nested = text(*(Text((part,)) for part in parts))
    assert text(*parts) == nested
    assert text(*parts).plain == "".join(parts)
    assert len(text(*parts).pieces) == (1 if any(parts) else 0)
    assert joined("|", parts).plain == "|".join(parts)


def test_text_without_parts_is_false_and_no_paragraph() -> None:
    assert not text("", text())
    assert paragraph("", text()) == []
    assert text("a ", Strong(text("b ", Code("c"))), Number("[1]")).plain == "a b c[1]"


def test_strings_of_a_numeric_column_are_numbers() -> None:
    found = table(["a", "n"], [["x", "[1, 2]"], ["y", Code("z")]], numeric=[1])
    assert found.rows == ((text("x"), text(Number("[1, 2]"))), (text("y"), text(Code("z"))))
    assert [column.is_numeric for column in found.columns] == [False, True]


def test_a_row_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        table(["a", "b"], [["1"]])
