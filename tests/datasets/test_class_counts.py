import numpy as np
import pytest

from ablate.datasets.arrays import Examples, RawData
from ablate.datasets.class_counts import class_notes, count_classes
from ablate.datasets.splits import cut, with_test


def data(labels, classes, test=None):
    def part(own):
        return Examples(np.zeros((len(own), 1), np.float32), np.array(own, np.int32))

    return RawData(part(labels), None if test is None else part(test), classes, 1.0, ())


def counted(raw, split_seed=0):
    rest, test = with_test(raw, split_seed)
    return count_classes(rest.targets, test.targets, raw.classes)


@pytest.mark.parametrize("seed", range(30))
def test_absent_classes_are_those_that_the_cut_leaves_out(seed):
    """Of data sets with rare classes, with and without a test split of their own; the oracle is the cut itself."""
    generator = np.random.default_rng(seed)
    classes = int(generator.integers(2, 12))
    shares = generator.dirichlet(np.full(classes, 0.3))
    labels = generator.choice(classes, 120, p=shares)
    raw = data(labels, classes, generator.choice(classes, 20, p=shares) if seed % 2 else None)
    fraction, last = float(generator.uniform(0.05, 0.6)), int(generator.integers(1, 60)) if seed % 3 else None
    parts = cut(raw, fraction, last, split_seed=seed)
    present = {
        name: set(part.targets.tolist())
        for name, part in (("training", parts.train), ("validation", parts.validation), ("test", parts.test))
    }
    anywhere = set.union(*present.values())
    expected = {name: tuple(sorted(anywhere - found)) for name, found in present.items() if anywhere - found}
    if len(anywhere) < classes:
        expected["any"] = tuple(sorted(set(range(classes)) - anywhere))
    # Another seed draws other examples, but of each class as many.
    assert counted(raw, seed + 1 if last is None else seed).absent(fraction, last) == expected


def test_nothing_is_said_of_parts_that_have_all_classes():
    assert class_notes(counted(data([0, 1, 2] * 40, 3)), (), 0.1, None) == ()


def test_a_class_of_one_example_and_one_of_none_are_said_by_name():
    notes = class_notes(counted(data([0, 1] * 60 + [2], 4)), ("daisy", "rose", "tulip", "aster"), 0.1, None)
    assert notes == (
        "1 of 4 classes has no example at all: 3 (aster)",
        "1 of 4 classes has no example for validation: 2 (tulip)",
        "1 of 4 classes has no example for the test: 2 (tulip)",
    )


def test_a_thousand_absent_classes_are_one_line():
    [note] = class_notes(counted(data([0, 1] * 60, 1002)), (), 0.1, None)
    assert note == "1,000 of 1,002 classes have no example at all: 2, 3, 4, 5, 6 and 995 more"
