"""Setting TensorFlow up for one device and a number of threads, once in a process."""

from __future__ import annotations

import keras
import tensorflow as tf

__all__ = ["DeviceUnavailable", "configure"]


class DeviceUnavailable(RuntimeError):
    """The device of the spec is not there; an accident of the machine, so the spec is never changed."""


def configure(device: str, threads: int) -> None:
    """Threads for the CPU; memory growth and deterministic operations for the GPU.

    Has to come before TensorFlow's first operation in the process.

    Raises:
        DeviceUnavailable: when `device` is gpu and TensorFlow sees none.
        RuntimeError: when TensorFlow is already running with other settings.
    """
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    gpus = tf.config.list_physical_devices("GPU")
    if device == "cpu":
        tf.config.set_visible_devices([], "GPU")
        return
    if not gpus:
        raise DeviceUnavailable("TensorFlow sees no GPU in this process")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
