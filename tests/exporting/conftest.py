"""One thread, set before TensorFlow's first operation: it cannot be changed afterwards, and trainers want it."""

from ablate.training import devices

devices.configure("cpu", threads=1)
