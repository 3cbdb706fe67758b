"""Fashion-MNIST: 60,000 + 10,000 images of clothes, 28×28 pixels, in ten classes.

Xiao, Rasul & Vollgraf, arXiv:1708.07747 (2017).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ablate.datasets.arrays import RawData
from ablate.datasets.files import KERAS_ORIGIN, download
from ablate.datasets.idx import IDX_NAMES, find_images, read_idx_images

__all__ = ["load"]

_NAMES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_FOLDER = "fashion-mnist"  # as Keras calls it in its cache
_IDX_FOLDERS = (_FOLDER, "FashionMNIST/raw")  # the second is torchvision's
# As its authors publish them (github.com/zalandoresearch/fashion-mnist); Keras checks none. In the order of IDX_NAMES.
_MD5 = (
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
)


def load(data_dir: Path | None = None) -> RawData:
    """uint8 [60000, 28, 28, 1] and [10000, 28, 28, 1], from `data_dir`, Keras's cache, or the web.

    In the first two, `fashion_mnist.npz` is looked for (arrays as in mnist.npz), then the four IDX files (plain
    or .gz) in `fashion-mnist/` or `FashionMNIST/raw/`.

    Raises:
        DataError: when it is nowhere and cannot be downloaded, or is not what it should be.
    """
    data = find_images("fashion_mnist.npz", _IDX_FOLDERS, data_dir) or read_idx_images(_downloaded())
    return replace(data, class_names=_NAMES)


def _downloaded() -> tuple[Path, ...]:
    names = [f"{name}.gz" for name in IDX_NAMES]
    return tuple(download(name, f"{KERAS_ORIGIN}/{name}", md5, _FOLDER) for name, md5 in zip(names, _MD5, strict=True))
