import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
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


SHOP = """city,size,rooms,price
Wien,80,2,1.5
Graz,,3+,2
Wien,60,NA,1
,70,2,3.5
"""


def features(tmp_path, text, **arguments):
    return load(tmp_path, text, standardise=False, **arguments).train.features.tolist()


def test_categories_become_one_column_a_value_in_order_at_their_place(tmp_path):
    text = "a,city,b,y\n1,Wien,2,1\n3,Graz,4,2\n5,10,6,3\n7,9,8,4\n9,Wien,0,5\n"
    assert features(tmp_path, text, target="y", categorical=["city"]) == [
        [1, 0, 0, 0, 1, 2],
        [3, 0, 0, 1, 0, 4],
        [5, 0, 1, 0, 0, 6],
        [7, 1, 0, 0, 0, 8],
        [9, 0, 0, 0, 1, 0],
    ]
    with pytest.raises(DataError, match=r"cells are no numbers: city .'Wien' in line 2, 'Graz' in line 3"):
        load(tmp_path, text, target="y", categories="onehot")


def test_columns_of_texts_are_categories_on_demand_and_those_of_numbers_where_they_are_named(tmp_path):
    text = "zip,kind,y\n1010,NA,1\n8010,b,2\n1010,NA,3\n"
    onehot = {"target": "y", "categories": "onehot"}
    assert features(tmp_path, text, **onehot) == [[1010, 1, 0], [8010, 0, 1], [1010, 1, 0]]
    assert features(tmp_path, text, categorical=["zip"], **onehot) == [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]]


def test_rows_that_lack_a_value_are_left_out_on_demand(tmp_path):
    arguments = {"target": "price", "missing": "drop", "categories": "onehot"}
    assert features(tmp_path, SHOP, drop=["rooms"], **arguments) == [[1, 80], [1, 60]]
    # The only text of `rooms` is in a row that lacks another value: then NA says that one is missing.
    assert features(tmp_path, SHOP, **arguments) == [[1, 80, 2]]


def test_the_mean_of_a_column_is_put_in_on_demand_and_of_a_category_the_share_of_its_values(tmp_path):
    arguments = {"target": "price", "missing": "mean", "categories": "onehot", "drop": ["rooms"]}
    found = np.array(features(tmp_path, SHOP, **arguments))
    np.testing.assert_allclose(found, [[0, 1, 80], [1, 0, 70], [0, 1, 60], [1 / 3, 2 / 3, 70]], rtol=1e-6)
    data = load(tmp_path, SHOP, **arguments)
    np.testing.assert_allclose(data.train.features[[1, 3], 2], 0, atol=1e-6)


def test_a_decimal_comma(tmp_path):
    text = "x;y\n1,5;-2,25e1\n,5;3\n"
    data = load(tmp_path, text, target="y", delimiter=";", decimal=",", standardise=False)
    assert data.train.features.tolist() == [[1.5], [0.5]]
    assert data.train.targets.tolist() == [-22.5, 3.0]


def test_a_tab_can_be_typed(tmp_path):
    assert features(tmp_path, "x\ty\n1\t2\n3\t4\n", target="y", delimiter="\\t") == [[1.0], [3.0]]


@pytest.mark.parametrize("end", [",", ""], ids=["named too", "not named"])
def test_a_delimiter_at_the_end_of_all_lines_makes_no_column(tmp_path, end):
    text = f"x,y{end}\n1,2,\n3,4,\n"
    if end:
        assert features(tmp_path, text, target="y") == features(tmp_path, text, target="y", drop=[""]) == [[1], [3]]
    else:
        with pytest.raises(DataError, match=r"names 2 columns, but every row has 3 cells: .* end with a delimiter"):
            load(tmp_path, text, target="y")


def test_a_column_without_a_name_is_called_by_its_place(tmp_path):
    text = ",x,y\n0,5,2\n1,6,4\n2,7,4\n"
    for name in ("column_1", ""):
        assert features(tmp_path, text, target="y", drop=[name]) == [[5], [6], [7]]
    with pytest.raises(DataError, match=r"no column 'column_2' .*there are column_1, x, y"):
        load(tmp_path, text, target="y", drop=["column_1", "column_2"])


def test_row_numbers_are_told_by_name_and_content_together(tmp_path):
    def numbered(name, values):
        return f"{name},x,y\n" + "".join(f"{value},{value % 3},1\n" for value in values)

    for name in ("id", "Unnamed: 0", "PassengerId", "#", "row_number", "Nr."):
        for values in (range(9), range(1, 10), [2, 3, 5, 8], range(120, 0, -1)):
            if name != "#":
                with pytest.raises(DataError, match=f"the number of the row, or another identity: {name}"):
                    load(tmp_path, numbered(name, values), target="y")
    load(tmp_path, numbered("day", range(9)), target="y")
    load(tmp_path, numbered("id", [3, 1, 2]), target="y")
    load(tmp_path, numbered("id", [1, 1, 2]), target="y")


def test_names_of_classes_are_the_labels_in_order(tmp_path):
    data = load(tmp_path, FLOWERS, target="kind", classes=2, drop=["id"])
    assert data.class_names == ("daisy", "rose")
    assert load(tmp_path, FLOWERS, target="length", drop=["id", "kind"]).class_names == ()


def test_a_label_that_reads_as_nan_is_a_text_among_texts_and_missing_among_numbers(tmp_path):
    # Nan is a province of Thailand.
    data = load(tmp_path, "x,y\n1,Phrae\n2,Nan\n3,7\n", target="y", classes=3)
    assert data.class_names == ("7", "Nan", "Phrae")
    with pytest.raises(DataError, match=r"the target lacks a label: y \(line 3\)"):
        load(tmp_path, "x,y\n1,1\n2,nan\n3,2\n", target="y", classes=3)
    kept = load(tmp_path, "x,y\n1,1\n2,nan\n3,2\n", target="y", classes=2, missing="drop")
    assert kept.train.targets.tolist() == [0, 1]


ORDER = """
import sys
from ablate.datasets import csv_table
for words in ({"target": "y", "classes": 60}, {"target": "x", "drop": ["z"], "categorical": ["y"]}):
    print(csv_table.load(None, sys.argv[1], **words).digest())
"""


def test_the_order_of_labels_and_categories_is_that_of_every_process(tmp_path):
    labels = ["nan", "NaN", "-nan", *map(str, range(30)), *(f"text {number}" for number in range(27))]
    rows = "".join(f"{number},{number % 7},{label}\n" for number, label in enumerate(labels * 2))
    (tmp_path / "mine.csv").write_text("x,z,y\n" + rows)
    command = [sys.executable, "-c", ORDER, str(tmp_path / "mine.csv")]
    hashes = [{**os.environ, "PYTHONHASHSEED": str(seed)} for seed in range(4)]
    started = [subprocess.Popen(command, env=each, stdout=subprocess.PIPE, text=True) for each in hashes]
    printed = [process.communicate()[0].split() for process in started]
    assert [len(digests) for digests in printed] == [2] * 4
    assert printed == printed[:1] * 4


ROWS = "".join(f"{number},{number % 3}\n" for number in range(20))
REFUSED = {
    "a text among the features": (FLOWERS, {"target": "length"}, r"id \('a' in line 2\).*dataset\.drop=\[id,kind\]"),
    "texts, with the way out": (FLOWERS, {"target": "length"}, r"dataset\.categories=onehot"),
    "what is dropped already is said too": (FLOWERS, {"target": "length", "drop": ["id"]}, r"drop=\[id,kind\]"),
    "an empty cell": ("x,y\n1,2\n,3\n", {"target": "y"}, "x .line 3.: .*=mean .* all rows.*=drop .leaves 1 of 2 rows"),
    "a cell that says NaN": ("x,y\n1,2\nnan,4\n5,6\n", {"target": "y"}, "values are missing: x .line 3."),
    "a text as a real target": (FLOWERS, {"target": "kind", "drop": ["id"]}, "kind .'rose' in line 2.*classes=2"),
    "no such target": (FLOWERS, {"target": "colour"}, "no column 'colour'.*there are id, width, length, kind"),
    "no target": (FLOWERS, {}, r"dataset\.target is empty.*there are id, width, length, kind"),
    "no such column to drop": (FLOWERS, {"target": "kind", "drop": ["ID"]}, "no column 'ID'"),
    "no such category": (FLOWERS, {"target": "kind", "categorical": ["hue"]}, r"no column 'hue' \(dataset.categorical"),
    "nothing left": ("x,y\n1,2\n", {"target": "y", "drop": ["x"]}, "no column left"),
    "no named column left": (",y\n1,2\n2,1\n", {"target": "y", "drop": [""]}, "no column left"),
    "a name twice": ("x,x,y\n1,2,3\n", {"target": "y"}, "columns have the same name: x"),
    "other classes": (FLOWERS, {"target": "kind", "classes": 3, "drop": ["id"]}, "2 values, not 3 .*daisy, rose"),
    "one class": ("x,y\n1,a\n2,a\n", {"target": "y", "classes": 2}, "1 value, not 2 .a.: there is nothing to tell"),
    "an empty label": ("x,y\n1,a\n2,\n3,b\n", {"target": "y", "classes": 3}, r"lacks a label: y \(line 3\).*=drop"),
    "an empty label, never filled in": (
        "x,y\n1,a\n2,\n3,b\n",
        {"target": "y", "classes": 2, "missing": "mean"},
        "lacks a label: y",
    ),
    "a missing target": ("x,y\n1,1\n2,NA\n", {"target": "y"}, "lacks a value: y .line 3."),
    "a row number without a name": (
        f",y\n{ROWS}",
        {"target": "y", "classes": 3},
        r"no name: column_1.*drop=\[column_1\]",
    ),
    "a short row": ("x,y\n1,2\n3\n", {"target": "y"}, r"names 2 columns, but 1 row of 2 .* line 3 \(1 cell\)"),
    "a row below one of two lines": ('x,y\n"1\n",2\n3\n', {"target": "y"}, r"line 4 \(1 cell\)"),
    "names of rows, as R writes them": ("x,y\na,1,2\nb,2,3\n", {"target": "y"}, "may lack its name, as in files of R"),
    "no names": ("1.5,0\n2.5,1\n", {"target": "y"}, "there are 1.5, 0; its first line holds numbers"),
    "no rows": ("x,y\n", {"target": "y"}, "has no rows"),
    "nothing": ("", {"target": "y"}, "has no rows"),
    "another encoding": (
        "x,größe\n1,2\n".encode("latin-1"),
        {"target": "größe"},
        "no table in UTF-8: line 1 .*0xf6.*iconv",
    ),
    "UTF-16": ("x,y\n1,2\n".encode("utf-16"), {"target": "y"}, "it is UTF-16.*iconv -f UTF-16"),
    "a null byte": ("x,y\n1,\0\n", {"target": "y"}, r"y \('\\x00' in line 2"),
    "two delimiters": (FLOWERS, {"target": "kind", "delimiter": ",;"}, "separated by ',;'"),
    "another delimiter": ("x;y\n1;2\n", {"target": "y"}, r"""set 'dataset\.delimiter=";"'$"""),
    "another delimiter, and decimals": (
        "x;y\n1,5;2\n",
        {"target": "y"},
        r"""delimiter=";"', and 'dataset\.decimal=","' if""",
    ),
    "a tab": ("x\ty\n1\t2\n", {"target": "y"}, r"""set 'dataset\.delimiter="\\t"'"""),
    "a decimal comma": ('x,y\n"1,5",2\n2,3\n', {"target": "y"}, r"""x \('1,5' in line 2\).* 'dataset\.decimal=","'"""),
    "a decimal comma in the target": (
        'x,y\n1,"1,5"\n2,3\n',
        {"target": "y"},
        r"""y \('1,5' .*'dataset\.decimal=","'""",
    ),
    "a point where there are commas": (
        "x;y\n1.500;2\n2;3\n",
        {"target": "y", "delimiter": ";", "decimal": ","},
        "'1.500' in line 2.*where it separates thousands take it out",
    ),
    "thousands": ('x,y\n"1,234,567.5",2\n2,3\n', {"target": "y"}, "separators of thousands: x"),
    "mostly numbers": ("x,y\n1,2\nmany,3\n2,3\n", {"target": "y"}, r"x \('many' in line 3\): .*categorical=\[x\]"),
    "an infinite number": ("x,y\n1,2\n1e999,3\n", {"target": "y"}, "not finite: x .'1e999' in line 3"),
    "a number that float32 cannot hold": (
        "x,y\n1,2\n1e300,3\n",
        {"target": "y"},
        r"too large or not finite: x \('1e300' in line 3\).* ends at 3.4e\+38: .*drop=\[x\]",
    ),
    "nor where nothing is standardised": (
        "x,y\n1,2\n-1e39,3\n",
        {"target": "y", "standardise": False},
        "x .'-1e39' in line 3",
    ),
    "numbers whose squares are 0": (
        "x,z,y\n1,1e-200,2\n2,3e-200,3\n",
        {"target": "y"},
        "no standard deviation .* column 2 of the features: .*another unit",
    ),
    "an underscore": ("x,y\n1,2\n20_35,3\n", {"target": "y"}, r"x \('20_35' in line 3\)"),
    "an underscore in the target": ("x,y\n1,2\n2,3_0\n", {"target": "y"}, r"to be a number: y \('3_0' in line 3\)"),
    "an infinite target": ("x,y\n1,inf\n2,3\n", {"target": "y"}, "target is not finite: y .'inf' in line 2"),
    "a column of nothing": ("x,z,y\n1,,2\n2,NA,3\n", {"target": "y"}, r"no value at all: z: .*drop=\[z\]"),
    "a name in every row": (FLOWERS, {"target": "length", "categories": "onehot"}, r"too many .*id \(3 in 3 rows\)"),
    "a gap in every row": ("x,z,y\n,1,2\n3,,4\n", {"target": "y", "missing": "drop"}, "leaves no row: .* in x, z:"),
    "a quote that is never closed": ('x,y\n1,a\n2,"b\n3,a\n', {"target": "y", "classes": 2}, "line 3 is never closed"),
    "a name that a shell would take apart": (
        'it\'s "x",y\na,1\nb,2\n'.replace('"x"', '""x""').replace("it's", "\"it's").replace(",y", '",y'),
        {"target": "y"},
        r"""'dataset\.drop=\["it'"'"'s \\"x\\""\]'""",
    ),
}


@pytest.mark.parametrize(("text", "arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_a_table_of_numbers_is_refused_with_its_place(tmp_path, text, arguments, said):
    with pytest.raises(DataError, match=said):
        load(tmp_path, text, **arguments)


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    text = ",x,x,w,t,g,m,e,n,y\n" + "".join(
        f'{row},1,1,a,{row}%,"1,5",{row or "many"},,{row or ""},\n' for row in range(9)
    )
    with pytest.raises(DataError) as refused:
        load(tmp_path, f"{text}1,2\n", target="y", classes=2, drop=["z"])
    said = str(refused.value)
    for part in (
        "another number of cells",
        "no name",
        "same name",
        "'z'",
        "no value",
        "decimal",
        "'many'",
        "texts",
        "missing",
    ):
        assert part in said
    assert "the target lacks a label" in said


def test_categories_that_no_memory_holds_are_refused_before_they_are_built(tmp_path, monkeypatch):
    text = "x,y\n" + "".join(f"v{row % 40},{row}\n" for row in range(100))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=100 * 39 * 8))
    with pytest.raises(DataError, match="is 40 columns wide, more than the memory"):
        load(tmp_path, text, target="y", categories="onehot")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (Path.mkdir, "it is a folder"),
        (os.mkfifo, "it is a FIFO"),
        (lambda file: file.symlink_to("/dev/zero"), "a device"),
    ],
    ids=["folder", "FIFO", "device"],
)
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, make, said):
    make(tmp_path / "mine.csv")
    with pytest.raises(DataError, match=said):
        csv_table.load(tmp_path, "mine.csv", target="y")


LONG = "".join(map(chr, range(97, 123))) * 400


@pytest.mark.parametrize(
    "text",
    [
        f"{','.join(f'{LONG}{n}' for n in range(30))},y\n" + f"{','.join([LONG] * 30)},{LONG}\n" * 3,
        f"{','.join(f'c{n}' for n in range(5000))},y\n" + f"{','.join(f'a{n % 7}' for n in range(5000))},1\n" * 3,
        ("," * 5000 + "y\n") * 3,
        "x," * 5000 + "y\n" + "1\n" * 5000,
        "x,y\n" + "".join(f"{LONG}{n},\n" for n in range(500)),
    ],
    ids=["long names and cells", "many columns", "no names", "ragged", "many rows"],
)
@pytest.mark.parametrize("arguments", [{"target": "y"}, {"target": "y", "classes": 2, "categories": "onehot"}, {}])
def test_no_message_is_longer_than_a_screen(tmp_path, text, arguments):
    with pytest.raises(DataError) as refused:
        load(tmp_path, text, **arguments)
    lines = str(refused.value).splitlines()
    assert len(lines) <= 15
    assert max(map(len, lines)) <= 1000  # some eight lines of a terminal, of one or two of the kinds
    assert len(str(refused.value)) <= 2500


@pytest.mark.slow
def test_two_hundred_thousand_columns_take_seconds(tmp_path):
    """A search through all names for each name would take ten minutes."""
    count = 200_000
    text = f"{','.join(f'c{number}' for number in range(count))},y\n" + f"{'1,' * count}1\n{'2,' * count}2\n"
    begun = time.process_time()
    assert load(tmp_path, text, target="y", drop=[f"c{n}" for n in range(0, count, 2)]).example_shape == (count // 2,)
    assert time.process_time() - begun < 60
