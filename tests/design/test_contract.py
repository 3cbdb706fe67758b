"""Each design of the package keeps the contract of all designs."""

from __future__ import annotations

from ablate.design import DesignSettings, available
from ablate.testing.designs import DesignContract

FACTORS, BASELINE = DesignContract.factors, DesignContract.baseline
THREE = DesignSettings(size=3)


class TestGrid(DesignContract):
    design = "grid"
    unfit = ((FACTORS, BASELINE, THREE),)


class TestOneFactor(DesignContract):
    design = "one_factor"
    unfit = ((FACTORS, BASELINE, THREE),)


class TestLeaveOneOut(DesignContract):
    design = "leave_one_out"
    unfit = (({"optimizer": ("sgd", "adam", "adamw")}, {"optimizer": "sgd"}, DesignSettings()),)


class TestList(DesignContract):
    design = "list"
    settings = DesignSettings(arms=({"optimizer": "adam"}, {"name": "both", "optimizer": "adam", "model.dropout": 0.3}))
    unfit = ((FACTORS, BASELINE, DesignSettings()),)


class TestRandom(DesignContract):
    design = "random"
    settings = THREE
    unfit = ((FACTORS, BASELINE, DesignSettings()), (FACTORS, BASELINE, DesignSettings(size=5)))


class TestSobol(DesignContract):
    design = "sobol"
    settings = THREE
    unfit = ((FACTORS, BASELINE, DesignSettings()), (FACTORS, BASELINE, DesignSettings(size=5)))


PARTS = {"dataset.resplits": (False, True), "seed_parts.order": (None, 0), "seed_parts.masks": (None, 0)}
USUAL = {"dataset.resplits": False, "seed_parts.order": None, "seed_parts.masks": None}


class TestSeedParts(DesignContract):
    design = "seed_parts"
    factors = PARTS
    baseline = USUAL
    unfit = (
        (FACTORS, BASELINE, DesignSettings()),
        (PARTS, USUAL, THREE),
        (PARTS, {**USUAL, "dataset.resplits": True}, DesignSettings()),
        (PARTS, {**USUAL, "seed_parts.order": 0}, DesignSettings()),
        ({**PARTS, "seed_parts.order": (0, 1)}, {**USUAL, "seed_parts.order": 0}, DesignSettings()),
        ({"seed_parts.order": (None, 0)}, {"seed_parts.order": None}, DesignSettings()),
    )


def test_none_is_left_out() -> None:
    tested = {each.design for each in globals().values() if isinstance(each, type) and "design" in vars(each)}
    assert tested == set(available())
