"""Arrays as bytes: read back as numpy reads them, and refused where they are anything else."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as npst

from ablate.sanitize.arrays import read_arrays
from ablate.storage.npz import pack, unpack

ARRAYS = st.dictionaries(
    st.text("abc/_é", min_size=1),
    npst.arrays(
        st.sampled_from(["f4", "f8", "i8", "u1", "?", "U3"]), npst.array_shapes(min_dims=0, min_side=0, max_dims=3)
    ),
    max_size=4,
)


@settings(deadline=None, derandomize=True, max_examples=50)
@given(arrays=ARRAYS)
def test_gives_back_what_was_packed_as_numpy_does(arrays):
    content = pack(arrays)
    unpacked = unpack(content)
    assert list(unpacked) == list(arrays)
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        for name, values in arrays.items():
            assert list(unpack(content, {name, "another"})) == [name]
            assert unpacked[name].dtype == values.dtype
            np.testing.assert_array_equal(unpacked[name], values)
            np.testing.assert_array_equal(unpacked[name], archive[name])
            assert unpacked[name].flags.writeable
            assert unpacked[name].flags.aligned


CONTENT = pack({"history/loss": np.arange(5.0), "weights/path": np.array(["a", "b"])})


@settings(deadline=None, derandomize=True, max_examples=100)
@given(where=st.integers(0, len(CONTENT) - 1), byte=st.binary(min_size=1, max_size=3), cut=st.booleans())
def test_other_bytes_are_refused_or_read_and_never_worse(where, byte, cut):
    damaged = CONTENT[:where] if cut else CONTENT[:where] + byte + CONTENT[where + len(byte) :]
    try:
        unpacked = unpack(damaged)
    except ValueError:
        return
    assert all(isinstance(values, np.ndarray) and not values.dtype.hasobject for values in unpacked.values())


def saved(save, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK",
        saved(np.savez_compressed, a=np.zeros(9)),
        saved(np.savez, a=np.asfortranarray(np.zeros((2, 3)))),
        saved(np.savez, a=np.array([{}], dtype=object)),
    ],
    ids=["nothing", "no archive", "compressed", "Fortran", "objects"],
)
def test_refuses_what_it_did_not_write(content):
    with pytest.raises(ValueError, match=r"archive|compressed|Fortran"):
        unpack(content)


@pytest.mark.parametrize("shape", [(-165,), (-1, 5), (10**9,), (2**62, 4), (-(10**30),)])
@pytest.mark.parametrize("reader", [unpack, lambda content: read_arrays(io.BytesIO(content), 2**20)])
def test_a_length_that_lies_is_refused_before_it_is_trusted(shape, reader):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("first.npy", header.getvalue() + bytes(8))
        members.writestr("second.npy", header.getvalue() + bytes(8))
    with pytest.raises(ValueError, match=r"shape|promises"):
        reader(archive.getvalue())
    if reader is unpack:
        with pytest.raises(ValueError, match=r"shape|promises"):
            unpack(archive.getvalue(), names=["second"])
