"""Models and histories in the formats of other tools.

save_model(model, Path("five.keras"))          # models: .keras or .h5
load_model(Path("five.keras"))                 # the same predictions, to the bit
write_scalars(run.history, Path("logs/adam"))  # tensorboard
"""
