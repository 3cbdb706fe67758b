"""What is known of the library that computes, where nothing may import it: plans, records and checks read it here.

Another library that computes is another `Backend`, beside `TENSORFLOW`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["TENSORFLOW", "Backend"]


@dataclass(frozen=True)
class Backend:
    """Facts of a library that computes.

    Attributes:
        name: what it is called in sentences.
        distribution: what it is called by its installer.
        engines: each way in which it executes a program that `numerics.engine` may name, and what that is; the first
            is the usual one.
        convolving_engine: the one for convolutions on a CPU.
        distributions: the packages that have a part in the numbers of a run.
        gpu_distributions: those of them that have one on a GPU alone.
        packages: the packages of which some targets may be named by a config.
        target_prefixes: what messages call these targets.
        targets: a regular expression of these targets.
        device_probe: a program that ends well where it can compute on a GPU.
        thread_variables: environment variables for the threads of one operation.
        one_thread_variables: environment variables for how many operations run at once, which is one.
        x86_kernels: an environment variable that switches kernels for processors of the x86 kind on.
        kernel_variables: environment variables by which kernels, their order of summation or their precision are
            chosen; records keep them.
        quiet_variables: environment variables with which it says nothing of its own accord but what ends the process;
            `talkative_variables` are those with which it says everything.
    """

    name: str
    distribution: str
    engines: Mapping[str, str]
    convolving_engine: str
    distributions: tuple[str, ...]
    gpu_distributions: tuple[str, ...]
    packages: tuple[str, ...]
    target_prefixes: tuple[str, ...]
    targets: str
    device_probe: str
    thread_variables: tuple[str, ...]
    one_thread_variables: tuple[str, ...]
    x86_kernels: str
    kernel_variables: tuple[str, ...]
    quiet_variables: Mapping[str, str]
    talkative_variables: Mapping[str, str]

    def engine(self, device: str, convolves: bool) -> str:
        """The engine that `auto` is for a model on a device, cpu or gpu."""
        return self.convolving_engine if convolves and device == "cpu" else next(iter(self.engines))


TENSORFLOW = Backend(
    name="TensorFlow",
    distribution="tensorflow",
    engines={
        "xla": "compiled whole by XLA",
        "graph": "a graph of operations, compiled one by one",
        "eager": "Python, operation by operation",
    },
    # There XLA is 5 to 25 times slower than the kernels of oneDNN.
    convolving_engine="graph",
    distributions=("tensorflow", "keras", "numpy", "ml_dtypes"),
    gpu_distributions=("nvidia-cudnn-cu12",),
    packages=("keras",),
    target_prefixes=("keras.optimizers.", "keras.losses.", "keras.layers."),
    targets=(
        r"keras\.(optimizers|losses|layers)\.(\w+\.)*"
        # Whatever a config says they would make: any class at all, a function of bytes, a program of a file.
        r"(?!(deserialize|get|Lambda|TFSMLayer|TorchModuleWrapper|JaxLayer|FlaxLayer)$)\w+"
    ),
    device_probe="""
import tensorflow as tf
with tf.device("/GPU:0"):
    ones = tf.ones((64, 64))
    assert float(tf.reduce_sum(ones @ ones)) == 64.0**3
""",
    thread_variables=("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"),
    one_thread_variables=("TF_NUM_INTEROP_THREADS",),
    x86_kernels="TF_ENABLE_ONEDNN_OPTS",
    # Those that set numbers of threads are ablate's own, and follow from `numerics`.
    kernel_variables=(
        "TF_ENABLE_ONEDNN_OPTS",
        "ONEDNN_MAX_CPU_ISA",
        "ONEDNN_DEFAULT_FPMATH_MODE",
        "NVIDIA_TF32_OVERRIDE",
        "TF_DETERMINISTIC_OPS",
        "TF_CUDNN_USE_AUTOTUNE",
        "TF_XLA_FLAGS",
        "XLA_FLAGS",
    ),
    quiet_variables={"TF_CPP_MIN_LOG_LEVEL": "3"},
    talkative_variables={"TF_CPP_MIN_LOG_LEVEL": "0"},
)
