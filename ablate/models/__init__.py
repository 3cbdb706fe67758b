"""Models: functions from (input_shape, outputs, …) to an uncompiled `keras.Model` that ends in logits.

    from ablate.models.mlp import mlp

    model = mlp(input_shape=(28, 28, 1), outputs=10, hidden=[128], dropout=0.1)
    logits = model(images)                      # float32 [batch, outputs]

One file a model, named by a leaf of conf/model. Dropout rates and L2 strengths are variables
(`ablate.layers`), so that models which differ in them alone share one compiled program.
"""
