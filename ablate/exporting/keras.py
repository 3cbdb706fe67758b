"""A trained model as a file in Keras's own format."""

from __future__ import annotations

from ablate.exporting._models import load_model, save_model

__all__ = ["SUFFIX", "read_model", "write_model"]

SUFFIX = ".keras"
write_model, read_model = save_model, load_model
