"""What every test needs: a quiet TensorFlow with one thread, and no user's files in the way."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from platformdirs import user_cache_path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

if "XDG_CACHE_HOME" not in os.environ:
    # What is remembered of thousands of folders that are gone soon goes with them; all else stays remembered.
    own, users = Path(tempfile.mkdtemp(prefix="ablate-cache-")), user_cache_path()
    (own / "ablate").mkdir()
    (users / "ablate" / "datasets").mkdir(parents=True, exist_ok=True)
    for name in (*(each.name for each in users.iterdir() if each.name != "ablate"), "ablate/datasets"):
        (own / name).symlink_to(users / name)
    os.environ["XDG_CACHE_HOME"] = str(own)
    atexit.register(shutil.rmtree, own, ignore_errors=True)

import pytest

pytest.register_assert_rewrite("ablate.testing")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "ABLATE_DATA_DIR" in os.environ:
        return
    skip = pytest.mark.skip(reason="needs MNIST and the photographs: set ABLATE_DATA_DIR to their folder")
    for item in items:
        if "needs_data" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def forgotten_metrics() -> None:
    """What a test announces, as a command does once in its process, the next one does not know."""
    from ablate.core import records

    for name in [name for name in records.METRICS if name not in records.BUILT_IN]:
        records._ANNOUNCED.pop(name)
