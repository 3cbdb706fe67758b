"""`python -m tests.runner.on_device`: a run on each of two logical devices of the CPU, where its variables were, and
the sha256 of what came out.

A process of its own, for TensorFlow divides a device before its first operation.
"""

from __future__ import annotations

import sys

import tensorflow as tf

from ablate.core.identity import sha256_of_bytes
from ablate.runner.trainer import Trainer
from ablate.storage.runs import pack
from tests.requests import spec


def main() -> None:
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    asked = spec("training.epochs=1", "model.hidden=[4]", "model.dropout=0.2", *sys.argv[1:])
    for device in ("CPU:0", "CPU:1"):
        trainer = Trainer(None, asked.numerics)
        with tf.device(device):
            run = trainer.train(asked, lambda epoch, epochs, metrics: None)
        [program] = trainer._programs.values()
        places = {variable.value.device.rpartition("device:")[2] for variable in program.model.variables}
        came_out = pack(run.arrays) + pack(run.artefacts["weights"])
        sys.stdout.write(f"{device} {','.join(sorted(places))} {sha256_of_bytes(came_out)}\n")


if __name__ == "__main__":
    main()
