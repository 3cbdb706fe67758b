"""A trained model as a file of HDF5, which older tools read."""

from __future__ import annotations

from ablate.exporting._models import load_model, save_model

__all__ = ["SUFFIX", "read_model", "write_model"]

SUFFIX = ".h5"
write_model, read_model = save_model, load_model
