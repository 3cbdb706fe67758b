"""A data set of the tensorflow_datasets catalogue, by its name there. Needs `pip install 'ablate[tfds]'`.

The library, and TensorFlow with it, is imported when the set is read: for the first plan, and in workers.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from ablate.datasets.arrays import ALLOWED_OVERLAP, DataError, Examples, RawData, as_features, as_targets

__all__ = ["load"]


def load(
    data_dir: Path | None = None,
    name: str = "",
    train: str = "train",
    test: str = "test",
    scale: float = 255.0,
    allowed_overlap: float = ALLOWED_OVERLAP,
) -> RawData:
    """Features and targets as the set itself pairs them (its supervised keys), in the order it is stored in.

    Args:
        data_dir: where prepared sets lie; None for the library's own folder. What is missing is downloaded
            and prepared by the library.
        name: as in the catalogue, with a configuration or version where one is meant: `kmnist`, `cifar10:3.0.2`.
        train, test: splits in the library's own notation, as `train[:80%]`; an empty `test` for one that is drawn.
        scale: what features are divided by.
        allowed_overlap: the share of the test examples that may be training examples as well.

    Raises:
        DataError: when the library is not installed, has no such set or split, cannot prepare it, or the set
            has no supervised keys or examples of different shapes.
    """
    if not name:
        raise DataError("dataset.name is empty: give a name of the catalogue, as in dataset.name=kmnist")
    library = _library()
    try:
        builder = library.builder(name, data_dir=None if data_dir is None else str(data_dir))
        builder.download_and_prepare()
        classes = _classes(builder.info)
        parts = [_examples(library, builder, split, classes, scale) for split in (train, test) if split]
    except Exception as error:  # of the library, of TensorFlow beneath it, or of the network
        first_line = next(iter(str(error).splitlines()), type(error).__name__)  # the whole catalogue may follow
        raise DataError(f"tensorflow_datasets cannot give {name}: {first_line}") from error
    folder = Path(builder.data_dir)
    files = (folder, *sorted(file for file in folder.rglob("*") if file.is_file()))
    names = _class_names(builder.info, classes)
    return RawData(parts[0], parts[1] if test else None, classes, scale, files, allowed_overlap, names)


def _library() -> Any:
    try:
        return import_module("tensorflow_datasets")
    except ImportError as error:
        raise DataError("dataset=tfds needs tensorflow_datasets: pip install 'ablate[tfds]'") from error


def _classes(info: Any) -> int | None:
    """How many classes the target has, or None where it has none: a real value."""
    if info.supervised_keys is None:
        raise ValueError("it does not say which of its features is the target")
    return getattr(info.features[info.supervised_keys[1]], "num_classes", None)


def _class_names(info: Any, classes: int | None) -> tuple[str, ...]:
    """Those of the target, where the set has one for each class."""
    found = getattr(info.features[info.supervised_keys[1]], "names", None) or ()
    return tuple(map(str, found)) if len(found) == classes else ()


def _examples(library: Any, builder: Any, split: str, classes: int | None, scale: float) -> Examples:
    # batch_size=-1 is the whole split as one batch; files that are not shuffled keep the order.
    whole = builder.as_dataset(split=split, batch_size=-1, shuffle_files=False, as_supervised=True)
    features, targets = library.as_numpy(whole)
    return Examples(as_features(features, scale), as_targets(targets, classes))
