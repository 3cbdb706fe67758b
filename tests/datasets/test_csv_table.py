import numpy as np
import pytest

from ablate.datasets import csv_table
from ablate.datasets.arrays import DataError
from ablate.datasets.checks import check

FLOWERS = """id,width,length,kind
a,1.0,5,rose
b,2.0,7,daisy
c,3.0,5,rose
"""


def load(tmp_path, text, **arguments):
    (tmp_path / "mine.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return csv_table.load(tmp_path, "mine.csv", **arguments)


def test_a_regression_in_units_of_the_target_scale(tmp_path):
    data = load(tmp_path, FLOWERS, target="length", drop=["id", "kind"], target_scale=10.0, standardise=False)
    check(data)
    assert data.train.features.tolist() == [[1.0], [2.0], [3.0]]
    np.testing.assert_allclose(data.train.targets, [0.5, 0.7, 0.5])
    assert data.classes is None


def test_classes_may_be_texts_and_are_numbered_in_order(tmp_path):
    data = load(tmp_path, FLOWERS, target="kind", classes=2, drop=["id"])
    check(data)
    assert data.train.targets.tolist() == [1, 0, 1]
    np.testing.assert_allclose(data.train.features.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(data.train.features.std(axis=0), 1, atol=1e-6)


def test_classes_that_are_numbers_are_numbered_by_value(tmp_path):
    data = load(tmp_path, "x,y\n1,10\n2,9\n3,2\n", target="y", classes=3)
    assert data.train.targets.tolist() == [2, 1, 0]


def test_what_spreadsheets_write_is_read(tmp_path):
    text = "\ufeffx; y\r\n1,5;2\r\n\r\n".replace(",", ".") + '"3";4\r\n'
    data = load(tmp_path, text, target="y", delimiter=";", standardise=False)
    assert data.train.features.tolist() == [[1.5], [3.0]]
    assert data.train.targets.tolist() == [2.0, 4.0]


def test_a_missing_value_is_found_where_it_is(tmp_path):
    data = load(tmp_path, "x,y\n1,2\nnan,4\n5,6\n", target="y")
    with pytest.raises(DataError, match=r"1 of 3 \(the first is example 1\) training features are not finite"):
        check(data)


REFUSED = {
    "a text among the features": (FLOWERS, {"target": "length"}, r"line 2: 'a' in column id.*dataset\.drop=\[id\]"),
    "an empty cell": ("x,y\n1,2\n,3\n", {"target": "y"}, "line 3: '' in column x is no number"),
    "a text as a real target": (FLOWERS, {"target": "kind", "drop": ["id"]}, "line 2: 'rose' in column kind"),
    "no such target": (FLOWERS, {"target": "colour"}, "no column 'colour'.*there are id, width, length, kind"),
    "no such column to drop": (FLOWERS, {"target": "kind", "drop": ["ID"]}, "no column 'ID'"),
    "nothing left": ("x,y\n1,2\n", {"target": "y", "drop": ["x"]}, "no column left"),
    "a name twice": ("x,x,y\n1,2,3\n", {"target": "y"}, "names a column twice"),
    "other classes": (FLOWERS, {"target": "kind", "classes": 3, "drop": ["id"]}, "2 values, not 3 .*daisy, rose"),
    "a short row": ("x,y\n1,2\n3\n", {"target": "y"}, "line 3: 1 cells where the first line names 2"),
    "no rows": ("x,y\n", {"target": "y"}, "has no rows"),
    "nothing": ("", {"target": "y"}, "has no rows"),
    "another encoding": ("x,größe\n1,2\n".encode("latin-1"), {"target": "größe"}, "no table in UTF-8"),
    "a null byte": ("x,y\n1,\0\n", {"target": "y"}, r"mine\.csv"),
    "two delimiters": (FLOWERS, {"target": "kind", "delimiter": ",;"}, "separated by ',;'"),
}


@pytest.mark.parametrize(("text", "arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_table_of_numbers_is_refused_with_its_place(tmp_path, text, arguments, said):
    with pytest.raises(DataError, match=said):
        load(tmp_path, text, **arguments)
