"""Models and histories in the formats of other tools: one file a format, found by its name.

    available()                        # ("h5", "keras", "tensorboard")

A format is one of models, or one of histories, by the functions that it has:

    SUFFIX, write_model(model, path), read_model(path)    what is read is to predict the same, to the last bit
    write_history(history, folder)                        the files that were written, in a folder of the run's own
"""

from __future__ import annotations

from ablate.core.modules import modules_of

__all__ = ["available"]


def available() -> tuple[str, ...]:
    """The names of the formats, in alphabetical order."""
    return modules_of(__path__)
