"""The picture in CONTRIBUTING.md, held: imports go down only, and heavy libraries stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "ablate"

# Each part of the package with the parts it may import; a part may always import itself.
FOUNDATION = {
    *("identity", "declared", "harmless", "archives", "unreadable", "environments", "public"),
    *("specs", "records", "artefacts", "plans", "statements", "durable"),
}
MAY_IMPORT: dict[str, set[str]] = {
    "__init__": set(),
    "identity": set(),
    "declared": set(),
    "archives": set(),
    "specs": {"identity", "declared"},
    "records": {"identity", "declared", "specs"},
    "artefacts": {"records"},
    "plans": {"identity", "declared", "specs"},
    "harmless": set(),
    "unreadable": set(),
    "machine": set(),
    "environments": {"identity"},
    "public": set(),
    "statements": {"identity", "records", "artefacts", "unreadable"},
    "durable": {"identity"},
    "journal": {"identity", "durable"},
    "packing": {"archives", "records"},
    "store": {*FOUNDATION, "packing"},
    "claims": {*FOUNDATION, "machine"},
    "study_folder": {*FOUNDATION, "journal"},
    "leftovers": {*FOUNDATION, "claims", "store", "study_folder"},
    "design": {"identity", "specs", "unreadable"},
    "config": {"identity", "specs", "records", "artefacts", "unreadable", "statements", "design"},
    "layers": set(),
    "models": {"layers"},
    "datasets": {"identity", "archives"},
    "training": {"records", "layers"},
    "analysis": FOUNDATION,
    "plots": {*FOUNDATION, "analysis"},
    "reporting": {*FOUNDATION, "__init__", "analysis", "plots"},
    "probes": {*FOUNDATION, "datasets", "models", "training"},
    "exporting": {"layers", "models"},
    "publishing": {*FOUNDATION, "store", "study_folder", "analysis", "reporting"},
    "inspection": {*FOUNDATION, "journal", "store", "study_folder", "leftovers", "analysis", "publishing"},
    "runner": {
        *FOUNDATION,
        *("__init__", "machine", "packing", "store", "claims", "config", "datasets", "training", "probes"),
    },
    "checkup": {*FOUNDATION, "machine", "config", "datasets", "analysis", "runner"},
}
ANYTHING = {"cli", "__main__"}

TENSORFLOW = {"layers", "models", "training", "probes", "exporting", "runner/trainer"}
ALLOWED_AT: dict[str, set[str]] = {
    "tensorflow": TENSORFLOW,
    "keras": {*TENSORFLOW, "datasets/files"},
    "pandas": {"analysis", "plots", "reporting"},
    "matplotlib": {"plots"},
    "omegaconf": {"config", "cli/hydra_flags"},
    "hydra": {"config", "cli/hydra_flags"},
    "ray": {"runner/actors"},
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").as_posix()


def part_of(module: Path) -> str:
    return name_of(module).split("/")[0]


def imported(module: Path) -> set[str]:
    """Dotted names of everything the module imports anywhere, functions included."""
    found = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("module", modules(), ids=name_of)
def test_imports_go_down_only(module):
    part = part_of(module)
    if part in ANYTHING:
        return
    within = {name.split(".")[1] for name in imported(module) if name.startswith("ablate.")}
    parts = {name if (PACKAGE / name).exists() or (PACKAGE / f"{name}.py").exists() else "__init__" for name in within}
    assert parts <= {part, *MAY_IMPORT[part]}


@pytest.mark.parametrize("library", ALLOWED_AT)
def test_a_library_stays_where_it_belongs(library):
    users = {name_of(module) for module in modules() if library in {name.split(".")[0] for name in imported(module)}}
    strangers = {user for user in users if not {user, user.split("/")[0]} & ALLOWED_AT[library]}
    assert strangers == set()
    assert users, f"nobody imports {library}: is the rule out of date?"


def test_the_gradient_is_taken_once_for_each_way_to_train():
    """One tape in the step of all supervised runs. The other belongs to the step of two models, which descend two
    losses; nothing else of the loop stands there a second time. Probes differentiate, too, to measure; they hold no
    optimizer, so nothing learns from what they find."""
    uses = [name_of(module) for module in modules() for _ in range(module.read_text().count("GradientTape("))]
    assert [use for use in uses if not use.startswith("probes/")] == ["training/adversarial", "training/step"]
    probes = [module.read_text() for module in modules() if part_of(module) == "probes"]
    assert not [text for text in probes if "optimizer" in text or "apply_gradients" in text]


def test_the_loop_over_batches_stands_once():
    loops = [name_of(module) for module in modules() if "learning_rates[" in module.read_text()]
    assert loops == ["training/epoch"]


def test_nothing_but_the_command_line_prints():
    for module in modules():
        calls = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Call)]
        prints = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]
        assert not prints or part_of(module) == "cli", module


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
