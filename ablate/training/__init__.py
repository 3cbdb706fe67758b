"""Training: one GradientTape loop over any Keras model, compiled over whole epochs.

    import keras
    from ablate.models.mlp import mlp
    from ablate.training.fit import fit
    from ablate.training.losses import cross_entropy
    from ablate.training.program import Program
    from ablate.training.settings import TrainingSettings

    program = Program(mlp((28, 28, 1), outputs=10), keras.optimizers.Adam(1e-3), cross_entropy, batch_size=32)
    result = fit(program, data, TrainingSettings(epochs=10), learning_rate=1e-3, seed=0)
    result.history["val_loss"]                   # one value an epoch

Compiled code is pure arithmetic over given tensors and lives in `step`, `epoch` and `evaluate`; the host
does everything else: seeding, order, learning rates, stopping, metrics, records. The modules know
nothing of configs or stores; they take arrays, a model, an optimizer and plain settings.
"""
