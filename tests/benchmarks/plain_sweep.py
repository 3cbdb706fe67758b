"""The sweep over optimizers as one writes it without a framework: nested loops around `model.fit`.

The same 48 runs as `ablate +sweep=optimizers`: digits, 6 optimizers × 8 seeds × 30 epochs, batch 32. It
keeps nothing, tests nothing and draws nothing.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.01),
    "momentum": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "rmsprop": lambda: keras.optimizers.RMSprop(1e-3),
    "adam": lambda: keras.optimizers.Adam(1e-3),
    "adamw": lambda: keras.optimizers.AdamW(1e-3, weight_decay=1e-4),
    "nadam": lambda: keras.optimizers.Nadam(1e-3),
}


def main() -> None:
    digits = load_digits()
    rest, test, rest_labels, test_labels = train_test_split(
        digits.data / 16, digits.target, test_size=0.2, random_state=0
    )
    train, held, labels, held_labels = train_test_split(rest, rest_labels, test_size=0.1, random_state=0)
    for name, make in OPTIMIZERS.items():
        best = []
        for seed in range(8):
            keras.utils.set_random_seed(seed)
            model = keras.Sequential(
                [keras.Input((64,)), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10)]
            )
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(make(), loss, metrics=["accuracy"])
            history = model.fit(train, labels, batch_size=32, epochs=30, validation_data=(held, held_labels), verbose=0)
            model.evaluate(test, test_labels, verbose=0)
            best.append(min(history.history["val_loss"]))
        print(f"{name:<10} {np.mean(best):.4f}")


if __name__ == "__main__":
    main()
