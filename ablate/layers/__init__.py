"""Keras layers and regularizers whose strength, seed and step are variables of the run.

A compiled program outlives a run: the next seed, or the next dropout rate or L2 strength, only assigns
new values. So what belongs to the run stands in `run_variables`, a tuple of `tf.Variable`s that every
class here has, which are no weights: they are neither counted, nor trained, nor averaged.

    from ablate.layers.dropout import Dropout
    from ablate.layers.penalty import L2

    hidden = keras.layers.Dense(128, kernel_regularizer=L2(1e-4))(inputs)
    hidden = Dropout(0.3, name="dropout")(hidden)

Random numbers come from `ablate.layers.threefry`, which has no state: the same key and counter give the
same bits eagerly, in a graph, under XLA and in every version of TensorFlow.
"""
