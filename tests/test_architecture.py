"""The picture in CONTRIBUTING.md, held: imports go down only, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ablate"


def rows(heading: str) -> Iterator[list[str]]:
    """The cells of the rows of the table in CONTRIBUTING.md whose first column has this heading."""
    lines = iter((ROOT / "CONTRIBUTING.md").read_text().splitlines())
    next(line for line in lines if line.startswith(f"| {heading} |"))
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def named(cell: str) -> list[str]:
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", cell)


# Room → the rooms that it imports; from the bottom to the top.
ROOMS = {named(row[0])[0].rstrip("/"): named(row[1]) for row in rows("room")}
# Library → the rooms or modules that import it.
LIBRARIES = {named(row[0])[0]: set(named(row[1])) for row in rows("library")}
UNLISTED = {"__init__", "__main__"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").as_posix()


def room_of(module: Path) -> str:
    return name_of(module).split("/")[0]


def imported(module: Path) -> set[str]:
    """Dotted names of everything the module imports anywhere, functions included."""
    tree = ast.parse(module.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level], "is relative"
    return {name for node in ast.walk(tree) for name in names_imported(node)}


def names_imported(node: ast.AST) -> set[str]:
    """Dotted names of what a statement imports; none of another one."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {f"{node.module}.{alias.name}" for alias in node.names} if isinstance(node, ast.ImportFrom) else set()


def imported_by(node: ast.AST, in_functions: bool = True) -> set[str]:
    """Dotted names of everything that is imported when the code runs: what is for types alone is left out."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return set().union(*(imported_by(other, in_functions) for other in node.orelse))
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not in_functions:
        return set()
    children = (imported_by(child, in_functions) for child in ast.iter_child_nodes(node))
    return names_imported(node).union(*children)


def module_named(name: str) -> str:
    """The module of the package that an imported name is, or comes from; a package is its `__init__`."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    while not path.with_suffix(".py").is_file() and not (path / "__init__.py").is_file():
        path = path.parent
    return name_of(path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py")


def rooms_imported(module: Path) -> set[str]:
    """The rooms of the package that a module imports from, its own left out; `__init__` for the package itself."""
    within = {name.partition(".")[2].partition(".")[0] for name in imported(module) if name.split(".")[0] == "ablate"}
    rooms = {name if (PACKAGE / name).is_dir() and name else "__init__" for name in within}
    return rooms - {room_of(module)}


def test_every_room_is_in_the_table_and_every_row_is_a_room():
    assert ROOMS.keys() == {room_of(module) for module in modules()} - UNLISTED


@pytest.mark.parametrize("room", ROOMS)
def test_a_row_imports_rows_above_it(room):
    above = list(ROOMS)[: list(ROOMS).index(room)]
    assert set(ROOMS[room]) <= {"__init__", *above}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_what_its_row_says(room):
    found = {name_of(module): rooms_imported(module) for module in modules() if room_of(module) == room}
    strangers = {name: rooms - set(ROOMS[room]) for name, rooms in found.items() if rooms - set(ROOMS[room])}
    assert strangers == {}
    assert set().union(*found.values()) == set(ROOMS[room]), "is the table out of date?"


def test_no_module_imports_itself_by_way_of_others():
    """Imports within functions count, too: they hide a circle and do not undo it. Those of the package itself, which
    everything may ask for its version, do not, for its names are imported when somebody asks for them."""
    graph = {
        name_of(module): {
            module_named(name)
            for name in imported_by(ast.parse(module.read_text()), in_functions=name_of(module) != "__init__")
            if name.split(".")[0] == "ablate"
        }
        for module in modules()
    }
    assert {"cli/verbs", "cli/output", "cli/completion"} <= graph["cli/command"], "are imports found at all?"
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_where_it_belongs(library):
    users = {name_of(module) for module in modules() if library in {name.split(".")[0] for name in imported(module)}}
    strangers = {user for user in users if not {user, user.split("/")[0]} & LIBRARIES[library]}
    assert strangers == set()
    assert users, f"nobody imports {library}: is the rule out of date?"


def calls(module: Path) -> list[str]:
    """The last name of everything that the module calls: `GradientTape` of `tf.GradientTape()`."""
    found = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call):
            found += [node.func.attr] if isinstance(node.func, ast.Attribute) else []
            found += [node.func.id] if isinstance(node.func, ast.Name) else []
    return found


def names(module: Path) -> set[str]:
    """Every name, attribute, argument and imported name of the module's code; no word of a text or a comment."""
    found = {part for name in imported(module) for part in name.split(".")}
    for node in ast.walk(ast.parse(module.read_text())):
        found |= {node.id} if isinstance(node, ast.Name) else set()
        found |= {node.attr} if isinstance(node, ast.Attribute) else set()
        found |= {node.arg} if isinstance(node, (ast.arg, ast.keyword)) and node.arg else set()
    return found


def test_the_gradient_is_taken_once_for_each_way_to_train():
    """One tape in the step of all supervised runs. The other belongs to the step of two models, which descend two
    losses; nothing else of the loop stands there a second time. Probes differentiate, too, to measure; they hold no
    optimizer, so nothing learns from what they find."""
    tapes = [name_of(module) for module in modules() for name in calls(module) if name == "GradientTape"]
    assert [name for name in tapes if not name.startswith("probes/")] == ["training/adversarial", "training/step"]
    probes = [module for module in modules() if room_of(module) == "probes"]
    learning = ("optimizer", "optimizers", "apply", "apply_gradients")
    assert [name_of(module) for module in probes if names(module) & set(learning)] == []


def test_the_loop_over_batches_stands_once():
    """Whoever indexes the learning rates of an epoch's steps goes through its batches."""
    loops = {
        name_of(module)
        for module in modules()
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Subscript) and "learning_rates" in ast.unparse(node.value)
    }
    assert loops == {"training/epoch"}


def test_every_file_and_every_test_that_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    files = set(re.findall(r"`((?:ablate|tests|conf)/[\w/]+\.\w+)`", text))
    assert files
    assert {name for name in files if "NAME" not in name and not (ROOT / name).is_file()} == set()
    promises = re.findall(r"`((?:\w+/)*test_\w+\.py)(?:::(\w+)…?)?`", text[text.index("| case | promise |") :])
    assert len(promises) > 20
    for file, name in promises:
        folders = [folder for folder in (ROOT / "tests", ROOT / "tests" / "runner") if (folder / file).is_file()]
        assert folders, file
        assert f"def {name}" in with_contracts(folders[0] / file), f"{file}::{name}"


def with_contracts(module: Path) -> str:
    """The text of a module of tests, and of the contracts whose tests it runs."""
    text = module.read_text()
    contracts = (
        each.read_text() for each in (PACKAGE / "testing").glob("*.py") if f"ablate.testing.{each.stem}" in text
    )
    return "\n".join([text, *contracts])


def test_nothing_but_the_command_line_prints():
    assert {room_of(module) for module in modules() if "print" in calls(module)} <= {"cli"}


def run_quietly(*arguments: str, folder: Path) -> set[str]:
    """Runs the command line in a fresh process; the top-level modules that it imported."""
    script = (
        "import sys\nfrom ablate.cli import main\ncode = main(sys.argv[1:])\n"
        "print('\\nMODULES', *sorted({name.split('.')[0] for name in sys.modules}))\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder in which a tiny sweep has been trained."""
    folder = tmp_path_factory.mktemp("finished")
    run_quietly(*TINY, folder=folder)
    return folder


TINY = ["+sweep=dropout", "sweep.seeds=2", "training.epochs=1", "model.hidden=[4]", "executor.workers=1"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["plan", *TINY],
        TINY,
        ["report", "dropout"],
        ["report", "--from", "reports/dropout/data"],
        ["compare", "dropout"],
        ["list", "runs", "model.dropout=0.3"],
        ["watch", "dropout"],
        ["fsck", "--repair"],
        ["gc"],
        ["doctor", "--skip-training"],
        ["plan", "-m", "model.dropout=0.0,0.3", "seed=0,1"],
    ],
    ids=" ".join,
)
def test_only_training_needs_tensorflow(arguments, finished):
    assert not run_quietly(*arguments, folder=finished) & {"tensorflow", "keras"}


def test_a_cached_sweep_and_a_plan_draw_nothing(finished):
    assert "matplotlib" not in run_quietly(*TINY, folder=finished)
    assert "pandas" not in run_quietly("plan", *TINY, folder=finished)


def test_what_is_asked_of_a_store_often_waits_for_no_library(finished):
    for words in (["gc"], ["fsck", "--help"]):
        assert not run_quietly(*words, folder=finished) & {"pandas", "scipy", "matplotlib"}
