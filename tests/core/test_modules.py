import sys

import pytest

from ablate.core.modules import declarations, modules_of


def folder_of(tmp_path, **texts):
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text)
    return tmp_path


def test_modules_are_found_by_name_and_helpers_are_not(tmp_path):
    folder = folder_of(tmp_path, tuning="", alone="", _shared="")
    assert modules_of([str(folder)]) == ("alone", "tuning")


def test_a_declaration_is_read_and_nothing_is_run(tmp_path):
    folder = folder_of(
        tmp_path,
        one="import no_such_library\n\nraise SystemExit\nSAYS = complex(1, imag=-2.5)\n",
        two="\nSAYS = (WORD, (), {'a': None})\n",
        silent="\nOTHER = 1\n",
        inside="def f():\n    SAYS = 3\n",
    )
    assert declarations(folder, "SAYS", {"complex": complex, "WORD": "word"}) == {
        "one": 1 - 2.5j,
        "two": ("word", (), {"a": None}),
    }
    assert "one" not in sys.modules


@pytest.mark.parametrize("says", ["UNKNOWN", "open('x')", "2 * int('3')", "known.other", "int(no=1)"])
def test_what_cannot_be_read_without_importing_is_refused(tmp_path, says):
    folder = folder_of(tmp_path, one=f"\nSAYS = {says}\n")
    with pytest.raises(ValueError, match="without importing it"):
        declarations(folder, "SAYS", {"known": str, "int": int})
