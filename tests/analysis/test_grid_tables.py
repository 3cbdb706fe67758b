from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from ablate.analysis.grid_effects import Source
from ablate.analysis.grid_tables import factor_tables, source_shares
from ablate.core.records import METRICS
from tests.judged import by_seed

FACTORS = {"a": (0.0, 0.3), "b": ("x", "y", "z"), "c": (True, None)}
VALUES = np.random.default_rng(0).standard_normal((2, 3, 2, 4))
CELLS = {
    tuple(FACTORS[name][index] for name, index in zip(FACTORS, place, strict=True)): by_seed(VALUES[place])
    for place in product(range(2), range(3), range(2))
}
LOSS = METRICS["val_loss"]


def test_every_pair_of_factors_has_a_table_averaged_over_the_others_within_seeds() -> None:
    tables = factor_tables(LOSS, FACTORS, CELLS)
    assert [(table.first, table.second) for table in tables] == [("a", "b"), ("a", "c"), ("b", "c")]
    cell = tables[0].cell("0.3", "y")
    assert cell is not None
    assert cell.estimate.values == pytest.approx(VALUES[1, 1].mean(axis=0))
    cell = tables[2].cell("z", "null")
    assert cell is not None
    assert cell.estimate.mean == pytest.approx(VALUES[:, 2, 1].mean())


def test_what_is_missing_has_no_cell() -> None:
    partial = {cell: values for cell, values in CELLS.items() if cell != (0.0, "x", True)}
    table = factor_tables(LOSS, FACTORS, partial)[0]
    assert table.cell("0.0", "x") is None
    assert len(table.cells) == 5
    assert factor_tables(LOSS, FACTORS, {})[0].cells == ()


def test_one_factor_has_no_table() -> None:
    assert factor_tables(LOSS, {"a": (1, 2)}, {(1,): by_seed([1.0]), (2,): by_seed([2.0])}) == ()


def test_a_share_knows_what_it_belongs_to() -> None:
    shares = source_shares([("a", 0.5), ("a × b", 0.2), ("seed", 0.2), ("residual", 0.1), ("b", None)])
    assert [share.source for share in shares] == [Source.FACTOR, Source.INTERACTION, Source.SEED, Source.RESIDUAL]
