"""Tables that could be read by the first reader have the digests they had, and numbers are rounded correctly."""

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings, strategies
from pyarrow import csv as arrow

from ablate.datasets import csv_table
from ablate.datasets.csv_columns import TableSettings
from ablate.datasets.csv_reading import read_table

# Text, arguments, and the digest that the reader of version 0.1 gave (commit e8d617c).
READ_BEFORE = {
    "a regression": (
        "x,y\n1.5,2\n-3,4e-3\n.5,6\n",
        {"target": "y"},
        "1e6040c4d31404c816982d6f2f8591bf0e87c1394c68bc9a118237e8638d50d8",
    ),
    "not standardised": (
        "x,y\n0.1,2\n0.30000000000000004,4\n1e-45,6\n",
        {"target": "y", "standardise": False},
        "ffd2b7fac6f78878f4290784afafaa2c5600dee927edcbec31d84eaaffcaa1e0",
    ),
    "a target scale": (
        "x,y\n1,20\n2,40\n4,60\n",
        {"target": "y", "target_scale": 7.0},
        "66a5e349602e6ba3d90256c0b0d0713264f6181bac391d3d7f890ab76b97f94f",
    ),
    "numbers of every spelling": (
        "x,z,y\n1000, 1e5,1\n+2.5E-3,\t7.,0\n٣,123456789012345678901234567890,1\n",
        {"target": "y"},
        "f24d6176c3b2a85cb02b73ecc09b53a11f7da5f153efa10ee5944d77aa50cfd4",
    ),
    "seventeen digits": (
        "x,y\n0.1234567890123456789,1\n9007199254740993,2\n2.2250738585072011e-308,3\n179769313486231570000000000000000000000,4\n",
        {"target": "y"},
        "6062bb446d59b1bfcc2ec66bad313118be853bcbdde84b543660f18899ec5415",
    ),
    "labels that are texts": (
        "x,kind\n1,rose\n2,daisy\n3,rose\n4,Aster\n5,élan\n",
        {"target": "kind", "classes": 4},
        "4bc7a3ad30c1ff3ae7fd12185a6ee733173a1ad5b47d844639b7f997fcfd4eb3",
    ),
    "labels that are numbers": (
        "x,y\n1,10\n2,9\n3,2\n4,-1\n5,1e1\n",
        {"target": "y", "classes": 5},
        "547225afd6301f2005a940ede025e4dbfafe4c8218e637d9527a6b04b0573fe3",
    ),
    "labels of both kinds": (
        "x,y\n1,b\n2,10\n3,9\n4,a\n",
        {"target": "y", "classes": 4},
        "2bf23a40aa539450f32db9deed46fd667f8f5226341a354dc3cdfb47bcc97491",
    ),
    "labels that are infinite": (
        "x,y\n1,inf\n2,10\n3,-inf\n4,a\n",
        {"target": "y", "classes": 4},
        "f5491f14be36804809119fdffd060d98fc94083863dc6fd1535076cbe90a1c42",
    ),
    "a label of two lines": (
        'x,y\n1,"two\nlines"\n2,"a, ""b"""\n',
        {"target": "y", "classes": 2},
        "3289da441652ee1d0394d1697a7eac6078cd24044fac3d30ab9c6ce769ef7c3b",
    ),
    "a spreadsheet's": (
        '\ufeffx; y\r\n1.5;2\r\n\r\n"3";4\r\n',
        {"target": "y", "delimiter": ";"},
        "9ea5900b441d93f22f983f5c9c2e687fc48bc487837653c4a5d02be84c65cc1a",
    ),
    "tabs": (
        "x\ty\n1\t2\n3\t4\n",
        {"target": "y", "delimiter": "\t"},
        "9ea5900b441d93f22f983f5c9c2e687fc48bc487837653c4a5d02be84c65cc1a",
    ),
    "old ends of lines": (
        "x,y\r1,2\r3,4\r",
        {"target": "y"},
        "9ea5900b441d93f22f983f5c9c2e687fc48bc487837653c4a5d02be84c65cc1a",
    ),
    "no end of the last line": (
        "x,y\n1,2\n3,4",
        {"target": "y"},
        "9ea5900b441d93f22f983f5c9c2e687fc48bc487837653c4a5d02be84c65cc1a",
    ),
    "columns dropped": (
        'id,x,note,y\na,1,,2\nb,3,"q,r",4\n',
        {"target": "y", "drop": ["id", "note"]},
        "9ea5900b441d93f22f983f5c9c2e687fc48bc487837653c4a5d02be84c65cc1a",
    ),
    "an unnamed column dropped": (
        ",x,y\n0,1,2\n1,3,4\n",
        {"target": "y", "drop": [""]},
        "9ea5900b441d93f22f983f5c9c2e687fc48bc487837653c4a5d02be84c65cc1a",
    ),
    "a constant column": (
        "x,c,y\n1,5,2\n3,5,4\n",
        {"target": "y"},
        "3a1b162825bbf13569117cd26db198adff0693d9b592c03427d420116459e32f",
    ),
    "names that are numbers": (
        "0,1,2\n1,5,2\n3,5,4\n",
        {"target": "2"},
        "3a1b162825bbf13569117cd26db198adff0693d9b592c03427d420116459e32f",
    ),
    "quotes inside": (
        'x,y\n"1"5,a"b\n2, "c"\n',
        {"target": "y", "classes": 2},
        "154e7a4b4a052454009fda584b6670903f7b4dbd7189ad94f06973126e9cf2fb",
    ),
    "a label called NA among texts": (
        "x,y\n1,NA\n2,DE\n3,NA\n4,nil\n",
        {"target": "y", "classes": 3},
        "d2b46b9c5f4a12b0d39177995958caf69353e5efea18c328a70a12bfabbbda94",
    ),
}


def digest(folder, text, **arguments):
    (folder / "mine.csv").write_bytes(text.encode())
    return csv_table.load(folder, "mine.csv", **arguments).digest()


@pytest.mark.parametrize(("text", "arguments", "expected"), READ_BEFORE.values(), ids=READ_BEFORE)
def test_a_table_that_could_be_read_before_has_the_digest_it_had(tmp_path, text, arguments, expected):
    assert digest(tmp_path, text, **arguments) == expected


def test_so_has_a_table_whose_digits_depend_on_the_order_of_sums(tmp_path):
    """Columns that vary in the last digits of a float64: a mean over another layout of the memory shows."""
    draw = random.Random(0)
    cells = (
        ",".join(repr(1e9 + draw.random() * 1e-3) for _ in range(5)) + f",{draw.randrange(3)}\n" for _ in range(1000)
    )
    expected = "68f82475bef83550eff260e003880dfe4efc9400b8110360ab785d76966f792e"
    assert digest(tmp_path, "c0,c1,c2,c3,c4,y\n" + "".join(cells), target="y") == expected


NUMBERS = strategies.lists(
    strategies.tuples(*[strategies.floats(allow_nan=False, allow_infinity=False, width=64)] * 2),
    min_size=2,
    max_size=20,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=NUMBERS, spelling=strategies.sampled_from(["{!r}", "{:.17e}", "{:.25g}", "{:.3f}"]))
def test_numbers_are_those_of_arrow_which_rounds_correctly(tmp_path, rows, spelling):
    file = tmp_path / "mine.csv"
    file.write_text("x,y\n" + "".join(",".join(spelling.format(value) for value in row) + "\n" for row in rows))
    asked = TableSettings("y", (), (), "refuse", "refuse", ".")
    columns = asked.columns(read_table(file, ",", "."))
    types = arrow.ConvertOptions(column_types={"x": pa.float64(), "y": pa.float64()})
    expected = arrow.read_csv(file, convert_options=types)
    for column in columns:
        np.testing.assert_array_equal(column.numbers, expected[column.name].to_numpy())
