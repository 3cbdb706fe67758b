"""The committed schema is that of the code, and what it says of a kind does not change under one version."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from jsonschema import Draft202012Validator, ValidationError

from ablate.cli.verbs import VERBS
from ablate.core.identity import digest
from ablate.operations import as_json, schema as made
from ablate.operations.as_json import document, documents
from ablate.operations.schema import SCHEMA, schema, schema_text
from tests.json_schema import validated

COMMITTED = json.loads(SCHEMA.read_text(encoding="utf-8"))
# Kind and version → the digest of what its schema says, descriptions left out. Whoever changes what a result shows
# raises its version, and adds a row in place of the former.
DIGESTS = {
    ("analysis", 1): "7fbd421b5ecb7fc6",
    ("arms_page", 1): "404d89aafcae07ad",
    ("compare", 4): "81506f1668f5c20f",
    ("doctor", 1): "c21428cb76b03833",
    ("export", 2): "9b9e32353c190444",
    ("fsck", 1): "f020dd37612f47f1",
    ("gate", 1): "ba74e75cafd3dd27",
    ("gc", 1): "384b166c9a60884e",
    ("interpolate", 1): "e256f5e401db4d78",
    ("list", 2): "ec8c4d51166fe58f",
    ("per_example", 1): "c367c9c82c517e78",
    ("plan", 4): "f04163456ef3e0e9",
    ("predict", 2): "86afaadd49ef8d49",
    ("report", 2): "f1e71d5a82c1e461",
    ("reproduce", 1): "c6e585b0b8cdc46e",
    ("run", 1): "7e1ea6171cdd3900",
    ("run_study", 2): "78669ce92a2ca212",
    ("runs_page", 1): "b68c7fad4682e05d",
    ("show", 2): "318f719a066120ba",
    ("study", 1): "87b6c9d543361d42",
    ("verdict", 3): "3293a26bd53a7615",
    ("watch", 1): "274a86fc434ae262",
}
# Where an operation is not called as its verb.
OPERATIONS = {"list": ("catalogue", "catalogue"), "analyse": ("analyse", "judge_table")}


def parts_of(kind: str, whole: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions that a kind is made of, without prose."""
    found: dict[str, Any] = {}
    names = [kind]
    while names:
        name = names.pop()
        if name not in found:
            found[name] = without_prose(whole["$defs"][name])
            names += re.findall(r'"#/\$defs/(\w+)"', json.dumps(found[name]))
    return found


def without_prose(value: Any) -> Any:
    """Of a class that is shown as it is stored the description stays: it says in which version."""
    if isinstance(value, dict):
        is_prose = isinstance(value.get("description"), str) and "properties" in value
        return {key: without_prose(each) for key, each in value.items() if not (is_prose and key == "description")}
    return [without_prose(each) for each in value] if isinstance(value, list) else value


def digests(whole: Mapping[str, Any]) -> dict[tuple[str, int], str]:
    kinds = (reference["$ref"].rpartition("/")[2] for reference in whole["oneOf"])
    versions = {kind: whole["$defs"][kind]["properties"]["version"]["const"] for kind in kinds}
    return {
        (kind, version): digest("schema", version, parts_of(kind, whole))[:16] for kind, version in versions.items()
    }


def test_the_committed_schema_is_current() -> None:
    text = SCHEMA.read_text(encoding="utf-8")
    assert text == schema_text(), "python -m ablate.operations.schema writes it again"


def test_the_command_writes_it(tmp_path: Path) -> None:
    script = (
        "import runpy, pathlib, sys\nfrom ablate.operations import schema\n"
        "pathlib.Path.write_text = lambda path, text, encoding: sys.stdout.write(f'{path}\\n{len(text)}')\n"
        "runpy.run_path(schema.__file__, run_name='__main__')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.stdout.splitlines() == [str(SCHEMA), str(len(schema_text()))], done.stderr


def test_no_kind_has_changed_under_its_version() -> None:
    assert digests(schema()) == DIGESTS, "a kind changed: raise its version, and say here what it looks like now"


def test_a_field_more_and_a_stored_version_more_are_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Small:
        """Before."""

        number: int

    @dataclass(frozen=True)
    class Large(Small):
        text: str = ""

    found = []
    for cls in (Small, Large):
        monkeypatch.setattr(as_json, "_documents", {})
        document("thing", version=1)(cls)
        found.append(digests(schema())["thing", 1])
    assert found[0] != found[1]
    monkeypatch.undo()
    before = digests(schema())
    monkeypatch.setattr(made, "STORED", {cls: f"{version}1" for cls, version in as_json.STORED.items()})
    changed = {kind for kind, content in digests(schema()).items() if content != before[kind]}
    assert {kind for kind, _ in changed} == {"run", "show", "study"}


def test_prose_is_no_change() -> None:
    other = json.loads(json.dumps(COMMITTED))
    other["$defs"]["gc"]["description"] = "Otherwise."
    assert digests(other) == digests(COMMITTED)
    other["$defs"]["Listed"]["properties"].popitem()
    assert digests(other) != digests(COMMITTED)


def test_it_is_a_schema_and_closed() -> None:
    Draft202012Validator.check_schema(COMMITTED)
    small = {"kind": "export", "version": 2, "paths": ["a"], "left_out": []}
    assert validated(json.dumps(small)) == small
    for wrong in ({**small, "more": 1}, {**small, "version": 3}, {**small, "paths": [1]}, {**small, "paths": None}):
        with pytest.raises(ValidationError):
            validated(json.dumps(wrong))


def given_by(verb: str) -> Iterator[type]:
    """The classes that the operation of a verb gives."""
    module, name = OPERATIONS.get(verb, (verb, verb))
    operation = getattr(importlib.import_module(f"ablate.operations.{module}"), name)
    declared = [get_type_hints(operation, localns=names_for_types())["return"]]
    while declared:
        each = declared.pop()
        if is_dataclass(each):
            yield each  # type: ignore[misc]
        declared += get_args(each)


def names_for_types() -> dict[str, Any]:
    """What modules import for types alone."""
    from ablate.analysis.tidy_frame import DataFrame, Table
    from ablate.verdicts.verdict import Verdict

    return {"DataFrame": DataFrame, "Table": Table, "Verdict": Verdict}


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("completion", "serve")])
def test_what_the_operation_of_every_verb_gives_is_declared(verb: str) -> None:
    schema()
    given = list(given_by(verb))
    assert given
    assert set(given) <= documents().keys()


def test_every_definition_says_what_it_is() -> None:
    undescribed = {name for name, each in COMMITTED["$defs"].items() if not each["description"]}
    assert undescribed == set()
    assert "null" in COMMITTED["description"]


def test_what_is_shown_under_another_name_is_there() -> None:
    """A path that leads nowhere would show only when such a result is printed."""
    for cls in documents():
        for path in as_json.shown(cls).values():
            head = path.partition(".")[0]
            assert hasattr(cls, head) or head in {each.name for each in fields(cls)}, (cls, path)
