"""A trained model as a file of Keras, and back."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import keras

import ablate.layers
import ablate.models

__all__ = ["SUFFIXES", "load_model", "save_model"]

# Keras's own format, and HDF5, which older tools read.
SUFFIXES = (".keras", ".h5")


def save_model(model: keras.Model, path: Path) -> None:
    """Writes the model with its weights; what it had at `path` before is replaced whole.

    The file holds a model from features in units of the data set's scale (pixels ÷ 255) to logits, as it was
    trained. To be read where ablate is not installed it would need layers of Keras alone: `ablate.layers` has
    those that are not.

    Raises:
        ValueError: when the suffix is none of SUFFIXES.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path} ends in none of {', '.join(SUFFIXES)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Keras takes the format from the suffix.
    staged = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        model.save(staged)
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)


def load_model(path: Path) -> keras.Model:
    """A model that `save_model` wrote, uncompiled. Keras's safe mode is on: no code in the file is run.

    Raises:
        ValueError, TypeError, OSError: when it is no such file, or has classes that nobody here registered.
    """
    # Keras finds the classes of ablate once they are registered, which importing them does.
    for package in (ablate.layers, ablate.models):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return keras.saving.load_model(path, compile=False, safe_mode=True)
