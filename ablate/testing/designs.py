"""What every design promises: arms that are made of levels, the baseline among them, the same ones everywhere.

class TestMine(DesignContract):
    design = "latin_square"
    settings = DesignSettings(size=3)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from importlib import import_module
from typing import Any, ClassVar
from unittest import TestCase

from ablate.core.identity import Json, canonical
from ablate.design import Assignment, DesignSettings, Factors, Levels, Unfit, available, lay_out

__all__ = ["DesignContract", "check_arms"]

# Prints names and levels of the arms, in their order.
LAY_OUT = """
import json, sys
from ablate.design import DesignSettings, lay_out
design, factors, baseline, settings = json.load(sys.stdin)
factors = {key: tuple(levels) for key, levels in factors.items()}
settings = {key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()}
arms = lay_out(design, factors, baseline, DesignSettings(**settings))
print(json.dumps([[arm.name, arm.levels] for arm in arms]))
"""
raises = TestCase().assertRaises


class DesignContract:
    """Name a `design`, and a question that it can lay out if this one will not do.

    Attributes:
        unfit: questions that it refuses: factors, baseline and settings of each.
    """

    design: ClassVar[str]
    factors: ClassVar[Factors] = {"optimizer": ("sgd", "adam"), "model.dropout": (0.0, 0.3)}
    baseline: ClassVar[Levels] = {"optimizer": "sgd", "model.dropout": 0.0}
    settings: ClassVar[DesignSettings] = DesignSettings()
    unfit: ClassVar[Sequence[tuple[Factors, Levels, DesignSettings]]] = ()

    def arms(self, settings: DesignSettings | None = None) -> tuple[Assignment, ...]:
        return lay_out(self.design, self.factors, self.baseline, settings or self.settings)

    def test_is_found_by_its_name_and_says_what_it_takes(self) -> None:
        assert self.design in available()
        takes = import_module(f"ablate.design.{self.design}").TAKES
        assert set(takes) <= {each.name for each in fields(DesignSettings)} - {"where"}

    def test_arms_are_of_levels_and_one_is_the_baseline(self) -> None:
        check_arms(self.arms(), self.factors, self.baseline)

    def test_a_condition_leaves_the_arms_that_satisfy_it(self) -> None:
        """Whether it is put to all combinations or, by a design that chooses, to fewer."""
        factor, level = next(iter(self.baseline.items()))
        arms = self.arms(replace(self.settings, where=(f"{factor} in {[level]!r}",), size=self.settings.size and 1))
        check_arms(arms, self.factors, self.baseline)
        assert all(arm.levels[factor] == level for arm in arms)

    def test_lays_out_the_same_in_any_process(self) -> None:
        """In the same order, whatever Python's hashes of texts are."""
        asked = json.dumps([self.design, self.factors, self.baseline, asdict(self.settings)])
        expected = [[arm.name, dict(arm.levels)] for arm in self.arms()]
        assert [_elsewhere(asked, hash_seed) for hash_seed in ("1", "2")] == [expected, expected]

    def test_changes_nothing_of_what_it_is_given(self) -> None:
        before = canonical([self.factors, self.baseline])
        self.arms()
        assert canonical([self.factors, self.baseline]) == before

    def test_refuses_what_it_cannot_lay_out(self) -> None:
        for factors, baseline, settings in self.unfit:
            with raises(Unfit) as caught:
                lay_out(self.design, factors, baseline, settings)
            assert caught.exception.refusals
            assert all(refusal.key and refusal.allowed for refusal in caught.exception.refusals)


def check_arms(arms: Sequence[Assignment], factors: Factors, baseline: Mapping[str, Json]) -> None:
    """The laws of all designs, of the arms for these factors.

    Raises:
        AssertionError: when one is broken.
    """
    assert [arm.levels for arm in arms if arm.is_baseline] == [baseline]
    assert len({arm.name for arm in arms}) == len({canonical(arm.levels) for arm in arms}) == len(arms)
    assert all(list(arm.levels) == list(factors) for arm in arms)
    assert all(arm.levels[factor] in levels for arm in arms for factor, levels in factors.items())


def _elsewhere(asked: str, hash_seed: str) -> Any:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", LAY_OUT]
    done = subprocess.run(command, input=asked, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
