"""`from ablate.analysis import …` works in a notebook, and what is not asked for is not waited for."""

import subprocess
import sys

import pytest

import ablate.analysis


@pytest.mark.parametrize("name", ablate.analysis.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(ablate.analysis, name).__module__.startswith("ablate.analysis.")
    assert name in dir(ablate.analysis)


def test_no_other_name_does() -> None:
    with pytest.raises(AttributeError, match="judge_everything"):
        _ = ablate.analysis.judge_everything


def test_judging_needs_neither_pandas_nor_statsmodels_nor_tensorflow() -> None:
    script = """
import sys
from ablate.analysis import ArmValues, SequentialPlan, factorial_effects, friedman, judge_arms, power_statement
power_statement(5, 8)
print(*{name.split(".")[0] for name in sys.modules})
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"pandas", "statsmodels", "tensorflow", "matplotlib"} & set(done.stdout.split())
