"""`from ablate.stats import …` works in a notebook, and what is not asked for is not waited for."""

import subprocess
import sys

import pytest

import ablate.analysis
import ablate.stats
import ablate.verdicts

ROOMS = (ablate.analysis, ablate.stats, ablate.verdicts)


@pytest.mark.parametrize(("room", "name"), [(room, name) for room in ROOMS for name in room.__all__])
def test_every_public_name_exists(room, name):
    assert getattr(room, name).__module__.startswith(f"{room.__name__}.")
    assert name in dir(room)


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_name_does(room):
    with pytest.raises(AttributeError, match="judge_everything"):
        _ = room.judge_everything


@pytest.mark.parametrize(
    "code",
    [
        "from ablate.stats import factorial_effects, friedman, power_statement; power_statement(5, 8)",
        "from ablate.verdicts import ArmValues, SequentialPlan, judge_arms",
    ],
)
def test_judging_needs_neither_pandas_nor_statsmodels_nor_tensorflow(code):
    script = f"import sys\n{code}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"pandas", "statsmodels", "tensorflow", "matplotlib"} & set(done.stdout.split())
