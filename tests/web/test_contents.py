from __future__ import annotations

from hypothesis import given, settings, strategies as st

from ablate.reporting.blocks import Code, Details, Heading, Prose, text
from ablate.web.contents import Entry, with_contents
from tests.reporting.hostile import HOSTILE


def anchors(entries: tuple[Entry, ...]) -> list[str]:
    return [name for entry in entries for name in (entry.anchor, *anchors(entry.below))]


def test_parts_stand_below_their_section() -> None:
    blocks = [
        Heading(1, text("Title")),
        Heading(2, text("First ", Code("a_b")), "sweep-a_b"),
        Heading(3, text("Setup")),
        Prose(text("x")),
        Heading(3, text("Results")),
        Heading(2, text("Second")),
        Heading(3, text("Setup")),
    ]
    named, entries = with_contents(blocks)
    assert entries == (
        Entry("First a_b", "sweep-a_b", (Entry("Setup", "sweep-a_b-setup"), Entry("Results", "sweep-a_b-results"))),
        Entry("Second", "part-second", (Entry("Setup", "part-second-setup"),)),
    )
    assert [block.anchor for block in named if isinstance(block, Heading)] == ["", *anchors(entries)]
    assert [block for block in named if not isinstance(block, Heading)] == [Prose(text("x"))]


def test_parts_before_any_section_are_entries_of_their_own() -> None:
    """A report of one sweep has no heading for it."""
    headings = [
        Heading(1, text("a")),
        Heading(3, text("Verdicts")),
        Heading(3, text("Setup")),
        Heading(4, text("Arms")),
    ]
    last = [Heading(2, text("Rebuilding")), Heading(3, text("Machine"))]
    named, entries = with_contents([*headings, *last])
    # So that none of an outline is left out, for whoever has it read aloud.
    assert [block.level for block in named if isinstance(block, Heading)] == [1, 2, 2, 3, 2, 3]
    assert [entry.title for entry in entries[1].below] == ["Arms"]
    _, entries = with_contents([*headings[1:3], last[0]])
    assert [(entry.title, entry.below) for entry in entries] == [("Verdicts", ()), ("Setup", ()), ("Rebuilding", ())]


def test_headings_that_are_alike_have_names_of_their_own() -> None:
    _, entries = with_contents([Heading(2, text("a")), Heading(2, text("A!")), Heading(2, text("b"), "part-a-2")])
    assert anchors(entries) == ["part-a", "part-a-3", "part-a-2"]


def test_what_is_folded_is_no_entry() -> None:
    folded = Details("more", (Heading(2, text("within")),))
    assert with_contents([folded]) == ([folded], ())


@given(st.lists(st.tuples(st.integers(1, 4), HOSTILE), max_size=8))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_every_heading_is_led_to_by_one_entry(headings: list[tuple[int, str]]) -> None:
    named, entries = with_contents([Heading(level, text(title)) for level, title in headings])
    found = [block.anchor for block in named if isinstance(block, Heading) and block.level > 1]
    assert anchors(entries) == found
    assert len(set(found)) == len(found) == sum(level > 1 for level, _ in headings)
